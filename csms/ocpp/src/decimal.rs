//! Decimal numbers as text carries them, exactly: energy is counted in Wh, and a float is not.

/// `digits` × 10^-`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    scale: i32,
}

/// More digits than any meter has; fewer than an i128 holds with room for a shift of units.
const MAX_DIGITS: usize = 30;
/// Beyond it a number means nothing that is measured at a charger.
const MAX_EXPONENT: i32 = 60;

impl Decimal {
    /// Reads `-12.5`, `12,5`, `1.25e1`; blanks around it are ignored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let known = !(whole.is_empty() && fraction.is_empty());
        if !known || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let whole = whole.trim_start_matches('0');
        if whole.len() + fraction.len() > MAX_DIGITS || exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_i128, |sum, byte| sum * 10 + i128::from(byte - b'0'));
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        Some(Self {
            digits: sign * digits,
            scale,
        })
    }

    /// Times 10^`exponent`.
    pub(crate) fn shifted(self, exponent: i32) -> Option<Self> {
        let scale = self.scale.checked_sub(exponent)?;
        (scale.abs() <= 2 * MAX_EXPONENT).then_some(Self {
            digits: self.digits,
            scale,
        })
    }

    /// The nearest integer, halves away from zero.
    pub(crate) fn rounded(self) -> Option<i64> {
        let rounded = if self.scale <= 0 {
            self.digits
                .checked_mul(power_of_ten(self.scale.unsigned_abs())?)?
        } else {
            match power_of_ten(self.scale.unsigned_abs()) {
                Some(divisor) => {
                    let half = self.digits.signum() * (divisor / 2);
                    self.digits.checked_add(half)? / divisor
                }
                None => 0,
            }
        };
        i64::try_from(rounded).ok()
    }

    /// The integer it is, if it is one.
    pub(crate) fn integer(self) -> Option<i64> {
        if self.scale > 0 && self.digits % power_of_ten(self.scale.unsigned_abs())? != 0 {
            return None;
        }
        self.rounded()
    }

    /// As text without exponent.
    pub(crate) fn to_text(self) -> String {
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = self.digits.unsigned_abs().to_string();
        let Ok(scale) = usize::try_from(self.scale) else {
            let zeros = if self.digits == 0 {
                0
            } else {
                self.scale.unsigned_abs() as usize
            };
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        };
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn numbers_are_read_as_meters_write_them() {
        let check = |text: &str, rounded: Option<i64>| {
            assert_eq!(
                Decimal::parse(text).and_then(Decimal::rounded),
                rounded,
                "{text}"
            );
        };
        check("0", Some(0));
        check("12", Some(12));
        check(" 12.4 ", Some(12));
        check("12,5", Some(13));
        check("-12.5", Some(-13));
        check("+3", Some(3));
        check(".5", Some(1));
        check("5.", Some(5));
        check("1.25e3", Some(1250));
        check("1e-40", Some(0));
        check(
            "0000000000000000000000000000000000012.0000000000000000000000000000000",
            Some(12),
        );
        for unreadable in [
            "", " ", ".", "-", "1.2.3", "0x10", "NaN", "inf", "1e999", "12 Wh",
        ] {
            check(unreadable, None);
        }
        check("99999999999999999999", None);
        check("1234567890123456789012345678901", None);
    }

    #[test]
    fn only_integers_count_as_integers() {
        let integer = |text| Decimal::parse(text).and_then(Decimal::integer);
        assert_eq!(integer("1.0"), Some(1));
        assert_eq!(integer("1.5"), None);
        assert_eq!(integer("1e2"), Some(100));
        assert_eq!(integer("-0"), Some(0));
    }

    #[test]
    fn a_shift_of_units_is_exact() {
        let shifted = |text, by| {
            Decimal::parse(text)
                .and_then(|d| d.shifted(by))
                .map(Decimal::to_text)
        };
        assert_eq!(shifted("1.2345", 3).as_deref(), Some("1234.5"));
        assert_eq!(shifted("12", 3).as_deref(), Some("12000"));
        assert_eq!(shifted("-5", -3).as_deref(), Some("-0.005"));
        assert_eq!(shifted("0", 3).as_deref(), Some("0"));
        assert_eq!(shifted("1", i32::MIN), None);
        assert_eq!(shifted("1", i32::MAX), None);
    }
}
