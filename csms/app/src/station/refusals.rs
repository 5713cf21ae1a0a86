//! Handshakes that were refused: recorded with a hint, and told to those who watch.
//!
//! Strangers knock as often as they like, so only news is told and looked into: the same identity
//! with the same code at most once a minute, all together at most once a second.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use authz::NodeDetail;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};
use model::{NodeId, RefusedHandshake, StationId, StationKey};
use parking_lot::Mutex;
use serde_json::json;
use store::Droppable;

use super::{Hello, Refusal};
use crate::App;

/// What is told and looked into, all strangers together.
const NEWS_A_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
/// The same again is no news for so long.
const KNOWN_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How many identities are remembered; as many as are listed.
const REMEMBERED: usize = 1_000;
/// The longest identity that is recorded, in characters.
const IDENTITY_CHARS: usize = 100;
/// Shorter beginnings of an identity are not looked for among the registered ones.
const SHORTEST_BEGINNING: usize = 3;

/// What was told lately.
pub(crate) struct Refusals {
    told: Mutex<HashMap<(String, &'static str), Told>>,
    budget: DefaultDirectRateLimiter,
}

#[derive(Clone, Debug)]
struct Told {
    at: Timestamp,
    hint: Option<String>,
}

impl std::fmt::Debug for Refusals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refusals(…)")
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            told: Mutex::default(),
            budget: RateLimiter::direct(Quota::per_minute(NEWS_A_MINUTE)),
        }
    }
}

impl Refusals {
    /// Whether this is worth looking into. If so, the same is none for a while.
    fn is_news(&self, identity: &str, code: &'static str, now: Timestamp) -> bool {
        let mut told = self.told.lock();
        let key = (identity.to_owned(), code);
        let recent = |told: &Told| now.duration_since(told.at) < KNOWN_FOR;
        if told.get(&key).is_some_and(recent) || self.budget.check().is_err() {
            return false;
        }
        if told.len() >= REMEMBERED {
            told.retain(|_, told| recent(told));
        }
        let hint = told.get(&key).and_then(|told| told.hint.clone());
        told.insert(key, Told { at: now, hint });
        true
    }

    fn remember(&self, identity: &str, code: &'static str, hint: Option<String>) {
        if let Some(told) = self.told.lock().get_mut(&(identity.to_owned(), code)) {
            told.hint = hint;
        }
    }

    fn hint(&self, identity: &str, code: &'static str) -> Option<String> {
        let told = self.told.lock();
        told.get(&(identity.to_owned(), code))?.hint.clone()
    }
}

/// An identity as it is recorded.
fn recorded(identity: &str) -> String {
    identity.chars().take(IDENTITY_CHARS).collect()
}

impl App {
    /// Records the refusal of a station that was decided about. What is found out besides is for
    /// the operator's eyes and not for whoever knocks.
    pub(super) async fn record_knock(&self, hello: &Hello, refusal: &Refusal) {
        let identity = recorded(&hello.identity);
        let is_news = self
            .refusals
            .is_news(&identity, refusal.code, self.clock.now());
        if is_news {
            let hint = self.hint(hello, refusal).await;
            self.refusals.remember(&identity, refusal.code, hint);
        }
        self.write_refusal(&identity, hello.address, refusal, is_news);
    }

    /// Records a handshake that was refused before anybody was asked.
    pub(super) fn record_refusal(&self, identity: &str, address: SocketAddr, refusal: &Refusal) {
        let identity = recorded(identity);
        let is_news = self
            .refusals
            .is_news(&identity, refusal.code, self.clock.now());
        self.write_refusal(&identity, address, refusal, is_news);
    }

    fn write_refusal(&self, identity: &str, address: SocketAddr, refusal: &Refusal, is_news: bool) {
        let now = self.clock.now();
        tracing::info!(
            station.id = %identity.escape_debug(),
            client.address = %address,
            refusal.code = refusal.code,
            "handshake refused"
        );
        metrics::counter!("keywatt_handshakes_refused_total", "code" => refusal.code).increment(1);
        let fix = match self.refusals.hint(identity, refusal.code) {
            Some(hint) => format!("{}. {}", hint, refusal.fix),
            None => refusal.fix.clone(),
        };
        if is_news && let Some(node) = self.node_of_identity(identity) {
            let data = json!({
                "identity": identity,
                "code": refusal.code,
                "reason": refusal.reason,
                "fix": fix,
            });
            let needs = model::Action::ManageSecurity;
            self.events
                .tell_to(needs, now, "handshake.refused", node, data);
        }
        self.store.offer(Droppable::Refused(RefusedHandshake {
            identity: identity.to_owned(),
            address: address.to_string(),
            code: refusal.code.to_owned(),
            reason: refusal.reason.clone(),
            fix,
            count: 1,
            first_at: now,
            last_at: now,
        }));
    }

    /// Where a refusal is shown: at the station, if it connected before, else at the organisation
    /// that runs the deployment.
    fn node_of_identity(&self, identity: &str) -> Option<NodeId> {
        let id = StationId::new(identity).ok();
        id.and_then(|id| self.standing.node(&id.key()))
            .or_else(|| self.operator_node())
    }

    /// The organisation that was made first: ids are in the order of time.
    fn operator_node(&self) -> Option<NodeId> {
        let directory = self.live.directory();
        directory
            .nodes()
            .filter(|(_, entry)| matches!(entry.detail, NodeDetail::Organisation))
            .map(|(id, _)| id)
            .min()
    }

    /// What can be found out about a refusal.
    async fn hint(&self, hello: &Hello, refusal: &Refusal) -> Option<String> {
        match refusal.code {
            "unknown_station" => {
                let meant = self.did_you_mean(hello).await?;
                Some(format!("did you mean `{meant}`?"))
            }
            "wrong_password" => {
                let pair = &hello.basic.as_ref()?.pair;
                let id = StationId::new(&hello.identity).ok()?;
                let password = super::handshake::password_of(&id, pair)?;
                Some(format!("the station sent {}", shape(password)))
            }
            "user_is_not_identity" => {
                let pair = &hello.basic.as_ref()?.pair;
                let colon = pair.iter().position(|byte| *byte == b':')?;
                Some(match colon {
                    0 => "the station sent an empty user name".to_owned(),
                    length => format!("the station sent a user name of {length} bytes"),
                })
            }
            _ => None,
        }
    }

    /// A registered identity that an unknown one may stand for: one that the station put its own
    /// serial number or the version behind, in the same segment or in one more (Q5).
    async fn did_you_mean(&self, hello: &Hello) -> Option<StationId> {
        for candidate in candidates(&hello.identity, &hello.prefix) {
            if let Ok(Some(station)) = self.store.get_station(&candidate).await {
                return Some(station.id);
            }
        }
        None
    }
}

/// Identities that could have been meant, the likeliest first.
fn candidates(identity: &str, prefix: &[String]) -> Vec<StationKey> {
    let segments = prefix.iter().rev().map(String::as_str);
    let without_space: String = identity.split_whitespace().collect();
    let without_marks: String = identity
        .chars()
        .filter(|char| !matches!(char, '-' | '_' | '.' | ' ' | ':'))
        .collect();
    // The longest first.
    let beginnings = identity
        .char_indices()
        .skip(SHORTEST_BEGINNING)
        .map(|(end, _)| identity.get(..end).unwrap_or_default());
    let beginnings: Vec<&str> = beginnings.collect();
    let mut keys: Vec<StationKey> = Vec::new();
    let all = segments
        .chain([without_space.as_str(), without_marks.as_str()])
        .chain(beginnings.into_iter().rev());
    for text in all {
        if let Ok(id) = StationId::new(text)
            && !keys.contains(&id.key())
        {
            keys.push(id.key());
        }
    }
    keys
}

/// What a password looks like, without saying it.
fn shape(password: &[u8]) -> String {
    let length = password.len();
    if length == 0 {
        "an empty password; fill it in in its menu".to_owned()
    } else if password.first().is_some_and(u8::is_ascii_whitespace)
        || password.last().is_some_and(u8::is_ascii_whitespace)
    {
        format!("{length} bytes with white space at an end; type the password again there")
    } else if length >= 32 && password.iter().all(u8::is_ascii_hexdigit) {
        format!("{length} hex digits, which are taken as text and as the bytes they stand for")
    } else if password.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        format!(
            "{length} characters of text; if its menu wants hex, enter the key there as hex and \
             set it here with `password_hex`"
        )
    } else {
        format!(
            "{length} bytes that are no text, so it decodes what was entered as hex; set the same \
             hex here with `password_hex`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> StationKey {
        StationId::new(text).unwrap().key()
    }

    #[test]
    fn what_could_have_been_meant_begins_with_the_path_and_the_longest_beginning() {
        let found = candidates("CP1-123", &["ocpp".to_owned(), "GARAGE".to_owned()]);
        assert_eq!(found[..2], [key("garage"), key("ocpp")]);
        assert!(found.contains(&key("cp1")));
        let position = |id: &str| found.iter().position(|known| *known == key(id)).unwrap();
        assert!(position("CP1-12") < position("CP1-") && position("CP1-") < position("CP1"));
        assert!(!found.contains(&key("CP")));
        assert!(candidates("C P 1", &[]).contains(&key("CP1")));
        assert!(candidates("", &[]).is_empty());
    }

    #[test]
    fn the_shape_of_a_password_says_nothing_of_what_is_in_it() {
        for (password, says) in [
            (&b""[..], "empty"),
            (b"secret ", "white space"),
            (b"0123456789abcdef0123456789abcdef", "hex digits"),
            (b"correct horse", "13 characters of text"),
            (b"\x00\xffabc", "5 bytes that are no text"),
        ] {
            let text = shape(password);
            assert!(text.contains(says), "{text}");
            assert!(!text.contains("horse") && !text.contains("0123"), "{text}");
        }
    }

    #[test]
    fn the_same_again_is_no_news_for_a_minute() {
        let refusals = Refusals::default();
        let begin = Timestamp::UNIX_EPOCH;
        assert!(refusals.is_news("CP1", "unknown_station", begin));
        refusals.remember("CP1", "unknown_station", Some("hint".to_owned()));
        assert!(!refusals.is_news("CP1", "unknown_station", begin));
        assert!(refusals.is_news("CP1", "wrong_password", begin));
        assert!(refusals.is_news("CP1", "unknown_station", begin + KNOWN_FOR));
        let hint = refusals.hint("CP1", "unknown_station");
        assert_eq!(hint.as_deref(), Some("hint"));
    }

    #[test]
    fn strangers_with_ever_new_identities_make_no_flood_of_news() {
        let refusals = Refusals::default();
        let now = Timestamp::UNIX_EPOCH;
        let news = (0..10_000)
            .filter(|number| refusals.is_news(&number.to_string(), "unknown_station", now))
            .count();
        assert!(news <= 70, "{news}");
    }
}
