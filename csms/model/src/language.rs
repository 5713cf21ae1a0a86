//! The languages people are spoken to in.

/// A language Keywatt has sentences in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English; also where nobody set one.
    #[default]
    En,
    /// French.
    Fr,
    /// Italian.
    It,
    /// German.
    De,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 4] = [Language::En, Language::Fr, Language::It, Language::De];

    /// Its RFC 5646 tag, as OCPP, the API and storage spell it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
            Language::It => "it",
            Language::De => "de",
        }
    }

    /// From its tag.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }
}
