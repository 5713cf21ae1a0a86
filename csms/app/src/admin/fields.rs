//! Checks of input, collected so that the caller hears of every field at once.

use authz::Directory;
use jiff::Timestamp;
use model::{Labels, OrganisationId, ScheduleId, Suspension};
use serde_json::{Map, Value};

use crate::{ApiError, FieldError};

/// The longest name, in characters.
const NAME: usize = 200;
/// The largest metadata object, as JSON text.
const METADATA_BYTES: usize = 16 * 1024;

/// Fields at fault, as they are found.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    pub(super) fn add(
        &mut self,
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.0.push(FieldError::new(field, code, message));
    }

    pub(super) fn check(
        &mut self,
        fine: impl FnOnce() -> bool,
        field: &str,
        code: &'static str,
        message: &str,
    ) {
        if !fine() {
            self.add(field, code, message);
        }
    }

    pub(super) fn none(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(self.0))
        }
    }

    pub(super) fn labels(&mut self, labels: &Labels) {
        self.text("name", &labels.name, NAME);
        if let Some(id) = &labels.external_id {
            self.text("external_id", id, NAME);
        }
        self.check(
            || metadata_bytes(&labels.metadata) <= METADATA_BYTES,
            "metadata",
            "too_long",
            "at most 16 KiB of JSON",
        );
    }

    /// Text people read: not too long, no control characters.
    pub(super) fn text(&mut self, field: &str, text: &str, most: usize) {
        if text.chars().count() > most {
            self.add(field, "too_long", format!("at most {most} characters"));
        }
        if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            self.add(field, "invalid", "control characters are not allowed");
        }
    }

    pub(super) fn range(&mut self, field: &str, from: Option<Timestamp>, until: Option<Timestamp>) {
        if let (Some(from), Some(until)) = (from, until)
            && from >= until
        {
            self.add(field, "out_of_range", "the end must be after the beginning");
        }
    }

    /// A schedule of the same organisation, or none.
    pub(super) fn schedule(
        &mut self,
        field: &str,
        schedule: Option<ScheduleId>,
        organisation: OrganisationId,
        directory: &Directory,
    ) {
        let known = schedule.is_none_or(|id| directory.schedule_of(id) == Some(organisation));
        self.check(|| known, field, "unknown", "no such schedule here");
    }

    pub(super) fn email(&mut self, field: &str, email: &str) {
        if !is_email(email) {
            self.add(field, "invalid", "this is no e-mail address");
        }
    }
}

fn metadata_bytes(metadata: &Map<String, Value>) -> usize {
    serde_json::to_vec(metadata).map_or(usize::MAX, |text| text.len())
}

/// Sanity only: whether it exists is shown by a message that arrives.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().count() <= 254
        && (1..=64).contains(&local.len())
        && !domain.is_empty()
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '"' || c == '<')
}

/// What is to become of the labels of something that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelsPatch {
    /// A new name.
    pub name: Option<String>,
    /// A new external id, or none.
    pub external_id: Option<Option<String>>,
    /// New metadata, in place of all of the old.
    pub metadata: Option<Map<String, Value>>,
}

impl LabelsPatch {
    pub(super) fn apply(self, labels: &mut Labels) {
        if let Some(name) = self.name {
            labels.name = name;
        }
        if let Some(external_id) = self.external_id {
            labels.external_id = external_id;
        }
        if let Some(metadata) = self.metadata {
            labels.metadata = metadata;
        }
    }
}

/// A suspension with dates that is to begin, to end or to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspensionPatch {
    /// Inclusive; `Some(None)`: there is none.
    pub from: Option<Option<Timestamp>>,
    /// Exclusive; `Some(None)`: until it is lifted.
    pub until: Option<Option<Timestamp>>,
}

impl SuspensionPatch {
    /// The suspension after it. An end without a beginning begins now.
    pub(super) fn applied(
        self,
        before: Option<Suspension>,
        now: Timestamp,
        faults: &mut Faults,
    ) -> Option<Suspension> {
        let until = match self.until {
            Some(until) => until,
            None => before.and_then(|suspension| suspension.until),
        };
        let from = match (self.from, before) {
            (Some(Some(from)), _) => from,
            (Some(None), _) => {
                let ends = self.until.flatten().is_some();
                faults.check(
                    || !ends,
                    "suspended_until",
                    "invalid",
                    "a suspension that does not begin has no end",
                );
                return None;
            }
            (None, Some(suspension)) => suspension.from,
            (None, None) => match until {
                Some(_) => now,
                None => return None,
            },
        };
        faults.range("suspended_until", Some(from), until);
        Some(Suspension { from, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_rubbish() {
        for good in [
            "a@example.com",
            "a.b+c@sub.example.com",
            "ü@exämple.ch",
            "root@localhost",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "", "a", "@b", "a@", "a b@c.d", "a@b..c", "a@-b.c", "<a@b.c>",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn suspensions_begin_change_and_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let now = at(100);
        let holds = |from, until: Option<i64>| {
            Some(Suspension {
                from: at(from),
                until: until.map(at),
            })
        };
        let there = holds(50, Some(200));
        for (before, from, until, after) in [
            (None, None, None, None),
            (None, Some(Some(150)), None, holds(150, None)),
            (None, None, Some(Some(150)), holds(100, Some(150))),
            (there, None, None, there),
            (there, None, Some(None), holds(50, None)),
            (there, Some(Some(60)), None, holds(60, Some(200))),
            (there, Some(None), None, None),
            (there, Some(None), Some(None), None),
        ] {
            let patch = SuspensionPatch {
                from: from.map(|from: Option<i64>| from.map(at)),
                until: until.map(|until: Option<i64>| until.map(at)),
            };
            let mut faults = Faults::default();
            assert_eq!(patch.applied(before, now, &mut faults), after, "{patch:?}");
            assert!(faults.none().is_ok(), "{patch:?}");
        }
        for (from, until) in [(Some(Some(9)), Some(Some(9))), (Some(None), Some(Some(9)))] {
            let patch = SuspensionPatch {
                from: from.map(|from: Option<i64>| from.map(at)),
                until: until.map(|until: Option<i64>| until.map(at)),
            };
            let mut faults = Faults::default();
            let _ = patch.applied(there, now, &mut faults);
            assert!(faults.none().is_err(), "{patch:?}");
        }
    }

    #[test]
    fn every_field_at_fault_is_told() {
        let mut faults = Faults::default();
        let metadata = [("x".to_owned(), Value::from("y".repeat(17_000)))]
            .into_iter()
            .collect();
        faults.labels(&Labels {
            name: "x".repeat(201),
            external_id: None,
            metadata,
        });
        let Err(ApiError::Invalid(fields)) = faults.none() else {
            panic!()
        };
        assert_eq!(
            fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(),
            ["name", "metadata"]
        );
    }
}
