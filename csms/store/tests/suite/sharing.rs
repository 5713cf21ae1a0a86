//! Invitations, handovers and partners: they come back, and of two who take one at once, one does.

use model::{
    Accepted, Action, ActionSet, Handover, Invitation, OfferState, OrganisationId, PartnerLink,
    PartnerProfile, Partnership, PartnershipId, PartnershipState, Person, Promise, Promiser, Role,
    Side,
};
use store::Page;

use crate::support::*;

fn promise(organisation: OrganisationId) -> Promise {
    Promise {
        role: Some(Role::User),
        actions: Role::User.actions(),
        node: organisation.into(),
        valid_from: None,
        valid_until: Some(at(900)),
    }
}

pub(crate) fn invitation(by: &Person) -> Invitation {
    Invitation {
        id: id(),
        organisation: by.organisation,
        email: "somebody@example.com".to_owned(),
        person: Some(by.id),
        promise: promise(by.organisation),
        message: Some("welcome".to_owned()),
        token_hash: uuid::Uuid::new_v4().as_bytes().to_vec(),
        by: Promiser {
            person: by.id,
            key: None,
        },
        created_at: at(0),
        expires_at: at(600),
        accepted: None,
        revoked_at: None,
    }
}

pub(crate) fn handover(from: &Person, to: &Person) -> Handover {
    Handover {
        id: id(),
        organisation: from.organisation,
        node: from.organisation.into(),
        from: from.id,
        to: to.id,
        leaves: Some(Role::Service),
        message: None,
        created_at: at(0),
        expires_at: at(600),
        accepted_at: None,
        ended_at: None,
    }
}

pub(crate) fn profile(organisation: OrganisationId, key: &str) -> PartnerProfile {
    PartnerProfile {
        organisation,
        lookup_key: Some(key.to_owned()),
        verified_name: None,
        verified_at: None,
        changed_at: at(0),
    }
}

pub(crate) fn partnership(by: &Person, partner: OrganisationId) -> Partnership {
    Partnership {
        id: id(),
        organisation: by.organisation,
        partner,
        promise: promise(by.organisation),
        message: None,
        proposed_by: by.id,
        proposed_at: at(0),
        confirmed: None,
        ended: None,
    }
}

pub(crate) fn link(by: &Person) -> PartnerLink {
    PartnerLink {
        id: id(),
        partner: by.organisation,
        role: None,
        actions: ActionSet::EMPTY.with(Action::Service),
        message: None,
        token_hash: uuid::Uuid::new_v4().as_bytes().to_vec(),
        created_by: by.id,
        created_at: at(0),
        expires_at: at(600),
        used: None,
        revoked_at: None,
    }
}

on_both! {
    async fn an_invitation_is_accepted_once_and_by_its_newest_link(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut row = invitation(&world.person);
        put!(store, row, |tx| tx.insert_invitation(&row)).unwrap();
        assert_eq!(store.find_invitation(&row.token_hash).await.unwrap(), Some(row.clone()));
        let first_link = row.token_hash.clone();
        row.token_hash = vec![7; 32];
        row.expires_at = at(700);
        assert!(put!(store, row, |tx| tx.renew_invitation(&row)).unwrap());
        assert_eq!(store.find_invitation(&first_link).await.unwrap(), None);
        assert_eq!(store.get_invitation(row.id).await.unwrap(), Some(row.clone()));

        let accept = |hash: Vec<u8>, seconds: i64| {
            let accepted = Accepted { at: at(seconds), person: world.person.id, grant: id() };
            let (store, invitation) = (store.clone(), row.id);
            async move {
                store
                    .write(HOLD, move |tx| {
                        let hash = hash.clone();
                        Box::pin(async move {
                            tx.accept_invitation(invitation, &hash, &accepted).await
                        })
                    })
                    .await
                    .unwrap()
            }
        };
        assert!(!accept(first_link, 10).await, "by the link that was replaced");
        assert!(!accept(row.token_hash.clone(), 700).await, "when its time is over");
        let both = tokio::join!(
            accept(row.token_hash.clone(), 10),
            accept(row.token_hash.clone(), 10),
        );
        assert_eq!([both.0, both.1].iter().filter(|taken| **taken).count(), 1);
        assert!(!put!(store, row, |tx| tx.revoke_invitation(row.id, at(11))).unwrap());
        assert!(!put!(store, row, |tx| tx.renew_invitation(&row)).unwrap());
        let list = store.list_invitations(row.organisation, &Page::first(10)).await.unwrap();
        assert_eq!(list.items.len(), 1);
        assert_eq!(list.items[0].state(at(800)), OfferState::Used);
        assert_eq!(list.items[0].accepted.map(|accepted| accepted.person), Some(world.person.id));
    }

    async fn a_withdrawn_invitation_is_accepted_by_nobody(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let row = invitation(&world.person);
        put!(store, row, |tx| tx.insert_invitation(&row)).unwrap();
        assert!(put!(store, row, |tx| tx.revoke_invitation(row.id, at(5))).unwrap());
        let accepted = Accepted { at: at(6), person: world.person.id, grant: id() };
        let taken = put!(store, row, |tx| {
            tx.accept_invitation(row.id, &row.token_hash, &accepted)
        });
        assert!(!taken.unwrap());
        let found = store.get_invitation(row.id).await.unwrap().unwrap();
        assert_eq!(found.state(at(6)), OfferState::Revoked);
    }

    async fn a_handover_ends_once(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let other = another(&store, &world).await;
        let row = handover(&world.person, &other);
        put!(store, row, |tx| tx.insert_handover(&row)).unwrap();
        assert_eq!(store.get_handover(row.id).await.unwrap(), Some(row.clone()));
        assert!(!put!(store, row, |tx| tx.accept_handover(row.id, at(600))).unwrap());
        assert!(put!(store, row, |tx| tx.accept_handover(row.id, at(5))).unwrap());
        assert!(!put!(store, row, |tx| tx.accept_handover(row.id, at(6))).unwrap());
        assert!(!put!(store, row, |tx| tx.end_handover(row.id, at(6))).unwrap());
        let list = store.list_handovers(row.organisation, &Page::first(10)).await.unwrap();
        assert_eq!(list.items[0].accepted_at, Some(at(5)));
    }

    async fn a_partner_is_found_by_its_newest_key(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut row = profile(world.organisation.id, "TZB4");
        put!(store, row, |tx| tx.put_partner_profile(&row)).unwrap();
        row.lookup_key = Some("TZB5".to_owned());
        row.verified_name = Some("Installer Ltd".to_owned());
        row.verified_at = Some(at(1));
        put!(store, row, |tx| tx.put_partner_profile(&row)).unwrap();
        assert_eq!(store.find_partner("TZB4").await.unwrap(), None);
        assert_eq!(store.find_partner("TZB5").await.unwrap(), Some(row.clone()));
        assert_eq!(store.get_partner_profile(row.organisation).await.unwrap(), Some(row));
    }

    async fn a_partnership_is_confirmed_and_ended_once_and_may_begin_again(database) {
        let store = open(&database).await;
        let (one, other) = (world(&store).await, world(&store).await);
        let row = partnership(&one.person, other.organisation.id);
        put!(store, row, |tx| tx.insert_partnership(&row)).unwrap();
        let live = || store.live_partnership(one.organisation.id, other.organisation.id);
        assert_eq!(live().await.unwrap(), Some(row.clone()));
        assert_eq!(store.live_partnership(row.partner, row.organisation).await.unwrap(), None);
        let by = one.person.id;
        assert!(put!(store, row, |tx| tx.confirm_partnership(row.id, by, at(1))).unwrap());
        assert!(!put!(store, row, |tx| tx.confirm_partnership(row.id, by, at(2))).unwrap());
        assert!(put!(store, row, |tx| tx.end_partnership(row.id, Side::Partner, at(3))).unwrap());
        assert!(!put!(store, row, |tx| tx.end_partnership(row.id, Side::Owner, at(4))).unwrap());
        let found = store.get_partnership(row.id).await.unwrap().unwrap();
        assert_eq!(found.state(), PartnershipState::Ended);
        assert_eq!((found.confirmed, found.ended), (Some((by, at(1))), Some((Side::Partner, at(3)))));
        assert_eq!(live().await.unwrap(), None);
        let again = partnership(&one.person, other.organisation.id);
        put!(store, again, |tx| tx.insert_partnership(&again)).unwrap();
        for organisation in [row.organisation, row.partner] {
            let list = store.list_partnerships(organisation, &Page::first(10)).await.unwrap();
            assert_eq!(list.items.len(), 2);
        }
    }

    async fn who_was_erased_is_in_no_offer_and_partnerships_stay(database) {
        let store = open(&database).await;
        let (one, other) = (world(&store).await, world(&store).await);
        let second = another(&store, &one).await;
        let mut by_mail = invitation(&second);
        by_mail.person = None;
        by_mail.email = one.person.email.clone().unwrap().to_lowercase();
        let kept = Invitation { person: None, email: "kept@example.com".to_owned(), ..invitation(&second) };
        let rows = [invitation(&one.person), by_mail, kept.clone()];
        for row in rows {
            put!(store, row, |tx| tx.insert_invitation(&row)).unwrap();
        }
        let passed_on = handover(&second, &one.person);
        put!(store, passed_on, |tx| tx.insert_handover(&passed_on)).unwrap();
        let mut works = partnership(&one.person, other.organisation.id);
        works.confirmed = Some((one.person.id, at(1)));
        put!(store, works, |tx| tx.insert_partnership(&works)).unwrap();
        let asked = link(&one.person);
        put!(store, asked, |tx| tx.insert_partner_link(&asked)).unwrap();

        let gone = one.person.id;
        put!(store, |tx| tx.erase_person(None, gone, None, at(50))).unwrap();
        let left = store.list_invitations(one.organisation.id, &Page::first(10)).await.unwrap();
        // Those with the address of who was erased go too, and others have it here.
        assert!(left.items.iter().all(|row| row.id == kept.id), "{left:?}");
        assert_eq!(store.get_handover(passed_on.id).await.unwrap(), None);
        assert_eq!(store.get_partner_link(asked.id).await.unwrap(), None);
        let works = store.get_partnership(works.id).await.unwrap().unwrap();
        assert_eq!(works.state(), PartnershipState::Confirmed);
        assert_ne!(works.proposed_by, gone);
        assert_ne!(works.confirmed.map(|(person, _)| person), Some(gone));
    }

    async fn a_link_of_a_partner_is_used_once(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let row = link(&world.person);
        put!(store, row, |tx| tx.insert_partner_link(&row)).unwrap();
        assert_eq!(store.find_partner_link(&row.token_hash).await.unwrap(), Some(row.clone()));
        let came: PartnershipId = id();
        assert!(!put!(store, row, |tx| tx.use_partner_link(row.id, at(600), came)).unwrap());
        assert!(put!(store, row, |tx| tx.use_partner_link(row.id, at(5), came)).unwrap());
        assert!(!put!(store, row, |tx| tx.use_partner_link(row.id, at(5), came)).unwrap());
        assert!(!put!(store, row, |tx| tx.revoke_partner_link(row.id, at(6))).unwrap());
        let list = store.list_partner_links(row.partner, &Page::first(10)).await.unwrap();
        assert_eq!(list.items[0].used, Some((at(5), came)));
    }
}

/// Another person of the same organisation.
async fn another(store: &store::Store, world: &World) -> Person {
    let row = Person {
        id: id(),
        account: None,
        ..world.person.clone()
    };
    put!(store, row, |tx| tx.insert_person(&row)).unwrap();
    row
}
