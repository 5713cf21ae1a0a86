//! What people are told in their language: a sentence for each reason, from the catalogues in
//! `wording/`.
//!
//! A catalogue is Fluent text with one message for each reason; see `en.ftl`. The tests hold the
//! four together: the same messages, the same attributes, the same variables, and each short
//! enough for a display.

use std::fmt::Write;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::neutral::PersonMessage;
use model::{Language, NodeKind, Reason};
use unic_langid::LanguageIdentifier;

/// The most a station takes of a sentence, characters (OCPP 2.0.1, MessageContentType).
pub const LONGEST: usize = 512;

/// How far ahead a weekday alone says when, hours.
const WEEK: SignedDuration = SignedDuration::from_hours(6 * 24);

type Bundle = FluentBundle<FluentResource>;

const fn text_of(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("../wording/en.ftl"),
        Language::Fr => include_str!("../wording/fr.ftl"),
        Language::It => include_str!("../wording/it.ftl"),
        Language::De => include_str!("../wording/de.ftl"),
    }
}

fn catalogue(language: Language) -> &'static Bundle {
    static EN: LazyLock<Bundle> = LazyLock::new(|| read(Language::En));
    static FR: LazyLock<Bundle> = LazyLock::new(|| read(Language::Fr));
    static IT: LazyLock<Bundle> = LazyLock::new(|| read(Language::It));
    static DE: LazyLock<Bundle> = LazyLock::new(|| read(Language::De));
    match language {
        Language::En => &EN,
        Language::Fr => &FR,
        Language::It => &IT,
        Language::De => &DE,
    }
}

fn read(language: Language) -> Bundle {
    let resource = match FluentResource::try_new(text_of(language).to_owned()) {
        Ok(resource) => resource,
        Err((readable, problems)) => {
            tracing::error!(
                ?problems,
                language = language.tag(),
                "a catalogue is faulty"
            );
            readable
        }
    };
    let names: Vec<LanguageIdentifier> = language.tag().parse().into_iter().collect();
    let mut bundle = FluentBundle::new_concurrent(names);
    // No marks around what is put in: displays show them.
    bundle.set_use_isolating(false);
    if let Err(problems) = bundle.add_resource(resource) {
        tracing::error!(
            ?problems,
            language = language.tag(),
            "a catalogue is faulty"
        );
    }
    bundle
}

/// Where somebody stands who is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At a charger, or before an app.
    Charger,
    /// At a door.
    Door,
}

impl From<NodeKind> for Place {
    fn from(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Door => Place::Door,
            NodeKind::Organisation
            | NodeKind::Installation
            | NodeKind::Area
            | NodeKind::Charger
            | NodeKind::Evse => Place::Charger,
        }
    }
}

/// When it will be allowed, and by which clock that is told.
#[derive(Clone, Debug)]
pub struct Later {
    /// The instant now.
    pub now: Timestamp,
    /// From then on.
    pub at: Timestamp,
    /// The clock on the wall.
    pub zone: TimeZone,
}

/// What a person is told about a decision.
#[must_use]
pub fn sentence(
    language: Language,
    reason: Reason,
    place: Place,
    later: Option<&Later>,
) -> Option<PersonMessage> {
    let when = later.and_then(|later| when(language, later));
    let attributes: &[&str] = match (place, when.is_some()) {
        (Place::Door, true) => &["door-later", "later", "door"],
        (Place::Door, false) => &["door"],
        (Place::Charger, true) => &["later"],
        (Place::Charger, false) => &[],
    };
    let mut args = FluentArgs::new();
    if let Some(when) = when {
        args.set("when", when);
    }
    let text = say(language, &key(reason), attributes, &args)?;
    Some(PersonMessage {
        language,
        text: text.chars().take(LONGEST).collect(),
    })
}

/// `NO_GRANT` as the catalogues spell it: `no-grant`.
fn key(reason: Reason) -> String {
    reason.code().to_ascii_lowercase().replace('_', "-")
}

/// "at 08:00", "on Monday at 08:00", "on 24/12/2026 at 08:00".
fn when(language: Language, later: &Later) -> Option<String> {
    let now = later.zone.to_datetime(later.now);
    let at = later.zone.to_datetime(later.at);
    let mut time = String::new();
    write!(time, "{:02}:{:02}", at.hour(), at.minute()).ok()?;
    let mut args = FluentArgs::new();
    args.set("time", time);
    if now.date() == at.date() {
        return say(language, "when-today", &[], &args);
    }
    if later.at.duration_since(later.now) < WEEK {
        let day = at.weekday().to_monday_one_offset();
        let weekday = say(language, &format!("weekday-{day}"), &[], &FluentArgs::new())?;
        args.set("weekday", weekday);
        return say(language, "when-weekday", &[], &args);
    }
    // As text: a number would get separators.
    args.set("day", at.day().to_string());
    args.set("month", at.month().to_string());
    args.set("year", at.year().to_string());
    say(language, "when-date", &[], &args)
}

/// The first of the attributes that the message has, else its value.
fn say(
    language: Language,
    key: &str,
    attributes: &[&str],
    args: &FluentArgs<'_>,
) -> Option<String> {
    let bundle = catalogue(language);
    let message = bundle.get_message(key)?;
    let pattern = attributes
        .iter()
        .find_map(|name| message.get_attribute(name))
        .map(|attribute| attribute.value())
        .or_else(|| message.value())?;
    let mut problems = Vec::new();
    let text = bundle.format_pattern(pattern, Some(args), &mut problems);
    problems.is_empty().then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Each message and attribute of a catalogue with the variables in it.
    fn forms(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut forms = BTreeMap::new();
        let mut message = String::new();
        for line in text_of(language).lines() {
            let Some((name, text)) = line.split_once(" = ") else {
                assert!(
                    line.is_empty() || line.starts_with('#'),
                    "{language:?}: a line of another form: {line}"
                );
                continue;
            };
            let form = if let Some(attribute) = name.trim().strip_prefix('.') {
                format!("{message}.{attribute}")
            } else {
                message = name.to_owned();
                message.clone()
            };
            let variables = text
                .split("{ $")
                .skip(1)
                .filter_map(|rest| rest.split_once(" }"))
                .map(|(name, _)| name.to_owned())
                .collect();
            assert!(
                forms.insert(form.clone(), variables).is_none(),
                "{language:?}: {form} comes twice"
            );
        }
        forms
    }

    #[test]
    fn the_catalogues_say_the_same_things_in_the_same_forms() {
        let english = forms(Language::En);
        for language in Language::ALL {
            assert_eq!(forms(language), english, "{language:?}");
        }
        let reasons: BTreeSet<String> = Reason::ALL.iter().map(|reason| key(*reason)).collect();
        for form in english.keys() {
            let name = form.split('.').next().unwrap();
            assert!(
                reasons.contains(name) || name.starts_with("when-") || name.starts_with("weekday-"),
                "nothing says {form}"
            );
        }
    }

    #[test]
    fn every_reason_has_a_sentence_in_every_language_that_fits_a_display() {
        let zone = TimeZone::UTC;
        let now: Timestamp = "2026-11-26T06:30:00Z".parse().unwrap();
        let laters = [
            None,
            Some("2026-11-26T08:00:00Z"),
            Some("2026-11-28T08:00:00Z"),
            Some("2026-12-24T08:00:00Z"),
        ];
        let mut said: BTreeMap<String, Language> = BTreeMap::new();
        for language in Language::ALL {
            for reason in Reason::ALL {
                for place in [Place::Charger, Place::Door] {
                    for later in &laters {
                        let later = later.map(|at| Later {
                            now,
                            at: at.parse().unwrap(),
                            zone: zone.clone(),
                        });
                        let message = sentence(language, *reason, place, later.as_ref())
                            .unwrap_or_else(|| panic!("{language:?} {reason:?} {later:?}"));
                        assert_eq!(message.language, language);
                        let length = message.text.chars().count();
                        assert!((5..=140).contains(&length), "{length}: {message:?}");
                        assert!(
                            !message.text.contains(['{', '}', '\u{2068}', '\u{2069}']),
                            "{message:?}"
                        );
                        // Whoever copied a sentence from another catalogue forgot to translate it.
                        let other = said.entry(message.text).or_insert(language);
                        assert_eq!(*other, language, "{reason:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_refused_until_later_says_when_by_the_clock_on_the_wall() {
        let zone = jiff::tz::TimeZoneDatabase::bundled()
            .get("Europe/Zurich")
            .unwrap();
        let told = |language, at: &str| {
            let later = Later {
                now: "2026-11-26T05:30:00Z".parse().unwrap(),
                at: at.parse().unwrap(),
                zone: zone.clone(),
            };
            let reason = Reason::OutsideSchedule;
            sentence(language, reason, Place::Door, Some(&later))
                .unwrap()
                .text
        };
        for (language, at, expected) in [
            (
                Language::En,
                "2026-11-26T07:00:00Z",
                "No access at this hour. You can come back at 08:00.",
            ),
            (
                Language::De,
                "2026-11-27T07:00:00Z",
                "Zu dieser Zeit kein Zugang. Wieder möglich ist er am Freitag um 08:00 Uhr.",
            ),
            (
                Language::Fr,
                "2026-11-28T07:30:00Z",
                "Pas d’accès à cette heure. Vous pouvez revenir samedi à 08:30.",
            ),
            (
                Language::It,
                "2027-01-04T07:00:00Z",
                "A quest’ora non si entra. Può tornare il 4.1.2027 alle 08:00.",
            ),
        ] {
            assert_eq!(told(language, at), expected);
        }
    }
}
