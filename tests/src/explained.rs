//! A case's question put to the explanation, beside what is asked through the sockets.

use serde_json::{Value, json};

use crate::cases::Case;
use crate::site::Site;
use crate::wire::{Presented, Version};

/// How a station says what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// An idTag, of which the kind is not told.
    Bare,
    /// With its kind.
    WithKind,
}

impl From<Version> for Said {
    fn from(version: Version) -> Self {
        match version {
            Version::V16 => Said::Bare,
            Version::V201 => Said::WithKind,
        }
    }
}

/// What the explanation of the same question says; `None` where it cannot be asked the same: where
/// an outside service decides, of nothing presented, of codes that nobody has, and of tokens of our
/// own that name their kind.
///
/// # Panics
/// If it is not answered.
pub async fn reason(
    site: &Site,
    case: &Case,
    point: Value,
    token: &Presented,
    said: Said,
) -> Option<String> {
    if case.elsewhere.is_some() || token.value.trim().is_empty() {
        return None;
    }
    let by = |kind: &str| json!({ "token": { "kind": kind, "value": token.value } });
    let mut asked = match (said, token.kind.as_str()) {
        (_, "none") | (Said::WithKind, "app") => return None,
        (Said::WithKind, "pin" | "guest" | "one_time") => {
            json!({ "credential": site.asked_card(case)?.id })
        }
        (Said::Bare, _) => by("id_tag"),
        (Said::WithKind, "key") => by("local"),
        (Said::WithKind, "emaid") => by("emaid"),
        (Said::WithKind, _) => by("iso14443"),
    };
    asked["point"] = point;
    let told = site.owner.post("/v1/decisions/explain", asked).await;
    Some(crate::facts::text(&told.expect(200), "reason"))
}
