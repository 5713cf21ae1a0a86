//! One card, many numbers: what a number read from a card may stand for.
//!
//! The canonical form of a card is its UID, most significant byte first, as upper-case hex of 4, 7
//! or 10 bytes. Readers show it reversed, as a decimal, padded, or cut. Forms that lose nothing are
//! undone when a number is looked up; those that lose something (*weak* forms) are kept with the
//! card and count only where the reader's profile says so.

/// A 4-byte UID that begins so is random: another one at each tap (ISO 14443-3).
const RANDOM_PREFIX: u8 = 0x08;
/// Stands before the first part of a longer UID (ISO 14443-3).
const CASCADE_TAG: u8 = 0x88;
/// What a site's reader may put before the number.
const NFC_PREFIX: &str = "NFC-";

/// The bytes of a UID in canonical form; `None` if it is none.
#[must_use]
pub fn uid(key: &str) -> Option<Vec<u8>> {
    let bytes = hex(key)?;
    matches!(bytes.len(), 4 | 7 | 10).then_some(bytes)
}

/// Whether a card has another number at each tap, so that it cannot be enrolled.
#[must_use]
pub fn is_random(key: &str) -> bool {
    uid(key).is_some_and(|bytes| bytes.len() == 4 && bytes.first() == Some(&RANDOM_PREFIX))
}

/// What a normalised number may stand for besides itself without loss: reversed, decimal in both
/// orders, padded with zeros to 8 bytes, with the prefix `NFC-`. Each once, never the number
/// itself.
#[must_use]
pub fn strong_forms(key: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let mut add = |form: String| {
        if form != key && !forms.contains(&form) {
            forms.push(form);
        }
    };
    let plain = key.strip_prefix(NFC_PREFIX).unwrap_or(key);
    add(plain.to_owned());
    if let Some(bytes) = hex(plain) {
        if matches!(bytes.len(), 4 | 7 | 10) {
            add(text(bytes.iter().rev()));
        }
        // Quirk: KEBA pads to 8 bytes and gives the least significant byte first.
        if bytes.len() == 8 {
            for length in [4, 7] {
                let (head, tail) = (bytes.get(..length), bytes.get(length..));
                let (front, back) = (bytes.get(..8 - length), bytes.get(8 - length..));
                for (part, padding) in [(head, tail), (back, front)] {
                    if let (Some(part), Some(padding)) = (part, padding)
                        && padding.iter().all(|byte| *byte == 0)
                    {
                        add(text(part.iter()));
                        add(text(part.iter().rev()));
                    }
                }
            }
        }
    }
    if let Some(number) = decimal(plain) {
        for length in [4, 7] {
            let all = number.to_be_bytes();
            let (front, bytes) = all.split_at(all.len() - length);
            if front.iter().all(|byte| *byte == 0) {
                add(text(bytes.iter()));
                add(text(bytes.iter().rev()));
            }
        }
    }
    forms
}

/// The weak forms of a card: what a reader that loses something may show for it, in canonical
/// order. Of a longer UID the first and the last 4 bytes and the cascade form; of every UID the 3
/// bytes of Wiegand 26.
#[must_use]
pub fn weak_forms(key: &str) -> Vec<String> {
    let Some(bytes) = uid(key) else {
        return Vec::new();
    };
    let mut forms = Vec::new();
    let mut add = |part: &[u8]| {
        let form = text(part.iter());
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    if let (true, [a, b, c, ..]) = (bytes.len() > 4, bytes.as_slice()) {
        add(bytes.get(..4).unwrap_or(&[]));
        add(bytes.get(bytes.len() - 4..).unwrap_or(&[]));
        add(&[CASCADE_TAG, *a, *b, *c]);
    }
    // Wiegand 26: three bytes, of which readers take the first or the last.
    add(bytes.get(..3).unwrap_or(&[]));
    add(bytes.get(bytes.len() - 3..).unwrap_or(&[]));
    forms
}

/// What a normalised number may stand for as a weak form: itself and its reverse, and those of the
/// number a decimal stands for, 3 or 4 bytes long.
#[must_use]
pub fn presented_weak_forms(key: &str) -> Vec<String> {
    let plain = key.strip_prefix(NFC_PREFIX).unwrap_or(key);
    let mut forms: Vec<String> = Vec::new();
    let mut add = |bytes: &[u8]| {
        for form in [text(bytes.iter()), text(bytes.iter().rev())] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    };
    if let Some(bytes) = hex(plain)
        && matches!(bytes.len(), 3 | 4)
    {
        add(&bytes);
    }
    if let Some(number) = decimal(plain) {
        for length in [3, 4] {
            let all = number.to_be_bytes();
            let (front, bytes) = all.split_at(all.len() - length);
            if front.iter().all(|byte| *byte == 0) {
                add(bytes);
            }
        }
    }
    forms
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || text.len() > 40 {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            pair.bytes()
                .all(|c| c.is_ascii_hexdigit())
                .then(|| u8::from_str_radix(pair, 16).ok())
                .flatten()
        })
        .collect()
}

/// A decimal of up to 17 digits: 7 bytes have no more.
fn decimal(text: &str) -> Option<u64> {
    let plausible = (5..=17).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    plausible.then(|| text.parse().ok()).flatten()
}

fn text<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.fold(String::new(), |mut text, byte| {
        let digits = b"0123456789ABCDEF";
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(
                digits.get(usize::from(half)).copied().unwrap_or(b'0'),
            ));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversed_number_stands_for_the_card() {
        // Wiegand 34 against MFRC522.
        assert!(strong_forms("7186A61E").contains(&"1EA68671".to_owned()));
    }

    #[test]
    fn a_decimal_stands_for_the_card_in_both_orders() {
        let forms = strong_forms("3004897467");
        assert!(forms.contains(&"B31B18BB".to_owned()));
        assert!(forms.contains(&"BB181BB3".to_owned()));
    }

    #[test]
    fn a_padded_number_stands_for_the_card() {
        // Quirk: KEBA, least significant byte first, padded to 8 bytes.
        assert!(strong_forms("C3B2A10400000000").contains(&"04A1B2C3".to_owned()));
        assert!(strong_forms("00000000C3B2A104").contains(&"04A1B2C3".to_owned()));
        assert!(strong_forms("80664D3B2C1A0400").contains(&"041A2C3B4D6680".to_owned()));
    }

    #[test]
    fn a_prefixed_number_stands_for_the_card() {
        assert!(strong_forms("NFC-04A1B2C3").contains(&"04A1B2C3".to_owned()));
    }

    #[test]
    fn what_a_reader_cuts_is_a_weak_form() {
        // A 7-byte card on a 4-byte reader: cascade tag and three bytes, as a decimal.
        let card = "04C43B2A9C5680";
        assert!(weak_forms(card).contains(&"8804C43B".to_owned()));
        assert!(presented_weak_forms("1002701960").contains(&"8804C43B".to_owned()));
        // Wiegand 26: `9B3FAA` for `AA3F9B1A`.
        assert!(weak_forms("AA3F9B1A").contains(&"AA3F9B".to_owned()));
        assert!(presented_weak_forms("9B3FAA").contains(&"AA3F9B".to_owned()));
    }

    #[test]
    fn random_numbers_are_known() {
        assert!(is_random("08A1B2C3"));
        assert!(!is_random("04A1B2C3"));
        assert!(!is_random("08A1B2C3D4E5F6"));
    }

    #[test]
    fn what_is_no_number_has_no_forms() {
        for text in ["", "X", "DE8AAC12345", "é", "NFC-"] {
            assert!(weak_forms(text).is_empty(), "{text}");
            assert!(strong_forms(text).len() <= 1, "{text}");
        }
    }
}
