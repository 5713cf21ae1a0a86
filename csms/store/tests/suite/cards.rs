//! Cards that nobody has, enrolments, and what known cards tell of readers.

use model::{
    Enrolment, EnrolmentProblem, EnrolmentState, OrganisationId, Person, ReaderProfile,
    ReaderProposal, ReaderStep, UnknownCard,
};
use store::{Constraint, Droppable, Page};

use crate::support::*;

fn unknown(organisation: OrganisationId, value: &str, second: i64) -> UnknownCard {
    UnknownCard {
        id: id(),
        organisation,
        key: model::normalise(value),
        value: value.to_owned(),
        node: id(),
        station: Some(model::StationId::new("cp1").unwrap().key()),
        count: 1,
        first_at: at(second),
        last_at: at(second),
    }
}

pub(crate) fn enrolment(person: &Person) -> Enrolment {
    Enrolment {
        id: id(),
        organisation: person.organisation,
        person: person.id,
        node: id(),
        opened_by: None,
        opened_at: at(0),
        until: at(60),
        state: EnrolmentState::Open,
        value: None,
        presented_at: None,
        problem: None,
        credential: None,
    }
}

on_both! {
    async fn an_unknown_card_is_counted_once_a_presentation_and_kept_once_a_point(database) {
        let store = open(&database).await;
        let first = unknown(id(), "04:A1:B2:C3", 0);
        let again = |second: i64| UnknownCard { id: id(), first_at: at(second), last_at: at(second), ..first.clone() };
        // A second after the first it is the same presentation, asked about twice.
        for row in [first.clone(), again(1), again(11), again(100)] {
            put!(store, row, |tx| tx.note_unknown_cards(&[&row])).unwrap();
        }
        let elsewhere = UnknownCard { node: id(), ..again(50) };
        put!(store, elsewhere, |tx| tx.note_unknown_cards(&[&elsewhere])).unwrap();
        let listed = async || {
            store.list_unknown_cards(first.organisation, &Page::first(10)).await.unwrap().items
        };
        let expected = UnknownCard { count: 3, last_at: at(100), ..first.clone() };
        assert_eq!(listed().await, [expected.clone(), elsewhere]);
        assert_eq!(store.get_unknown_card(first.id).await.unwrap(), Some(expected));

        let organisation = first.organisation;
        assert!(put!(store, |tx| tx.delete_unknown_card(organisation, "04A1B2C3")).unwrap());
        assert!(!put!(store, |tx| tx.delete_unknown_card(organisation, "04A1B2C3")).unwrap());
        assert_eq!(listed().await, []);

        // The same in one batch.
        let rows = [first.clone(), again(1), again(11), again(100)];
        put!(store, rows, |tx| async {
            let rows: Vec<&UnknownCard> = rows.iter().collect();
            tx.note_unknown_cards(&rows).await
        })
        .unwrap();
        assert_eq!(listed().await, [UnknownCard { count: 3, last_at: at(100), ..first.clone() }]);
    }

    async fn the_inbox_of_an_organisation_is_bounded_and_another_one_is_left_alone(database) {
        let store = open(&database).await;
        let organisation = id();
        let other = unknown(id(), "04FF", 0);
        put!(store, other, |tx| tx.note_unknown_cards(&[&other])).unwrap();
        for number in 0..1_010 {
            let row = unknown(organisation, &format!("04{number:06}"), number);
            store.offer(Droppable::UnknownCard(row));
            if number % 100 == 0 {
                store.flush().await;
            }
        }
        store.flush().await;
        let mut page = Page::first(1_000);
        let list = store.list_unknown_cards(organisation, &page).await.unwrap();
        assert_eq!(list.items.len(), 1_000);
        assert_eq!(list.items[0].value, "04001009");
        assert_eq!(list.items[999].value, "04000010");
        page.after = list.next;
        assert!(page.after.is_none());
        assert_eq!(store.get_unknown_card(other.id).await.unwrap(), Some(other));
    }

    async fn a_point_has_one_open_window_and_an_end_forgets_the_number(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut row = enrolment(&world.person);
        put!(store, row, |tx| tx.insert_enrolment(&row)).unwrap();
        let second = Enrolment { node: row.node, ..enrolment(&world.person) };
        let refused = put!(store, second, |tx| tx.insert_enrolment(&second)).unwrap_err();
        assert_eq!(refused.conflict(), Some(Constraint::EnrolmentOpen));
        assert_eq!(store.open_enrolments(at(59)).await.unwrap(), [row.clone()]);
        assert_eq!(store.open_enrolments(at(60)).await.unwrap(), []);

        row.state = EnrolmentState::Presented;
        row.value = Some("04A1B2C3".to_owned());
        row.presented_at = Some(at(3));
        row.problem = Some(EnrolmentProblem::RandomUid);
        row.until = at(100);
        assert!(put!(store, row, |tx| tx.update_enrolment(&row)).unwrap());
        assert_eq!(store.get_enrolment(row.id).await.unwrap(), Some(row.clone()));
        // A window that has its card leaves the point to the next one.
        put!(store, second, |tx| tx.insert_enrolment(&second)).unwrap();

        put!(store, |tx| tx.end_enrolments(at(99))).unwrap();
        let listed = store.list_enrolments(row.organisation, &Page::first(10)).await.unwrap().items;
        let ended = Enrolment { state: EnrolmentState::Ended, ..second };
        assert_eq!(listed, [row.clone(), ended.clone()]);
        put!(store, |tx| tx.end_enrolments(at(100))).unwrap();
        row.state = EnrolmentState::Ended;
        row.value = None;
        let listed = store.list_enrolments(row.organisation, &Page::first(10)).await.unwrap().items;
        assert_eq!(listed, [row, ended]);
    }

    async fn what_cards_tell_of_a_reader_is_counted_by_model_and_organisation(database) {
        let store = open(&database).await;
        let organisation = id();
        let row = |model: &str, steps: Vec<ReaderStep>, second| ReaderProposal {
            organisation,
            vendor: "Vendor".to_owned(),
            model: model.to_owned(),
            profile: ReaderProfile::new(steps),
            count: 1,
            first_at: at(second),
            last_at: at(second),
        };
        let reversed = || vec![ReaderStep::ReverseBytes];
        let decimal = vec![ReaderStep::DecimalToHex { bytes: 4 }];
        let long = "m".repeat(400);
        for row in [
            row("One", decimal.clone(), 0),
            row("One", reversed(), 1),
            row("One", reversed(), 2),
            row("Two", reversed(), 3),
            row(&long, reversed(), 4),
        ] {
            store.offer(Droppable::ReaderProposal(row));
        }
        store.flush().await;
        let told = async |organisation, model: &str| {
            store.reader_proposals(organisation, "Vendor", model).await.unwrap()
        };
        let twice = ReaderProposal { count: 2, last_at: at(2), ..row("One", reversed(), 1) };
        assert_eq!(told(organisation, "One").await, [twice, row("One", decimal, 0)]);
        assert_eq!(told(organisation, &long).await.len(), 1);
        assert_eq!(told(id(), "One").await, []);
    }
}
