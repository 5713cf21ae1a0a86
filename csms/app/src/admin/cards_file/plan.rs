//! What is to be done for a file, line by line, without doing it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use model::{Change, Credential, Labels, OrganisationId, Person, PersonId, PersonState, normalise};
use store::Page;

use super::super::credentials::{NewCredential, new_faults};
use super::super::fields::SuspensionPatch;
use super::super::owner::app_credential;
use super::super::people;
use super::table::{CardLine, Line};
use super::{Admin, FAULTS, ImportCard, ImportLine, ImportPerson, ImportReport, Place};
use crate::clock::Random;
use crate::secret::new_stop_group;
use crate::{ApiError, Caller, FieldError};

/// People that are read at once.
const PIECE: u32 = 500;

/// What is to be done for a file.
pub(super) struct Plan {
    lines: Vec<ImportLine>,
    people: Vec<Person>,
    cards: Vec<Credential>,
}

/// Who is there already, by what a line can name them by.
#[derive(Default)]
struct Known {
    by_external_id: HashMap<String, Who>,
    by_email: HashMap<String, Who>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    One(PersonId),
    Several,
}

/// Whom a line is about.
enum Meant {
    There(PersonId),
    /// The place among the new people.
    New(usize),
}

impl Known {
    async fn read(admin: &Admin, organisation: OrganisationId) -> Result<Self, ApiError> {
        let mut known = Self::default();
        let mut page = Page::first(PIECE);
        loop {
            let list = admin.store.list_people(organisation, &page).await?;
            for person in list.items {
                known.add(&person);
            }
            match list.next {
                Some(cursor) => page.after = Some(cursor),
                None => return Ok(known),
            }
        }
    }

    fn add(&mut self, person: &Person) {
        let put = |map: &mut HashMap<String, Who>, key: String| {
            match map.entry(key) {
                Entry::Vacant(free) => {
                    free.insert(Who::One(person.id));
                }
                Entry::Occupied(mut taken) => {
                    if *taken.get() != Who::One(person.id) {
                        taken.insert(Who::Several);
                    }
                }
            };
        };
        if let Some(id) = &person.labels.external_id {
            put(&mut self.by_external_id, id.clone());
        }
        if let Some(email) = &person.email {
            put(&mut self.by_email, email.to_lowercase());
        }
    }

    /// Who is meant by a line; `Err`: its column at fault.
    fn find(&self, line: &Line) -> Result<Option<PersonId>, FieldError> {
        let one = |column: &str, who: Option<&Who>| match who {
            Some(Who::One(person)) => Ok(Some(*person)),
            Some(Who::Several) => Err(FieldError::new(
                column,
                "ambiguous",
                "several people have it",
            )),
            None => Ok(None),
        };
        if let Some(id) = &line.external_id
            && let Some(person) = one("external_id", self.by_external_id.get(id))?
        {
            return Ok(Some(person));
        }
        let Some(email) = &line.email else {
            return Ok(None);
        };
        one("email", self.by_email.get(&email.to_lowercase()))
    }
}

impl Plan {
    pub(super) async fn make(
        admin: &Admin,
        caller: &Caller,
        place: Place,
        lines: Vec<Line>,
    ) -> Result<Self, ApiError> {
        let mut known = Known::read(admin, place.organisation).await?;
        let mut making = Making {
            now: admin.clock.now(),
            place,
            random: admin.random.as_ref(),
            people: Vec::new(),
            cards: Vec::new(),
            new: HashMap::new(),
            numbers: HashMap::new(),
        };
        let mut editable: HashMap<PersonId, bool> = HashMap::new();
        let mut told = Vec::with_capacity(lines.len());
        for mut line in lines {
            let meant = making.person(&mut known, &mut line);
            // Cards are given only to people whom the caller may edit.
            if let (Some(Meant::There(person)), Some(_)) = (&meant, &line.card) {
                let person = *person;
                let may = match editable.get(&person) {
                    Some(may) => *may,
                    None => {
                        let row = admin.person_row(person).await?;
                        let may = match admin.may_edit(caller, &row).await {
                            Ok(_) => true,
                            Err(ApiError::NotFound | ApiError::Forbidden { .. }) => false,
                            Err(error) => return Err(error),
                        };
                        editable.insert(person, may);
                        may
                    }
                };
                if !may {
                    let message = "this person is there, and not yours to give cards to";
                    line.fault("external_id", "forbidden", message.to_owned());
                }
            }
            let card = match (&meant, line.card.take()) {
                (Some(meant), Some(card)) if line.faults.is_empty() => {
                    making.card(admin, meant, card, &mut line)
                }
                _ => ImportCard::None,
            };
            let person = match meant {
                _ if !line.faults.is_empty() => ImportPerson::Unknown,
                Some(Meant::There(person)) => ImportPerson::There(person),
                Some(Meant::New(_)) => ImportPerson::Created,
                None => ImportPerson::Unknown,
            };
            told.push(ImportLine {
                line: line.number,
                person,
                card,
                faults: line.faults,
            });
        }
        Ok(Self {
            lines: told,
            people: making.people,
            cards: making.cards,
        })
    }

    /// # Errors
    /// `Invalid` with the faults of the lines, as `lines[7].card` with the number in the file.
    pub(super) fn refuse_faults(&self) -> Result<(), ApiError> {
        let faults: Vec<FieldError> = self
            .lines
            .iter()
            .flat_map(|line| {
                line.faults.iter().map(|fault| FieldError {
                    field: format!("lines[{}].{}", line.line, fault.field),
                    ..fault.clone()
                })
            })
            .take(FAULTS)
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(faults))
        }
    }

    pub(super) fn report(&self, dry_run: bool) -> ImportReport {
        let faulty = self.lines.iter().filter(|line| !line.faults.is_empty());
        let unchanged = self.lines.iter().filter(|line| {
            line.faults.is_empty()
                && line.card != ImportCard::Created
                && line.person != ImportPerson::Created
        });
        ImportReport {
            dry_run,
            people_created: self.people.len(),
            cards_created: self.cards.len(),
            unchanged: unchanged.count(),
            faulty: faulty.count(),
            lines: self.lines.clone(),
        }
    }

    /// The rows to be made, people with their remote tokens first.
    pub(super) fn into_changes(self, random: &dyn Random) -> Vec<Change> {
        let mut changes = Vec::with_capacity(self.people.len() * 2 + self.cards.len());
        for person in self.people {
            let token = app_credential(&person, random);
            changes.push(Change::Person(person));
            changes.push(Change::Credential(token));
        }
        changes.extend(self.cards.into_iter().map(Change::Credential));
        changes
    }
}

struct Making<'a> {
    now: Timestamp,
    place: Place,
    random: &'a dyn Random,
    people: Vec<Person>,
    cards: Vec<Credential>,
    /// New people, by id, with their place and the line they come from.
    new: HashMap<PersonId, (usize, u64)>,
    /// Numbers of new cards, with whose they are and the line they come from.
    numbers: HashMap<String, (PersonId, u64)>,
}

impl Making<'_> {
    /// Whom a line is about; a person that is not there is made.
    fn person(&mut self, known: &mut Known, line: &mut Line) -> Option<Meant> {
        if !line.faults.is_empty() {
            return None;
        }
        match known.find(line) {
            Err(fault) => {
                line.faults.push(fault);
                None
            }
            Ok(Some(id)) => match self.new.get(&id) {
                Some((at, first)) => {
                    let (at, first) = (*at, *first);
                    self.same_person(at, first, line);
                    Some(Meant::New(at))
                }
                None => Some(Meant::There(id)),
            },
            Ok(None) => {
                let person = self.new_person(line);
                if let Err(ApiError::Invalid(faults)) = people::check(&person) {
                    line.faults.extend(faults);
                    return None;
                }
                known.add(&person);
                let at = self.people.len();
                self.new.insert(person.id, (at, line.number));
                self.people.push(person);
                Some(Meant::New(at))
            }
        }
    }

    /// A second line of a new person says nothing else of them.
    fn same_person(&self, at: usize, first: u64, line: &mut Line) {
        let Some(person) = self.people.get(at) else {
            return;
        };
        let other = |said: &Option<String>, known: &Option<String>| {
            said.as_ref()
                .is_some_and(|said| Some(said) != known.as_ref())
        };
        let differs = [
            (
                "name",
                !line.name.is_empty() && line.name != person.labels.name,
            ),
            ("email", other(&line.email, &person.email)),
            ("phone", other(&line.phone, &person.phone)),
            (
                "external_id",
                other(&line.external_id, &person.labels.external_id),
            ),
        ];
        for (column, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            let message = format!("line {first} says otherwise of this person");
            line.fault(column, "conflict", message);
        }
    }

    fn new_person(&self, line: &Line) -> Person {
        Person {
            id: super::super::new_id(),
            organisation: self.place.organisation,
            account: None,
            managed_at: self.place.node,
            labels: Labels {
                name: line.name.clone(),
                external_id: line.external_id.clone(),
                ..Labels::default()
            },
            email: line.email.clone(),
            phone: line.phone.clone(),
            state: PersonState::Active,
            suspension: None,
            member_until: None,
            stop_group: new_stop_group(self.random),
            language: None,
            created_at: self.now,
            deleted_at: None,
        }
    }

    fn card(
        &mut self,
        admin: &Admin,
        meant: &Meant,
        card: CardLine,
        line: &mut Line,
    ) -> ImportCard {
        let key = normalise(&card.value);
        let holder = match meant {
            Meant::There(id) => *id,
            Meant::New(at) => match self.people.get(*at) {
                Some(person) => person.id,
                None => return ImportCard::None,
            },
        };
        let directory = admin.live.directory();
        if let Some((_, id, person)) = directory.number_taken(self.place.organisation, &key) {
            if person == holder {
                return ImportCard::There(id);
            }
            let message = "this card belongs to somebody already";
            line.fault("card", "credential_taken", message.to_owned());
            return ImportCard::None;
        }
        if let Some((_, first)) = self.numbers.get(&key) {
            let message = format!("this card is in line {first} already");
            line.fault("card", "duplicate", message);
            return ImportCard::None;
        }
        let new = NewCredential {
            labels: Labels {
                name: card.name,
                ..Labels::default()
            },
            kind: card.kind,
            value: card.value,
            state: card.state,
            suspension: SuspensionPatch::default(),
            strength: None,
            valid_from: card.valid_from,
            valid_until: card.valid_until,
        };
        let row = new.row_of(self.place.organisation, holder, self.now);
        if let Err(ApiError::Invalid(faults)) = new_faults(&row).none() {
            for fault in faults {
                let column = match fault.field.as_str() {
                    "value" => "card".to_owned(),
                    "name" => "card_name".to_owned(),
                    _ => fault.field,
                };
                line.fault(&column, fault.code, fault.message);
            }
            return ImportCard::None;
        }
        self.numbers.insert(key, (holder, line.number));
        self.cards.push(row);
        ImportCard::Created
    }
}
