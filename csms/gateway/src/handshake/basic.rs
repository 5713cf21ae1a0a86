//! HTTP Basic authentication, read as bytes.

use app::station::{BasicAuth, Refusal};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};

/// Stations are not all careful with the padding of base64.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The credentials of a request, if it carries any. The password may be any bytes (OCPP-J 1.6
/// §6.2.2 sends 20 of them), so nothing is read as text.
pub(super) fn basic_auth(headers: &HeaderMap) -> Result<Option<BasicAuth>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(
            "the request carries more than one Authorization header",
        ));
    }
    let bytes = value.as_bytes().trim_ascii();
    let (scheme, rest) = match bytes.iter().position(u8::is_ascii_whitespace) {
        Some(end) => bytes.split_at(end),
        None => (bytes, &[][..]),
    };
    if !scheme.eq_ignore_ascii_case(b"basic") {
        return Err(malformed("the Authorization header is not Basic"));
    }
    let Ok(pair) = LENIENT.decode(rest.trim_ascii()) else {
        return Err(malformed("the Authorization header is not valid base64"));
    };
    if !pair.contains(&b':') {
        return Err(malformed(
            "the Authorization header holds no `:` between user and password",
        ));
    }
    Ok(Some(BasicAuth { pair }))
}

fn malformed(reason: &str) -> Refusal {
    Refusal {
        status: 401,
        code: "malformed_authorization",
        reason: reason.to_owned(),
        fix: "Send HTTP Basic authentication with the station's identity and its password."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &[u8]) -> Result<Option<Vec<u8>>, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::AUTHORIZATION,
            http::HeaderValue::from_bytes(value).unwrap(),
        );
        basic_auth(&headers)
            .map(|auth| auth.map(|auth| auth.pair))
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_password_may_be_any_bytes() {
        let pair = b"AL1000:\x00\x01\xFF\xFE:x";
        let encoded = base64::prelude::BASE64_STANDARD.encode(pair);
        for scheme in ["Basic", "basic", "BASIC "] {
            let header = format!("{scheme} {encoded}");
            assert_eq!(read(header.as_bytes()), Ok(Some(pair.to_vec())), "{scheme}");
        }
        let unpadded = format!("Basic {}", encoded.trim_end_matches('='));
        assert_eq!(read(unpadded.as_bytes()), Ok(Some(pair.to_vec())));
        assert_eq!(
            basic_auth(&HeaderMap::new()).unwrap().map(|auth| auth.pair),
            None
        );
    }

    #[test]
    fn malformed_credentials_are_refused() {
        for value in [
            &b"Basic"[..],
            b"Basic !!!",
            b"Bearer abc",
            b"Basic YWJj",
            b"\xFF\xFE",
        ] {
            assert_eq!(read(value), Err("malformed_authorization"), "{value:?}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
        twice.append(header::AUTHORIZATION, "Basic YTpj".parse().unwrap());
        assert!(basic_auth(&twice).is_err());
    }
}
