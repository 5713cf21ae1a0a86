//! Reader profiles: how the number that a station's reader sends becomes the number of the card.
//!
//! One card gives different numbers on different readers. A profile says, for one station, by
//! which steps its numbers are turned into the canonical one: the UID's bytes, the most
//! significant first, in upper-case hex. Nothing is turned without one.

use serde::{Deserialize, Serialize};

use crate::QuirkName;

/// In which forms a card's number counts where it is not equal to what was read.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// In no other.
    #[default]
    Exact,
    /// In those that lose nothing: reversed, decimal, padded.
    Forms,
    /// In those too that lose something: cut, 26 bits.
    WeakForms,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReaderStep {
    /// Cuts off `_` and the station's own serial number; another suffix stays.
    StripSerialSuffix,
    /// Turns the bytes round: `1EA68671` becomes `7186A61E`.
    ReverseBytes,
    /// Cuts zeros off the left until so many bytes are left; never anything else.
    StripZeroPadding {
        /// The length of the number in bytes.
        bytes: u8,
    },
    /// Cuts zeros off the right until so many bytes are left; never anything else. Before
    /// [`ReaderStep::ReverseBytes`], where the padding follows the bytes turned round (KEBA).
    StripTrailingZeros {
        /// The length of the number in bytes.
        bytes: u8,
    },
    /// A decimal number becomes hex of so many bytes.
    DecimalToHex {
        /// The length of the number in bytes.
        bytes: u8,
    },
    /// Upper-case letters.
    UpperCase,
}

impl ReaderStep {
    /// The deviation that the step makes good.
    #[must_use]
    pub const fn quirk(self) -> QuirkName {
        match self {
            ReaderStep::StripSerialSuffix => QuirkName::TokenSuffix,
            ReaderStep::ReverseBytes => QuirkName::TokenByteOrder,
            ReaderStep::StripZeroPadding { .. } | ReaderStep::StripTrailingZeros { .. } => {
                QuirkName::TokenPadding
            }
            ReaderStep::DecimalToHex { .. } => QuirkName::TokenDecimal,
            ReaderStep::UpperCase => QuirkName::TokenCase,
        }
    }

    /// The number after the step; `None` where the step has nothing to do with it.
    fn apply(self, number: &str, serial: Option<&str>) -> Option<String> {
        let turned = match self {
            ReaderStep::StripSerialSuffix => {
                let (number, suffix) = number.rsplit_once('_')?;
                let own = serial.is_some_and(|serial| serial.eq_ignore_ascii_case(suffix));
                (own && !number.is_empty()).then(|| number.to_owned())
            }
            ReaderStep::ReverseBytes => {
                let pairs = hex_pairs(number)?;
                Some(pairs.rev().collect())
            }
            ReaderStep::StripZeroPadding { bytes } => {
                let padding = hex_pairs(number)?.len().checked_sub(usize::from(bytes))?;
                let (zeros, rest) = number.split_at_checked(padding * 2)?;
                are_zeros(zeros).then(|| rest.to_owned())
            }
            ReaderStep::StripTrailingZeros { bytes } => {
                let _ = hex_pairs(number)?;
                let (rest, zeros) = number.split_at_checked(usize::from(bytes) * 2)?;
                are_zeros(zeros).then(|| rest.to_owned())
            }
            ReaderStep::DecimalToHex { bytes } => {
                let decimal = !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit());
                let value: u128 = decimal.then(|| number.parse().ok())??;
                let digits = usize::from(bytes) * 2;
                let hex = format!("{value:0digits$X}");
                (hex.len() == digits).then_some(hex)
            }
            ReaderStep::UpperCase => Some(number.to_uppercase()),
        };
        turned.filter(|turned| turned != number)
    }
}

fn are_zeros(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// The bytes of a number in hex, as their pairs of digits.
fn hex_pairs(number: &str) -> Option<impl DoubleEndedIterator<Item = &str> + ExactSizeIterator> {
    let is_hex = number.bytes().all(|c| c.is_ascii_hexdigit());
    (is_hex && !number.is_empty() && number.len().is_multiple_of(2)).then(|| {
        (0..number.len() / 2).map(move |at| number.get(at * 2..at * 2 + 2).unwrap_or_default())
    })
}

/// The steps, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReaderProfile(Vec<ReaderStep>);

impl ReaderProfile {
    /// Of steps, in their order.
    #[must_use]
    pub const fn new(steps: Vec<ReaderStep>) -> Self {
        Self(steps)
    }

    /// The steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[ReaderStep] {
        &self.0
    }

    /// The number of the card behind the number received, and the deviations made good; `None`
    /// where nothing is to be turned. Steps that `wanted` refuses are left out.
    #[must_use]
    pub fn canonical(
        &self,
        number: &str,
        serial: Option<&str>,
        wanted: impl Fn(QuirkName) -> bool,
    ) -> Option<(String, Vec<QuirkName>)> {
        let mut turned: Option<String> = None;
        let mut quirks = Vec::new();
        for step in self.0.iter().filter(|step| wanted(step.quirk())) {
            let number = turned.as_deref().unwrap_or(number);
            if let Some(next) = step.apply(number, serial) {
                quirks.push(step.quirk());
                turned = Some(next);
            }
        }
        turned.map(|number| (number, quirks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[ReaderStep], received: &str, expected: Option<&str>) {
        let profile = ReaderProfile::new(steps.to_vec());
        let found = profile.canonical(received, Some("SN-42"), |_| true);
        assert_eq!(
            found.as_ref().map(|(number, _)| number.as_str()),
            expected,
            "{steps:?} {received}"
        );
    }

    #[test]
    fn without_steps_nothing_is_turned() {
        check(&[], "04A1B2C3_SN-42", None);
    }

    #[test]
    fn only_the_stations_own_serial_is_cut_off() {
        let steps = [ReaderStep::StripSerialSuffix];
        check(&steps, "04A1B2C3_SN-42", Some("04A1B2C3"));
        check(&steps, "04A1B2C3_sn-42", Some("04A1B2C3"));
        check(&steps, "A_B_SN-42", Some("A_B"));
        check(&steps, "04A1B2C3_OTHER", None);
        check(&steps, "_SN-42", None);
        check(&steps, "04A1B2C3", None);
        let profile = ReaderProfile::new(steps.to_vec());
        assert_eq!(profile.canonical("04A1B2C3_", None, |_| true), None);
    }

    #[test]
    fn bytes_are_turned_round_in_hex_only() {
        let steps = [ReaderStep::ReverseBytes];
        check(&steps, "1EA68671", Some("7186A61E"));
        check(&steps, "1ea68671", Some("7186a61e"));
        check(&steps, "1EA6867", None);
        check(&steps, "DE-8AA", None);
        check(&steps, "ABAB", None);
        check(&steps, "", None);
    }

    #[test]
    fn padding_is_cut_to_the_length_and_no_further() {
        let steps = [ReaderStep::StripZeroPadding { bytes: 4 }];
        check(&steps, "0000000004A1B2C3", Some("04A1B2C3"));
        check(&steps, "0000000000A1B2C3", Some("00A1B2C3"));
        check(&steps, "04A1B2C3", None);
        check(&steps, "A1B2C3", None);
        check(&steps, "0104A1B2C3", None);
        check(&steps, "00000000é4A1B2C3", None);
    }

    #[test]
    fn padding_on_the_right_is_cut_to_the_length_and_no_further() {
        let steps = [ReaderStep::StripTrailingZeros { bytes: 4 }];
        check(&steps, "04A1B2C300000000", Some("04A1B2C3"));
        check(&steps, "04A1B20000000000", Some("04A1B200"));
        check(&steps, "04A1B2C3", None);
        check(&steps, "04A1B2", None);
        check(&steps, "04A1B2C301", None);
        check(&steps, "04A1B2C30", None);
        check(&steps, "04A1B2Cé00", None);
        check(&steps, "", None);
        // One reader, cards of 7 bytes and of 4.
        let steps = [7, 4].map(|bytes| ReaderStep::StripTrailingZeros { bytes });
        check(&steps, "04A1B2C3D4E5F600", Some("04A1B2C3D4E5F6"));
        check(&steps, "04A1B2C300000000", Some("04A1B2C3"));
    }

    #[test]
    fn decimal_numbers_become_hex_of_their_length() {
        let steps = [ReaderStep::DecimalToHex { bytes: 4 }];
        check(&steps, "1002701960", Some("3BC40488"));
        check(&steps, "77", Some("0000004D"));
        check(&steps, "4294967296", None);
        check(&steps, "04A1B2C3", None);
        check(&steps, "", None);
        check(&steps, &"9".repeat(60), None);
    }

    #[test]
    fn what_a_reader_makes_of_a_card_becomes_the_card_again() {
        let mut seed: u64 = 0x9E37_79B9_7F4A_7C15;
        for _ in 0..500 {
            for bytes in [4u8, 7, 10] {
                let mut card = String::new();
                for _ in 0..bytes {
                    // A linear congruence is random enough for card numbers.
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    card.push_str(&format!("{:02X}", seed >> 56));
                }
                let turned: String = hex_pairs(&card).unwrap().rev().collect();
                let decimal = u128::from_str_radix(&card, 16).unwrap().to_string();
                for (steps, received) in [
                    (vec![ReaderStep::StripSerialSuffix], format!("{card}_SN-42")),
                    (vec![ReaderStep::ReverseBytes], turned.clone()),
                    (
                        vec![ReaderStep::StripZeroPadding { bytes }],
                        format!("0000{card}"),
                    ),
                    (vec![ReaderStep::DecimalToHex { bytes }], decimal),
                    (
                        vec![
                            ReaderStep::StripZeroPadding { bytes },
                            ReaderStep::ReverseBytes,
                        ],
                        format!("00{turned}"),
                    ),
                    (
                        vec![
                            ReaderStep::StripTrailingZeros { bytes },
                            ReaderStep::ReverseBytes,
                        ],
                        format!("{turned:0<20}"),
                    ),
                ] {
                    let found = ReaderProfile::new(steps.clone())
                        .canonical(&received, Some("SN-42"), |_| true)
                        .map_or(received, |(number, _)| number);
                    assert_eq!(found, card, "{steps:?}");
                }
            }
        }
    }

    #[test]
    fn steps_work_one_upon_the_other() {
        let steps = [
            ReaderStep::StripSerialSuffix,
            ReaderStep::StripZeroPadding { bytes: 4 },
            ReaderStep::ReverseBytes,
            ReaderStep::UpperCase,
        ];
        check(&steps, "000000001ea68671_SN-42", Some("7186A61E"));
        let profile = ReaderProfile::new(steps.to_vec());
        let (number, quirks) = profile
            .canonical("000000001ea68671", None, |quirk| {
                quirk != QuirkName::TokenByteOrder
            })
            .unwrap();
        assert_eq!(number, "1EA68671");
        assert_eq!(quirks, [QuirkName::TokenPadding, QuirkName::TokenCase]);
    }
}
