//! What is said to an outside authority, and what it may answer: schemas/webhook/.

use jiff::Timestamp;
use model::{
    CredentialId, InstallationId, NodeId, PersonId, PresentedToken, TokenKind, Transaction,
    TransactionId,
};
use serde_json::{Value, json};
use store::Delivery;
use uuid::Uuid;

use super::outside::CallError;

/// The version of what is said.
const VERSION: u32 = 1;

/// What the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It decides.
    Decide,
    /// It stands beside a decision of ours.
    Shadow,
    /// Nobody is there: it is asked what it would say.
    DryRun,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Purpose::Decide => "decide",
            Purpose::Shadow => "shadow",
            Purpose::DryRun => "dry_run",
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedFor {
    /// May they?
    Authorize,
    /// It begins: may it?
    Start,
}

impl AskedFor {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            AskedFor::Authorize => "authorize",
            AskedFor::Start => "start",
        }
    }
}

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) kind: &'static str,
    pub(crate) id: NodeId,
    pub(crate) evse: Option<u32>,
}

/// A question.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) id: Uuid,
    pub(crate) purpose: Purpose,
    pub(crate) asked_for: AskedFor,
    pub(crate) at: Timestamp,
    /// When it has happened, if it is told late.
    pub(crate) happened_at: Option<Timestamp>,
    pub(crate) installation: InstallationId,
    pub(crate) point: Point,
    pub(crate) station: Option<&'a str>,
    /// In clear, since the other side decides by it.
    pub(crate) token: Option<&'a PresentedToken>,
    pub(crate) person: Option<PersonId>,
    pub(crate) credential: Option<CredentialId>,
    pub(crate) transaction: Option<TransactionId>,
}

impl Question<'_> {
    pub(crate) fn body(&self) -> String {
        let token = self.token.map(|token| {
            json!({
                "type": token_type(token.kind),
                "value": token.value,
                "number": token.key(),
            })
        });
        json!({
            "version": VERSION,
            "id": self.id,
            "event": self.asked_for.name(),
            "purpose": self.purpose.name(),
            "at": self.at,
            "late": self.happened_at.is_some(),
            "happened_at": self.happened_at.unwrap_or(self.at),
            "installation_id": self.installation,
            "point": { "kind": self.point.kind, "id": self.point.id, "evse": self.point.evse },
            "station_id": self.station,
            "token": token,
            "person_id": self.person,
            "credential_id": self.credential,
            "transaction_id": self.transaction,
        })
        .to_string()
    }
}

/// Asks whether somebody who wants to be asked is there.
pub(crate) fn check(id: Uuid, installation: InstallationId, challenge: &str) -> String {
    json!({
        "version": VERSION,
        "id": id,
        "event": "check",
        "installation_id": installation,
        "challenge": challenge,
    })
    .to_string()
}

/// Tells of a transaction; its token is masked, the other side knows it by its id.
pub(crate) fn news(delivery: &Delivery, row: &Transaction) -> String {
    json!({
        "version": VERSION,
        "id": delivery.id,
        "event": delivery.event.name(),
        "at": delivery.created_at,
        "installation_id": delivery.installation,
        "point": { "kind": "charger", "id": row.charger, "evse": row.evse_number },
        "station_id": row.station.as_str(),
        "transaction": {
            "id": row.id,
            "token": row.id_token,
            "person_id": row.person,
            "credential_id": row.credential,
            "started_at": row.started_at,
            "ended_at": row.ended_at,
            "energy_wh": row.energy_wh,
            "stop_reason": row.stop_reason,
            "refused": row.refused,
            "late": row.late,
        },
    })
    .to_string()
}

/// The answer to a question: allowed or not. Anything else is no answer.
pub(crate) fn decision(body: &[u8]) -> Result<bool, CallError> {
    match word(body, "decision")?.as_str() {
        "allow" => Ok(true),
        "deny" => Ok(false),
        _ => Err(CallError::Malformed),
    }
}

/// The answer to a check: the challenge again.
pub(crate) fn proves(body: &[u8], challenge: &str) -> Result<(), CallError> {
    (word(body, "challenge")? == challenge)
        .then_some(())
        .ok_or(CallError::Malformed)
}

fn word(body: &[u8], field: &str) -> Result<String, CallError> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| CallError::Malformed)?;
    let word = answer.get(field).and_then(Value::as_str);
    word.map(str::to_owned).ok_or(CallError::Malformed)
}

const fn token_type(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::IdTag => "id_tag",
        TokenKind::Central => "central",
        TokenKind::Emaid => "emaid",
        TokenKind::Iso14443 => "iso14443",
        TokenKind::Iso15693 => "iso15693",
        TokenKind::KeyCode => "key_code",
        TokenKind::Local => "local",
        TokenKind::MacAddress => "mac_address",
        TokenKind::NoAuthorization => "no_authorization",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_words_of_an_answer_are_one() {
        assert_eq!(decision(br#"{"decision":"allow","note":1}"#), Ok(true));
        assert_eq!(decision(br#"{"decision":"deny"}"#), Ok(false));
        for other in [
            "",
            "true",
            "{}",
            r#"{"decision":true}"#,
            r#"{"decision":"Allow"}"#,
            r#"{"decision":"allowed"}"#,
            r#"["allow"]"#,
            "\u{0}",
        ] {
            assert_eq!(
                decision(other.as_bytes()),
                Err(CallError::Malformed),
                "{other}"
            );
        }
        assert_eq!(proves(br#"{"challenge":"a"}"#, "a"), Ok(()));
        assert_eq!(
            proves(br#"{"challenge":"b"}"#, "a"),
            Err(CallError::Malformed)
        );
    }
}
