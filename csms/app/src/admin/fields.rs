//! Checks of input, collected so that the caller hears of every field at once.

use authz::Directory;
use jiff::Timestamp;
use model::{Labels, OrganisationId, ScheduleId};
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
