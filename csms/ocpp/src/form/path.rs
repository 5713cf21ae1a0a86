//! Where in a payload the walk is, without cost until somebody asks.

/// A place in a payload.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// `meterValue[0].sampledValue[3].value`.
    pub(super) fn exact(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, &|index| format!("[{index}]"));
        text
    }

    /// `meterValue[].sampledValue[].value`.
    pub(super) fn general(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, &|_| "[]".to_owned());
        text
    }

    fn write(&self, text: &mut String, item: &dyn Fn(usize) -> String) {
        match self {
            Path::Root => {}
            Path::Field(parent, name) => {
                parent.write(text, item);
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Path::Item(parent, index) => {
                parent.write(text, item);
                text.push_str(&item(*index));
            }
        }
    }
}

/// A field's name as it may be told: names come from the station too, and may hold anything.
pub(crate) fn tellable(name: &str) -> &str {
    let is_word = |c: char| c.is_ascii_alphabetic() || c == '_';
    let begins = name.starts_with(is_word);
    // A run of four digits is no field name of OCPP, and may be part of a number on a card.
    let digits = name
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .max()
        .unwrap_or(0);
    let word = name.chars().all(|c| is_word(c) || c.is_ascii_digit());
    if begins && word && digits < 4 && name.len() <= 50 {
        name
    } else {
        "?"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_with_and_without_positions() {
        let list = Path::Field(&Path::Root, "meterValue");
        let item = Path::Item(&list, 2);
        let field = Path::Field(&item, "timestamp");
        assert_eq!(field.exact(), "meterValue[2].timestamp");
        assert_eq!(field.general(), "meterValue[].timestamp");
    }

    #[test]
    fn names_that_are_no_names_are_not_told() {
        assert_eq!(tellable("vendorErrorCode"), "vendorErrorCode");
        assert_eq!(tellable("04A1B2C3"), "?");
        assert_eq!(tellable("A1234567"), "?");
        assert_eq!(tellable("pin 1234"), "?");
        assert_eq!(tellable(""), "?");
    }
}
