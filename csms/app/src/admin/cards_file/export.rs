//! People and their cards as a file, a piece at a time.

use model::{Credential, CredentialKind, CredentialState, NodeId, OrganisationId, Person, mask};
use store::{Cursor, Page};

use super::table::{Column, guarded};
use super::{Admin, ImportQuery};
use crate::{ApiError, Caller};

/// People in one piece.
const PIECE: u32 = 200;
/// Cards of one person.
const CARDS: u32 = 1_000;

/// How the numbers of cards are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Two characters at each end.
    Masked,
    /// Whole: whoever has the file can make copies of most cards.
    Clear,
}

/// An export on its way.
#[derive(Clone, Debug)]
pub struct Export {
    organisation: OrganisationId,
    node: NodeId,
    numbers: Numbers,
    caller: Caller,
    after: Option<Cursor>,
    begun: bool,
}

impl Admin {
    /// Begins an export of the people whose access the caller manages, with their cards.
    ///
    /// # Errors
    /// `Forbidden` without `manage_access`, and for whole numbers without `manage_security` too:
    /// with them cards can be copied.
    pub async fn export(
        &self,
        caller: &Caller,
        query: ImportQuery,
        numbers: Numbers,
    ) -> Result<Export, ApiError> {
        let (_, place) = self.place_of_file(caller, query).await?;
        if numbers == Numbers::Clear {
            let _ = self
                .pep
                .permit::<authz::act::ManageSecurity>(caller, place.node)
                .await?;
        }
        Ok(Export {
            organisation: place.organisation,
            node: place.node,
            numbers,
            caller: caller.clone(),
            after: None,
            begun: false,
        })
    }

    /// The next piece of an export as CSV, and what goes on after it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn export_piece(
        &self,
        mut export: Export,
    ) -> Result<(Vec<u8>, Option<Export>), ApiError> {
        let mut rows = csv::Writer::from_writer(Vec::new());
        if !export.begun {
            put(
                &mut rows,
                Column::ALL.map(|column| column.name().to_owned()),
            )?;
            export.begun = true;
        }
        let page = Page {
            limit: PIECE,
            after: export.after.take(),
        };
        let people = self.store.list_people(export.organisation, &page).await?;
        for person in &people.items {
            let at = self.managers_at(person);
            let within = NodeId::from(export.organisation) == export.node || at == export.node;
            let managed = self
                .pep
                .holds(&export.caller, model::Action::ManageAccess, at);
            if within && managed {
                self.export_person(person, export.numbers, &mut rows)
                    .await?;
            }
        }
        let text = rows.into_inner().map_err(|_| ApiError::Internal)?;
        export.after = people.next;
        let more = export.after.is_some().then_some(export);
        Ok((text, more))
    }

    async fn export_person(
        &self,
        person: &Person,
        numbers: Numbers,
        rows: &mut csv::Writer<Vec<u8>>,
    ) -> Result<(), ApiError> {
        let cards = self
            .store
            .list_credentials_of(person.id, &Page::first(CARDS))
            .await?;
        let mut cards = cards
            .items
            .into_iter()
            .filter(|card| is_exported(card.kind))
            .peekable();
        if cards.peek().is_none() {
            put(rows, row(person, None, numbers))?;
        }
        for card in cards {
            put(rows, row(person, Some(&card), numbers))?;
        }
        Ok(())
    }
}

/// What an import takes as well.
fn is_exported(kind: CredentialKind) -> bool {
    matches!(
        kind,
        CredentialKind::Rfid | CredentialKind::Key | CredentialKind::Emaid
    )
}

fn row(person: &Person, card: Option<&Credential>, numbers: Numbers) -> [String; 10] {
    Column::ALL.map(|column| {
        let of_card = |with: fn(&Credential) -> String| card.map(with).unwrap_or_default();
        let text = match column {
            Column::Name => person.labels.name.clone(),
            Column::Email => person.email.clone().unwrap_or_default(),
            Column::Phone => person.phone.clone().unwrap_or_default(),
            Column::ExternalId => person.labels.external_id.clone().unwrap_or_default(),
            Column::Card => match numbers {
                Numbers::Clear => of_card(|card| card.value.clone()),
                Numbers::Masked => of_card(|card| mask(&card.value)),
            },
            Column::CardKind => of_card(|card| card.kind.name().to_owned()),
            Column::CardName => of_card(|card| card.labels.name.clone()),
            Column::CardState => of_card(|card| state_name(card.state).to_owned()),
            Column::ValidFrom => of_card(|card| {
                card.valid_from
                    .map_or_else(String::new, |at| at.to_string())
            }),
            Column::ValidUntil => of_card(|card| {
                card.valid_until
                    .map_or_else(String::new, |at| at.to_string())
            }),
        };
        guarded(&text)
    })
}

const fn state_name(state: CredentialState) -> &'static str {
    match state {
        CredentialState::Active => "active",
        CredentialState::Suspended => "suspended",
        CredentialState::Lost => "lost",
    }
}

fn put(rows: &mut csv::Writer<Vec<u8>>, cells: [String; 10]) -> Result<(), ApiError> {
    rows.write_record(cells).map_err(|error| {
        tracing::error!(%error, "a line of an export could not be written");
        ApiError::Internal
    })
}
