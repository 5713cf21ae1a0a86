//! What a scenario finds: an installation with a charger, and the people it names.

use serde_json::{Value, json};

use super::fill::{Names, named};
use super::scenario::{Given, Scenario};
use crate::facts::{Card, Charger, Installation, Person, instant};
use crate::{Api, unique};

/// The charger of a scenario and what its names stand for.
pub(super) struct Scene {
    pub(super) owner: Api,
    pub(super) station_id: String,
    pub(super) names: Names,
}

impl Scene {
    /// Makes it through the API.
    pub(super) async fn make(owner: Api, scenario: &Scenario) -> Scene {
        let given = &scenario.given;
        let site = installation(&owner, given).await;
        let charger = charger(&owner, given, &site).await;
        let mut names = Names::default();
        names.set("installation", json!(site.id));
        names.set("charger", json!(charger.id));
        names.set("station", json!(charger.station_id));
        for (index, evse) in charger.evses.iter().enumerate() {
            names.set(&format!("evse.{}", index + 1), json!(evse));
        }
        let text = format!("{scenario:?}");
        let mut who = named(&text, "card.");
        who.extend(named(&text, "person."));
        who.extend(named(&text, "credential."));
        if who.contains("mate") {
            who.insert("good".to_owned());
        }
        let group = unique::stop_group();
        for name in who {
            let (person, card) = one(&owner, &site, &charger, &name, &group).await;
            names.set(&format!("card.{name}"), json!(card.presented.value));
            names.set(&format!("person.{name}"), json!(person.id));
            names.set(&format!("credential.{name}"), json!(card.id));
        }
        names.set("group", json!(group));
        Scene {
            owner,
            station_id: charger.station_id,
            names,
        }
    }
}

async fn installation(owner: &Api, given: &Given) -> Installation {
    let mut fields = json!({ "authorization_required": "required" });
    merge(&mut fields, given.installation.as_ref());
    owner.installation_with(fields).await
}

async fn charger(owner: &Api, given: &Given, site: &Installation) -> Charger {
    let mut fields = json!({});
    merge(&mut fields, given.charger.as_ref());
    let evses = given.evses.unwrap_or(2);
    let charger = owner.charger_with(site, evses, fields).await;
    if let Some(password) = &given.password {
        let path = format!("/v1/stations/{}/credential", charger.station_id);
        let body = json!({ "password": password });
        drop(owner.put(&path, body).await.ok());
    }
    charger
}

fn merge(fields: &mut Value, further: Option<&Value>) {
    let further = further.and_then(Value::as_object);
    for (name, value) in further.into_iter().flatten() {
        fields[name] = value.clone();
    }
}

/// A person of some fate, with a card.
async fn one(
    owner: &Api,
    site: &Installation,
    charger: &Charger,
    name: &str,
    group: &str,
) -> (Person, Card) {
    let fields = match name {
        "good" | "mate" => json!({ "name": name, "stop_group": group }),
        "left" => json!({ "name": name, "member_until": instant(-3600) }),
        "barred" => json!({ "name": name, "state": "suspended" }),
        _ => json!({ "name": name }),
    };
    let person = owner.person_with(fields).await;
    let card = match name {
        "suspended" => json!({ "state": "suspended" }),
        "lost" => json!({ "state": "lost" }),
        "expired" => json!({ "valid_from": instant(-7200), "valid_until": instant(-3600) }),
        "key" => json!({ "kind": "key" }),
        "contract" => json!({ "kind": "emaid" }),
        _ => json!({}),
    };
    if name == "unknown" {
        // Nobody's: no credential is made of it.
        let presented = crate::wire::Presented::card(&unique::card());
        let id = String::new();
        return (person, Card { id, presented });
    }
    let card = owner.card_with(&person, card).await;
    grant(owner, site, charger, name, &person).await;
    (person, card)
}

async fn grant(owner: &Api, site: &Installation, charger: &Charger, name: &str, person: &Person) {
    let user = || json!({ "role": "user" });
    match name {
        "elsewhere" => {
            let other = owner.charger(site, 1).await;
            owner.grant(person, "user", other.node()).await;
        }
        "first" => {
            let evse = ("evse", charger.evses[0].as_str());
            owner.grant(person, "user", evse).await;
        }
        "soon" => {
            let mut fields = user();
            fields["valid_from"] = json!(instant(3600));
            owner.grant_with(person, charger.node(), fields).await;
        }
        "limited" => {
            let mut fields = user();
            fields["valid_until"] = json!(instant(3600));
            owner.grant_with(person, charger.node(), fields).await;
        }
        "denied" => {
            owner.grant(person, "user", charger.node()).await;
            let fields = json!({ "role": "user", "effect": "deny" });
            owner.grant_with(person, charger.node(), fields).await;
        }
        "good" | "mate" | "other" | "third" | "left" | "barred" | "suspended" | "lost"
        | "expired" | "key" | "contract" => {
            owner.grant(person, "user", charger.node()).await;
        }
        other => panic!("there is no `{other}`"),
    }
}
