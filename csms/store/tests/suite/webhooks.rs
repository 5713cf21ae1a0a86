//! Outside authorities: how they are set, what must be told them, what they said beside.

use model::{
    Authority, FormerAuthority, InstallationId, Sealed, TransactionId, Webhook, WebhookLogin,
};
use store::{Delivery, DeliveryEvent, ShadowAnswer};

use crate::support::*;

pub(crate) fn webhook(site: &model::Installation) -> Webhook {
    Webhook {
        installation: site.id,
        organisation: site.organisation,
        url: "https://access.example.com/x".to_owned(),
        login: WebhookLogin::Basic("kw".to_owned()),
        secret: Some(Sealed(vec![1, 2, 3])),
        deadline_ms: 3000,
        breaker_failures: 5,
        breaker_seconds: 30,
        shadow_since: Some(at(1)),
        former: Some(FormerAuthority {
            authority: Authority::Native,
            switched_at: at(2),
        }),
        created_at: at(0),
        changed_at: at(3),
        deleted_at: None,
    }
}

pub(crate) fn delivery(installation: InstallationId) -> Delivery {
    Delivery {
        id: uuid::Uuid::now_v7(),
        installation,
        transaction: TransactionId(uuid::Uuid::now_v7()),
        event: DeliveryEvent::Ended,
        created_at: at(0),
        next_at: at(0),
        attempts: 0,
    }
}

on_both! {
    async fn an_outside_authority_comes_back_as_it_was_set_last(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let mut row = webhook(&world.installation);
        put!(store, row, |tx| tx.put_webhook(&row)).unwrap();
        assert_eq!(store.get_webhook(row.installation).await.unwrap(), Some(row.clone()));
        assert_eq!(store.all_webhooks().await.unwrap(), std::slice::from_ref(&row));
        for login in [WebhookLogin::None, WebhookLogin::Bearer] {
            row.login = login;
            row.secret = None;
            row.former = None;
            row.shadow_since = None;
            put!(store, row, |tx| tx.put_webhook(&row)).unwrap();
            assert_eq!(store.get_webhook(row.installation).await.unwrap(), Some(row.clone()));
        }
        row.deleted_at = Some(at(9));
        put!(store, row, |tx| tx.put_webhook(&row)).unwrap();
        assert_eq!(store.all_webhooks().await.unwrap(), []);
    }

    async fn news_are_taken_by_one_and_stay_until_they_are_told(database) {
        let store = open(&database).await;
        let site = world(&store).await.installation.id;
        let row = delivery(site);
        put!(store, row, |tx| tx.insert_delivery(&row)).unwrap();
        assert_eq!(store.due_deliveries(at(-1), 9).await.unwrap(), []);
        assert_eq!(store.due_deliveries(at(0), 9).await.unwrap(), [row]);
        assert!(put!(store, row, |tx| tx.postpone_delivery(&row, at(60), 0)).unwrap());
        let again = put!(store, row, |tx| tx.postpone_delivery(&row, at(61), 0)).unwrap();
        assert!(!again, "another was faster");
        assert_eq!(store.due_deliveries(at(59), 9).await.unwrap(), []);
        let taken = Delivery { next_at: at(60), ..row };
        assert!(put!(store, taken, |tx| tx.postpone_delivery(&taken, at(5), 1)).unwrap());
        let left = Delivery { next_at: at(5), attempts: 1, ..row };
        assert_eq!(store.due_deliveries(at(5), 9).await.unwrap(), [left]);
        assert_eq!(store.waiting_deliveries(site).await.unwrap(), 1);
        put!(store, row, |tx| tx.delete_delivery(row.id)).unwrap();
        assert_eq!(store.waiting_deliveries(site).await.unwrap(), 0);
    }

    async fn of_what_was_said_beside_the_newest_are_kept(database) {
        let store = open(&database).await;
        let world = world(&store).await;
        let site = world.installation.id;
        for second in 1..=5 {
            let row = ShadowAnswer {
                decision: id(),
                installation: site,
                at: at(second),
                node: Some(world.charger.id.into()),
                person: Some(world.person.id),
                credential: None,
                token: Some("04…A1".to_owned()),
                token_hash: Some(vec![7]),
                allowed_here: true,
                answer: (second % 2 == 0).then_some(false),
            };
            put!(store, row, |tx| tx.put_shadow(&row)).unwrap();
            // The same decision again is no other.
            put!(store, row, |tx| tx.put_shadow(&row)).unwrap();
            assert_eq!(store.shadow_answers(site, at(second), 9).await.unwrap(), [row]);
        }
        let times = async || {
            let rows = store.shadow_answers(site, at(0), 9).await.unwrap();
            rows.iter().map(|row| row.at).collect::<Vec<_>>()
        };
        put!(store, site, |tx| tx.forget_shadows(site, at(2), 9)).unwrap();
        assert_eq!(times().await, [at(5), at(4), at(3), at(2)]);
        put!(store, site, |tx| tx.forget_shadows(site, at(0), 1)).unwrap();
        assert_eq!(times().await, [at(5)]);
    }
}
