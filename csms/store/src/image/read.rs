//! Rows from their images in the change log: what they were before a change.
//!
//! A field that an image lacks is from before the program had it, and was as a new column is:
//! absent, or its default. What an image hides ([`super::image`]) is put in by the caller.

use jiff::Timestamp;
use jiff::civil::Date;
use model::{
    Action, AntiPassback, Area, Authority, AuthorizationRequired, Calendar, Change, ChangeKind,
    Charger, ChargerAuthorization, ChargerOffline, Condition, Credential, CredentialKind,
    CredentialState, Days, Door, DoorAccess, DoorFail, Effect, Emergency, EmergencyKind, Evse,
    Grant, Installation, Labels, Language, Limits, Lock, Member, Membership, NodeId, OfflinePolicy,
    Organisation, Passage, Person, PersonState, Role, Schedule, Slot, StationId, StopGroup,
    Strength, Subject, Suspension, Tag,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::StoreError;
use crate::arg::corrupt;

/// The row of an image; `None` for the kinds nothing of the past is decided by (stations, what is
/// shared), and for API keys, which are read from their table. A person has no stop group yet, a
/// credential no value.
///
/// # Errors
/// `Corrupt` where the image is not one of such a row.
pub fn row(kind: ChangeKind, image: &Value) -> Result<Option<Change>, StoreError> {
    let Value::Object(map) = image else {
        return Err(corrupt("image", "not an object"));
    };
    let fields = Fields(map);
    Ok(Some(match kind {
        ChangeKind::Station
        | ChangeKind::ApiKey
        | ChangeKind::Invitation
        | ChangeKind::Handover
        | ChangeKind::PartnerProfile
        | ChangeKind::Partnership
        | ChangeKind::PartnerLink
        | ChangeKind::Webhook => return Ok(None),
        ChangeKind::Organisation => Change::Organisation(fields.organisation()?),
        ChangeKind::Installation => Change::Installation(fields.installation()?),
        ChangeKind::Area => Change::Area(fields.area()?),
        ChangeKind::Charger => Change::Charger(fields.charger()?),
        ChangeKind::Lock => Change::Lock(fields.lock()?),
        ChangeKind::Door => Change::Door(fields.door()?),
        ChangeKind::Person => Change::Person(fields.person()?),
        ChangeKind::Credential => Change::Credential(fields.credential()?),
        ChangeKind::Grant => Change::Grant(fields.grant()?),
        ChangeKind::Tag => Change::Tag(fields.tag()?),
        ChangeKind::Membership => Change::Membership(fields.membership()?),
        ChangeKind::Schedule => Change::Schedule(fields.schedule()?),
        ChangeKind::Calendar => Change::Calendar(fields.calendar()?),
        ChangeKind::Emergency => Change::Emergency(fields.emergency()?),
    }))
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// A field that must be there.
    fn get<T: DeserializeOwned>(&self, name: &'static str) -> Result<T, StoreError> {
        let value = self.0.get(name).cloned().unwrap_or(Value::Null);
        serde_json::from_value(value).map_err(|error| corrupt(name, error))
    }

    /// A field that may be absent.
    fn find<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, StoreError> {
        self.get(name)
    }

    /// A word of a closed list, or its default where there is none yet.
    fn word<T>(
        &self,
        name: &'static str,
        from: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let Some(word) = self.find::<String>(name)? else {
            return Ok(None);
        };
        from(&word).map(Some).ok_or_else(|| corrupt(name, word))
    }

    fn needed<T>(
        &self,
        name: &'static str,
        from: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        self.word(name, from)?.ok_or_else(|| corrupt(name, "none"))
    }

    fn labels(&self) -> Result<Labels, StoreError> {
        Ok(Labels {
            name: self.find("name")?.unwrap_or_default(),
            external_id: self.find("external_id")?,
            metadata: self.find("metadata")?.unwrap_or_default(),
        })
    }

    fn suspension(&self) -> Result<Option<Suspension>, StoreError> {
        let Some(Value::Object(map)) = self.0.get("suspension") else {
            return Ok(None);
        };
        let fields = Fields(map);
        Ok(Some(Suspension {
            from: fields.get("from")?,
            until: fields.find("until")?,
        }))
    }

    fn organisation(&self) -> Result<Organisation, StoreError> {
        Ok(Organisation {
            id: self.get("id")?,
            labels: self.labels()?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn installation(&self) -> Result<Installation, StoreError> {
        let flag = |word: &str| match word {
            "required" => Some(AuthorizationRequired::Required),
            "open" => Some(AuthorizationRequired::Open),
            _ => None,
        };
        let authority = |word: &str| Authority::ALL.into_iter().find(|it| it.name() == word);
        Ok(Installation {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            labels: self.labels()?,
            time_zone: self.get("time_zone")?,
            address: self.find("address")?,
            authorization_required: self.needed("authorization_required", flag)?,
            open_schedule: self.find("open_schedule_id")?,
            authority: self.word("authority", authority)?.unwrap_or_default(),
            concurrent_transactions: self.find("concurrent_transactions")?,
            stop_on_revocation: self.find("stop_on_revocation")?.unwrap_or_default(),
            language: self.word("language", Language::from_tag)?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn area(&self) -> Result<Area, StoreError> {
        let anti_passback = match self.0.get("anti_passback") {
            None | Some(Value::Null) => AntiPassback::Off,
            Some(Value::String(word)) => match word.as_str() {
                "off" => AntiPassback::Off,
                "soft" => AntiPassback::Soft,
                "hard" => AntiPassback::Hard,
                other => return Err(corrupt("anti_passback", other)),
            },
            Some(Value::Object(map)) => AntiPassback::Timed(Fields(map).get("timed_minutes")?),
            Some(other) => return Err(corrupt("anti_passback", other)),
        };
        Ok(Area {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            installation: self.get("installation_id")?,
            parent: self.get("parent_id")?,
            kind: self.find("kind")?.unwrap_or_default(),
            anti_passback,
            labels: self.labels()?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn station_id(&self) -> Result<StationId, StoreError> {
        let text: String = self.get("station_id")?;
        StationId::new(&text).map_err(|error| corrupt("station_id", error))
    }

    fn charger(&self) -> Result<Charger, StoreError> {
        let flag = |word: &str| match word {
            "inherit" => Some(ChargerAuthorization::Inherit),
            "required" => Some(ChargerAuthorization::Required),
            "open" => Some(ChargerAuthorization::Open),
            _ => None,
        };
        let offline = |word: &str| match word {
            "closed" => Some(ChargerOffline::Closed),
            "list" => Some(ChargerOffline::List),
            "open" => Some(ChargerOffline::Open),
            _ => None,
        };
        let mut evses = Vec::new();
        if let Some(Value::Array(list)) = self.0.get("evses") {
            for evse in list {
                let Value::Object(map) = evse else {
                    return Err(corrupt("evses", evse));
                };
                let fields = Fields(map);
                evses.push(Evse {
                    id: fields.get("id")?,
                    number: fields.get("number")?,
                    connectors: fields.find("connectors")?.unwrap_or_default(),
                });
            }
        }
        Ok(Charger {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            installation: self.get("installation_id")?,
            parent: self.get("parent_id")?,
            station: self.station_id()?,
            labels: self.labels()?,
            authorization_required: self.needed("authorization_required", flag)?,
            open_schedule: self.find("open_schedule_id")?,
            offline_policy: self.word("offline_policy", offline)?.unwrap_or_default(),
            evses,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn lock(&self) -> Result<Lock, StoreError> {
        Ok(Lock {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            installation: self.get("installation_id")?,
            station: self.station_id()?,
            labels: self.labels()?,
            unlock_connector_opens: self.find("unlock_connector_opens")?.unwrap_or_default(),
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn door(&self) -> Result<Door, StoreError> {
        let fail = |word: &str| match word {
            "safe" => Some(DoorFail::Safe),
            "secure" => Some(DoorFail::Secure),
            _ => None,
        };
        let offline = |word: &str| match word {
            "closed" => Some(OfflinePolicy::Closed),
            "list" => Some(OfflinePolicy::List),
            _ => None,
        };
        let (entry, exit) = (self.find("entry_to")?, self.find("exit_from")?);
        Ok(Door {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            installation: self.get("installation_id")?,
            parent: self.get("parent_id")?,
            lock: self.get("lock_id")?,
            number: self.get("number")?,
            labels: self.labels()?,
            fail: self.needed("fail", fail)?,
            remote_open: self.get("remote_open")?,
            open_seconds: self.get("open_seconds")?,
            offline_policy: self.needed("offline_policy", offline)?,
            access: DoorAccess {
                minimum_strength: self.word("minimum_strength", Strength::from_name)?,
                unlock_schedule: self.find("unlock_schedule_id")?,
                passage: entry.map(Passage::Entry).or(exit.map(Passage::Exit)),
            },
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn person(&self) -> Result<Person, StoreError> {
        let state = |word: &str| match word {
            "active" => Some(PersonState::Active),
            "suspended" => Some(PersonState::Suspended),
            _ => None,
        };
        Ok(Person {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            account: self.find("account_id")?,
            managed_at: self.get("managed_at")?,
            labels: self.labels()?,
            email: self.find("email")?,
            phone: self.find("phone")?,
            state: self.needed("state", state)?,
            suspension: self.suspension()?,
            member_until: self.find("member_until")?,
            stop_group: StopGroup::new(""),
            language: self.word("language", Language::from_tag)?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn credential(&self) -> Result<Credential, StoreError> {
        let state = |word: &str| match word {
            "active" => Some(CredentialState::Active),
            "suspended" => Some(CredentialState::Suspended),
            "lost" => Some(CredentialState::Lost),
            _ => None,
        };
        let kind = self.needed("kind", CredentialKind::from_name)?;
        let strength = self.word("strength", Strength::from_name)?;
        Ok(Credential {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            person: self.get("person_id")?,
            kind,
            value: String::new(),
            key: String::new(),
            state: self.needed("state", state)?,
            suspension: self.suspension()?,
            strength: strength.unwrap_or_else(|| kind.strength()),
            places: self.find::<Vec<NodeId>>("places")?,
            valid_from: self.find("valid_from")?,
            valid_until: self.find("valid_until")?,
            labels: self.labels()?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn grant(&self) -> Result<Grant, StoreError> {
        let subject = match self.0.get("subject") {
            Some(Value::Object(map)) => {
                let fields = Fields(map);
                let person = fields.find("person")?.map(Subject::Person);
                let tag = fields.find("tag")?.map(Subject::Tag);
                let partner = fields.find("partner")?.map(Subject::Partner);
                person.or(tag).or(partner)
            }
            // Before there were subjects of other kinds.
            Some(_) | None => self.find("person_id")?.map(Subject::Person),
        };
        let effect = |word: &str| match word {
            "allow" => Some(Effect::Allow),
            "deny" => Some(Effect::Deny),
            _ => None,
        };
        let condition = match self.0.get("condition") {
            Some(Value::Object(map)) => Fields(map).condition()?,
            Some(_) | None => Condition::default(),
        };
        let actions: Vec<Action> = self.get("actions")?;
        Ok(Grant {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            subject: subject.ok_or_else(|| corrupt("subject", "none"))?,
            role: self.word("role", |word| word.parse::<Role>().ok())?,
            actions: actions.into_iter().collect(),
            node: self.get("node_id")?,
            effect: self.needed("effect", effect)?,
            condition,
            valid_from: self.find("valid_from")?,
            valid_until: self.find("valid_until")?,
            reason: self.find("reason")?,
            source: self.find("source")?.unwrap_or_default(),
            created_by: self.find("created_by")?,
            created_at: self.get("created_at")?,
            revoked_at: self.find("revoked_at")?,
        })
    }

    fn condition(&self) -> Result<Condition, StoreError> {
        let kinds = match self.find::<Vec<String>>("kinds")? {
            None => None,
            Some(names) => {
                let mut kinds = Vec::new();
                for name in names {
                    let kind = CredentialKind::from_name(&name);
                    kinds.push(kind.ok_or_else(|| corrupt("kinds", name))?);
                }
                Some(kinds.into_iter().collect())
            }
        };
        let limits = match self.0.get("limits") {
            Some(Value::Object(map)) => {
                let fields = Fields(map);
                Some(Limits {
                    uses: fields.find("uses")?,
                    minutes: fields.find("minutes")?,
                    wh: fields.find("wh")?,
                })
            }
            Some(_) | None => None,
        };
        Ok(Condition {
            schedule: self.find("schedule_id")?,
            kinds,
            minimum_strength: self.word("minimum_strength", Strength::from_name)?,
            points: self.find("points_tag_id")?,
            limits,
            credential: self.find("credential_id")?,
        })
    }

    fn tag(&self) -> Result<Tag, StoreError> {
        Ok(Tag {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            labels: self.labels()?,
            smart: self.find("smart")?.unwrap_or_default(),
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn membership(&self) -> Result<Membership, StoreError> {
        let id: Uuid = self.get("member_id")?;
        let member = self.needed("kind", |word| match word {
            "person" => Some(Member::Person(id.into())),
            "tag" => Some(Member::Tag(id.into())),
            "point" => Some(Member::Point(id.into())),
            _ => None,
        })?;
        Ok(Membership {
            tag: self.get("tag_id")?,
            member,
            organisation: self.get("organisation_id")?,
            created_at: self.get::<Timestamp>("created_at")?,
            removed_at: self.find("removed_at")?,
        })
    }

    fn schedule(&self) -> Result<Schedule, StoreError> {
        let mut slots = Vec::new();
        if let Some(Value::Array(list)) = self.0.get("slots") {
            for slot in list {
                let Value::Object(map) = slot else {
                    return Err(corrupt("slots", slot));
                };
                let fields = Fields(map);
                slots.push(Slot {
                    days: Days::from_bits(fields.get("days")?),
                    from: fields.get("from")?,
                    until: fields.get("until")?,
                });
            }
        }
        Ok(Schedule {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            labels: self.labels()?,
            slots,
            calendar: self.find("calendar_id")?,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn calendar(&self) -> Result<Calendar, StoreError> {
        let texts: Vec<String> = self.find("dates")?.unwrap_or_default();
        let mut dates: Vec<Date> = Vec::new();
        for text in texts {
            dates.push(
                text.parse::<Date>()
                    .map_err(|error| corrupt("dates", error))?,
            );
        }
        Ok(Calendar {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            labels: self.labels()?,
            dates,
            created_at: self.get("created_at")?,
            deleted_at: self.find("deleted_at")?,
        })
    }

    fn emergency(&self) -> Result<Emergency, StoreError> {
        let kind = |word: &str| EmergencyKind::ALL.into_iter().find(|it| it.name() == word);
        Ok(Emergency {
            id: self.get("id")?,
            organisation: self.get("organisation_id")?,
            node: self.get("node_id")?,
            kind: self.needed("kind", kind)?,
            exempt: self.find("exempt_tag_id")?,
            created_by: self.find("created_by")?,
            created_at: self.get("created_at")?,
            ended_at: self.find("ended_at")?,
        })
    }
}
