//! Codes: made here, shown once, kept as a keyed hash whose key is outside the database.
//!
//! A PIN works by what its person was granted. A guest's code and a one-time code work by the
//! right that is made with them, and by nothing else of the person who answers for them.

use authz::act;
use jiff::Timestamp;
use model::{
    Action, ActionSet, Change, Condition, Credential, CredentialKind, CredentialState, Effect,
    Grant, GrantId, Labels, Limits, NodeId, NodeKind, OrganisationId, PersonId, Subject,
};

use super::fields::{Faults, SuspensionPatch};
use super::write::{Done, Write};
use super::{Admin, new_id};
use crate::ApiError;
use crate::secret::{NewSecret, code_key, new_code};

/// Digits of a code unless it is said otherwise.
const DIGITS: u32 = 8;
/// The fewest and the most digits.
const FEWEST: u32 = 6;
const MOST: u32 = 12;
/// The most points of one code.
const PLACES: usize = 200;
/// So often another code is made where one is taken.
const TRIES: usize = 20;

/// A new code.
#[derive(Clone, Debug, PartialEq)]
pub struct NewCode {
    /// Name, external id, metadata.
    pub labels: Labels,
    /// PIN, guest or one-time.
    pub kind: CredentialKind,
    /// How many digits.
    pub digits: Option<u32>,
    /// The chargers and doors where it counts.
    pub places: Vec<NodeId>,
    /// How often and how much it may be used.
    pub limits: Option<Limits>,
    /// Active, suspended, lost.
    pub state: CredentialState,
    /// Suspended in this time.
    pub suspension: SuspensionPatch,
    /// Inclusive.
    pub valid_from: Option<Timestamp>,
    /// Exclusive.
    pub valid_until: Option<Timestamp>,
}

/// A code that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeMade {
    /// The row.
    pub credential: Credential,
    /// The code itself, shown once.
    pub code: NewSecret,
    /// The right that was made with it.
    pub grant: Option<GrantId>,
}

impl Admin {
    /// Makes a code for a person.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access` where the person is managed; for a guest's or one-time
    /// code also without `manage_access` and `use` at each of its places.
    pub async fn create_code(
        &self,
        write: Write<CodeMade>,
        person: PersonId,
        new: NewCode,
    ) -> Result<Done, ApiError> {
        let holder = self.person_row(person).await?;
        let permit = self.may_edit(&write.caller, &holder).await?;
        let now = self.clock.now();
        let mut faults = Faults::default();
        faults.labels(&new.labels);
        faults.range("valid_until", new.valid_from, new.valid_until);
        let suspension = new.suspension.applied(None, now, &mut faults);
        let digits = new.digits.unwrap_or(DIGITS);
        faults.check(
            || (FEWEST..=MOST).contains(&digits),
            "digits",
            "out_of_range",
            "from 6 to 12",
        );
        let limits = limits_of(&new, &mut faults);
        let node = self.node_above(&new.places, holder.organisation, &mut faults);
        faults.none()?;
        let node = node.ok_or(ApiError::Internal)?;
        let only_use: ActionSet = [Action::Use].into_iter().collect();
        if new.kind.has_own_right() {
            for place in &new.places {
                let _ = self
                    .pep
                    .permit::<act::ManageAccess>(&write.caller, *place)
                    .await?;
                self.may_give(&write.caller, only_use, *place).await?;
            }
        }
        let _order = self.order.read().await;
        // Again: the person may have gone while the order was waited for.
        self.person_row(person).await?;
        let (code, key) = self.free_code(holder.organisation, digits).await?;
        let credential = Credential {
            id: new_id(),
            organisation: holder.organisation,
            person,
            kind: new.kind,
            value: String::new(),
            key,
            state: new.state,
            suspension,
            strength: new.kind.strength(),
            places: Some(new.places),
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            labels: new.labels,
            created_at: now,
            deleted_at: None,
        };
        let grant = new.kind.has_own_right().then(|| Grant {
            id: new_id(),
            organisation: holder.organisation,
            subject: Subject::Person(person),
            role: None,
            actions: only_use,
            node,
            effect: Effect::Allow,
            condition: Condition {
                limits,
                credential: Some(credential.id),
                ..Condition::default()
            },
            valid_from: None,
            valid_until: None,
            reason: None,
            source: "code".to_owned(),
            created_by: permit.person(),
            created_at: now,
            revoked_at: None,
        });
        self.change(permit, write, holder.organisation, move |tx| {
            let (credential, grant, code) = (credential.clone(), grant.clone(), code.clone());
            Box::pin(async move {
                tx.insert_credential(&credential).await?;
                tx.record(Change::Credential(credential.clone()), None);
                let id = grant.as_ref().map(|grant| grant.id);
                if let Some(grant) = grant {
                    tx.insert_grant(&grant).await?;
                    tx.record(Change::Grant(grant), None);
                }
                Ok(Ok(CodeMade {
                    credential,
                    code,
                    grant: id,
                }))
            })
        })
        .await
    }

    /// A code that nobody of the organisation has, and its key.
    async fn free_code(
        &self,
        organisation: OrganisationId,
        digits: u32,
    ) -> Result<(NewSecret, String), ApiError> {
        for _ in 0..TRIES {
            let code = new_code(self.random.as_ref(), digits);
            let key = code_key(&self.settings.pepper, organisation, code.reveal());
            if self.store.find_code(organisation, &key).await?.is_none() {
                return Ok((code, key));
            }
        }
        Err(ApiError::Conflict {
            code: "codes_used_up",
            detail: "nearly all codes of this length are in use; ask for more digits".to_owned(),
        })
    }

    /// The lowest node that is above all places of a code, or the only one itself.
    fn node_above(
        &self,
        places: &[NodeId],
        organisation: OrganisationId,
        faults: &mut Faults,
    ) -> Option<NodeId> {
        faults.check(
            || (1..=PLACES).contains(&places.len()),
            "place_ids",
            "out_of_range",
            "1 to 200 chargers and doors",
        );
        let directory = self.live.directory();
        let mut above: Option<Vec<NodeId>> = None;
        for (index, place) in places.iter().enumerate().take(PLACES) {
            let entry = directory.node(*place).filter(|entry| {
                entry.organisation == organisation
                    && matches!(entry.kind, NodeKind::Charger | NodeKind::Door)
            });
            let Some(entry) = entry else {
                faults.add(
                    format!("place_ids.{index}"),
                    "unknown",
                    "no such charger or door here",
                );
                continue;
            };
            above = Some(match above {
                None => entry.path.to_vec(),
                Some(above) => above
                    .into_iter()
                    .filter(|node| entry.path.contains(node))
                    .collect(),
            });
        }
        above?.first().copied()
    }
}

/// The limits of the right that is made with a code.
fn limits_of(new: &NewCode, faults: &mut Faults) -> Option<Limits> {
    let zero = new.limits.is_some_and(|limits| {
        limits.uses == Some(0) || limits.minutes == Some(0) || limits.wh == Some(0)
    });
    faults.check(|| !zero, "limits", "out_of_range", "each from 1");
    let too_much = |limits: Limits| limits.wh.is_some_and(|wh| i64::try_from(wh).is_err());
    faults.check(
        || !new.limits.is_some_and(too_much),
        "limits.wh",
        "out_of_range",
        "too much",
    );
    let given = new.limits.unwrap_or_default();
    match new.kind {
        CredentialKind::OneTime => {
            faults.check(
                || matches!(given.uses, None | Some(1)),
                "limits.uses",
                "invalid",
                "a one-time code is for one use",
            );
            Some(Limits {
                uses: Some(1),
                ..given
            })
        }
        CredentialKind::Guest => {
            faults.check(
                || given.uses.is_some() || new.valid_until.is_some(),
                "valid_until",
                "required",
                "a guest's code ends: by `valid_until` or by `limits.uses`",
            );
            (given != Limits::default()).then_some(given)
        }
        CredentialKind::Pin
        | CredentialKind::Rfid
        | CredentialKind::Key
        | CredentialKind::Emaid
        | CredentialKind::App
        | CredentialKind::Plate => {
            faults.check(
                || new.limits.is_none(),
                "limits",
                "invalid",
                "a PIN works by what its person was granted; limit the grant",
            );
            faults.check(
                || new.kind == CredentialKind::Pin,
                "kind",
                "invalid",
                "this kind is not made by the system",
            );
            None
        }
    }
}
