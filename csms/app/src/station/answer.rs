//! The answer to a transaction message in the form in which it is kept, so that a retry gets it
//! again even if rights have changed since.

use jiff::Timestamp;
use model::neutral::{PersonMessage, Verdict};
use model::{DecisionId, Language, Reason, StopGroup};
use serde::{Deserialize, Serialize};

/// What the station was told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StoredAnswer {
    /// 1.6 start: the number given.
    pub(super) number: Option<i64>,
    /// The decision on the token, if one was sent.
    pub(super) verdict: Option<StoredVerdict>,
}

/// A verdict without the token, which the retry brings itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredVerdict {
    pub(super) decision: DecisionId,
    pub(super) reason: Reason,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) stop_group: Option<StopGroup>,
    pub(super) evses: Vec<u32>,
    pub(super) message: Option<PersonMessage>,
}

impl From<&Verdict> for StoredVerdict {
    fn from(verdict: &Verdict) -> Self {
        Self {
            decision: verdict.decision,
            reason: verdict.reason,
            expires_at: verdict.expires_at,
            stop_group: verdict.stop_group.clone(),
            evses: verdict.evses.clone(),
            message: verdict.message.clone(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Json {
    number: Option<i64>,
    verdict: Option<JsonVerdict>,
}

#[derive(Serialize, Deserialize)]
struct JsonVerdict {
    decision: DecisionId,
    reason: String,
    expires_at: Option<Timestamp>,
    stop_group: Option<String>,
    evses: Vec<u32>,
    /// Its language and its text; answers from before there were any have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<(String, String)>,
}

impl StoredAnswer {
    /// As JSON text.
    pub(super) fn to_text(&self) -> Option<String> {
        let json = Json {
            number: self.number,
            verdict: self.verdict.as_ref().map(|verdict| JsonVerdict {
                decision: verdict.decision,
                reason: verdict.reason.code().to_owned(),
                expires_at: verdict.expires_at,
                stop_group: verdict
                    .stop_group
                    .as_ref()
                    .map(|group| group.as_str().to_owned()),
                evses: verdict.evses.clone(),
                message: verdict
                    .message
                    .as_ref()
                    .map(|message| (message.language.tag().to_owned(), message.text.clone())),
            }),
        };
        serde_json::to_string(&json).ok()
    }

    /// From JSON text; what cannot be read is no answer, and permits nothing.
    pub(super) fn from_text(text: Option<&str>) -> Self {
        let Some(json) = text.and_then(|text| serde_json::from_str::<Json>(text).ok()) else {
            return Self::default();
        };
        let verdict = json.verdict.and_then(|verdict| {
            Some(StoredVerdict {
                decision: verdict.decision,
                reason: verdict.reason.parse().ok()?,
                expires_at: verdict.expires_at,
                stop_group: verdict.stop_group.map(StopGroup::new),
                evses: verdict.evses,
                message: verdict.message.and_then(|(language, text)| {
                    let language = Language::from_tag(&language)?;
                    Some(PersonMessage { language, text })
                }),
            })
        });
        Self {
            number: json.number,
            verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_as_it_was() {
        let answer = StoredAnswer {
            number: Some(7),
            verdict: Some(StoredVerdict {
                decision: DecisionId(uuid::Uuid::nil()),
                reason: Reason::NotThisEvse,
                expires_at: Some(Timestamp::UNIX_EPOCH),
                stop_group: Some(StopGroup::new("0123456789ABCDEF")),
                evses: vec![1, 2],
                message: Some(PersonMessage {
                    language: Language::De,
                    text: "Bitte nehmen Sie einen anderen Anschluss.".into(),
                }),
            }),
        };
        assert_eq!(StoredAnswer::from_text(answer.to_text().as_deref()), answer);
        assert_eq!(
            StoredAnswer::from_text(Some("rubbish")),
            StoredAnswer::default()
        );
    }
}
