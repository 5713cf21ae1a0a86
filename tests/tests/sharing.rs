//! Sharing: invitations, partners, handovers of ownership, and what a partner sees.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "sharing/handovers.rs"]
mod handovers;
#[path = "sharing/invitations.rs"]
mod invitations;
#[path = "sharing/partners.rs"]
mod partners;
#[path = "sharing/views.rs"]
mod views;

use keywatt_tests::facts::{Installation, text};
use keywatt_tests::server::OWNER_PASSWORD;
use keywatt_tests::site::organisation_of;
use keywatt_tests::{Api, DatabaseKind, Options, Response, Server, unique};
use serde_json::{Value, json};

/// The password of who registers here.
const PASSWORD: &str = "a long sentence about gates";

/// Two organisations: whose installations they are, and who works on them.
struct Two {
    server: Server,
    owner: Api,
    organisation: String,
    site: Installation,
    partner: Api,
    partner_organisation: String,
}

impl Two {
    async fn make() -> Two {
        Two::on(DatabaseKind::Sqlite).await
    }

    async fn on(database: DatabaseKind) -> Two {
        let mut server = Server::start(Options::on(database)).await;
        // With SQLite the server must not be running while an owner is made.
        server.kill_9();
        let email = unique::email();
        drop(server.create_owner(&email, Some("Installer Ltd")));
        server.start_again();
        let owner = server.owner();
        // Logged in: a key of the partner's organisation works there and nowhere else.
        let partner = owner.session(&email, OWNER_PASSWORD).await;
        let site = owner.installation().await;
        Two {
            organisation: organisation_of(&owner).await,
            partner_organisation: organisation_of(&partner).await,
            site,
            owner,
            partner,
            server,
        }
    }

    /// The first owner, logged in.
    async fn owner_session(&self) -> Api {
        self.owner
            .session(&self.server.owner_email, OWNER_PASSWORD)
            .await
    }

    /// The partner's lookup key.
    async fn key(&self) -> String {
        let path = format!("/v1/organisations/{}/lookup-key", self.partner_organisation);
        let body = self.partner.put(&path, json!({})).await.expect(200);
        text(&body, "lookup_key")
    }

    /// A confirmed partnership in the role of a service partner on the installation.
    async fn joined(&self) -> String {
        let key = self.key().await;
        let fields = json!({
            "lookup_key": key, "role": "service", "resource": { "installation": self.site.id },
        });
        let proposed = self.owner.post("/v1/partners", fields).await.expect(201);
        let id = text(&proposed, "id");
        drop(confirm(&self.owner, &id).await.expect(200));
        id
    }
}

async fn confirm(as_whom: &Api, partnership: &str) -> Response {
    let path = format!("/v1/partners/{partnership}/confirm");
    as_whom.post(&path, json!({})).await
}

/// The fields at fault of a 422.
fn at_fault(answer: Response) -> Vec<(String, String)> {
    let body = answer.problem(422, "invalid");
    body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (text(fault, "field"), text(fault, "code")))
        .collect()
}

fn fault(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}

/// The ids of a list.
fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| text(item, "id")).collect()
}
