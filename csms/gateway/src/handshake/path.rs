//! The identity in the path of a station's request.

use app::station::Refusal;
use model::{StationId, StationIdError};
use percent_encoding::percent_decode_str;

/// How many segments may stand before the identity (Q5: chargers append to the URL they are given).
const MAX_PREFIX_SEGMENTS: usize = 4;

/// The identity a path names: its last segment that is not empty, percent-decoded once.
///
/// Split first, then decode: `%2F` must not be able to make a segment of its own.
pub(super) fn identity(path: &str) -> Result<StationId, Refusal> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let Some(last) = segments.next_back() else {
        return Err(bad_path(
            "no_identity",
            "the path names no station",
            "Put the station's identity at the end of the URL, e.g. `/ocpp/CP1`.",
        ));
    };
    if segments.count() > MAX_PREFIX_SEGMENTS {
        return Err(bad_path(
            "path_too_long",
            "more than 4 segments stand before the identity in the path",
            "Use the URL `/ocpp/` followed by the station's identity.",
        ));
    }
    let Ok(decoded) = percent_decode_str(last).decode_utf8() else {
        return Err(bad_identity("the identity in the path is not UTF-8"));
    };
    StationId::new(&decoded).map_err(|error| match error {
        StationIdError::Empty => bad_identity("the identity in the path is empty"),
        StationIdError::TooLong => bad_identity("the identity is longer than 48 characters"),
        StationIdError::Character => {
            bad_identity("the identity holds a control character or a slash (`%2F`)")
        }
    })
}

/// Whether a path has slashes doubled or at its end (Q4).
pub(super) fn has_odd_slashes(path: &str) -> bool {
    path.contains("//") || path.ends_with('/')
}

/// What stands before the identity in a path, decoded as far as it can be.
pub(super) fn prefix(path: &str) -> Vec<String> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let _identity = segments.next_back();
    segments
        .take(MAX_PREFIX_SEGMENTS)
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

/// What to record of a path that names no identity.
pub(super) fn raw_identity(path: &str) -> String {
    let last = path
        .split('/')
        .rfind(|segment| !segment.is_empty())
        .unwrap_or_default();
    last.chars().take(100).collect()
}

fn bad_identity(reason: &str) -> Refusal {
    bad_path(
        "bad_identity",
        reason,
        "Give the station an identity of 1 to 48 characters without slashes, and register it so.",
    )
}

fn bad_path(code: &'static str, reason: &str, fix: &str) -> Refusal {
    Refusal {
        status: 400,
        code,
        reason: reason.to_owned(),
        fix: fix.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Result<&str, &str>) {
        let found = identity(path);
        let found = found
            .as_ref()
            .map(StationId::as_str)
            .map_err(|refusal| refusal.code);
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn the_identity_is_the_last_segment_that_is_not_empty() {
        check("/ocpp/CP1", Ok("CP1"));
        check("/CP1", Ok("CP1"));
        check("/ocpp/CP1/", Ok("CP1"));
        check("//ocpp//CP1//", Ok("CP1"));
        check("/a/b/c/d/CP1", Ok("CP1"));
    }

    #[test]
    fn it_is_decoded_exactly_once() {
        check("/ocpp/RDAM%20123", Ok("RDAM 123"));
        check("/ocpp/a%2523", Ok("a%23"));
        check("/ocpp/a%252Fb", Ok("a%2Fb"));
        check("/ocpp/caf%C3%A9", Ok("café"));
    }

    #[test]
    fn what_is_no_identity_is_refused() {
        check("/", Err("no_identity"));
        check("", Err("no_identity"));
        check("/a/b/c/d/e/CP1", Err("path_too_long"));
        check("/ocpp/a%2Fb", Err("bad_identity"));
        check("/ocpp/a%2fb", Err("bad_identity"));
        check("/ocpp/a%5Cb", Err("bad_identity"));
        check("/ocpp/a%00b", Err("bad_identity"));
        check("/ocpp/a%0Ab", Err("bad_identity"));
        check("/ocpp/%20", Err("bad_identity"));
        check("/ocpp/a%FF", Err("bad_identity"));
        check(&format!("/ocpp/{}", "x".repeat(49)), Err("bad_identity"));
        check(&format!("/ocpp/{}", "x".repeat(48)), Ok(&"x".repeat(48)));
    }
}
