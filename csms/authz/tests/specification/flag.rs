//! The flag, case by case: the golden file `tests/golden/flag.txt` is written by hand from what is
//! documented of it, one line a case.

use authz::{Intent, ORDER, Resource, Told};
use model::*;

use crate::agree::{directory, engine};
use crate::facts::Facts;
use crate::spec::Answer;
use crate::world::*;

const GOLDEN: &str = include_str!("../golden/flag.txt");

fn facts(authority: Authority, site: AuthorizationRequired, own: ChargerAuthorization) -> Facts {
    let mut facts = base();
    facts.installations[0].authority = authority;
    facts.installations[0].authorization_required = site;
    facts.chargers[0].authorization_required = own;
    for number in [ME, OTHER] {
        facts.people.push(person(number, HOME));
    }
    facts
        .credentials
        .push(credential(900, ME, CredentialKind::Rfid, CARD));
    facts.credentials.push(credential(
        901,
        OTHER,
        CredentialKind::Rfid,
        "04000000000002",
    ));
    facts.grants.push(grant(
        500,
        Subject::Person(PersonId(id(ME))),
        Role::User,
        SITE,
    ));
    facts
}

fn told(facts: &Facts, who: &str, told: Option<Told>) -> String {
    let value = match who {
        "permitted" => CARD,
        "unpermitted" => "04000000000002",
        "unknown" => "04000000000009",
        _ => "",
    };
    let resource = Resource::AnyEvse(id(CHARGER).into());
    let question = Question {
        told,
        ..card(value, resource, Intent::Ask)
    };
    match engine(ORDER, &question, &directory(facts), &facts.usage(), now()) {
        Answer::Yes(reason, _) | Answer::No(reason, _) => reason.code().to_owned(),
        Answer::Ask => "ask".to_owned(),
    }
}

#[test]
fn the_flag_does_what_is_documented_of_it() {
    let mut made = Vec::new();
    for authority in Authority::ALL {
        for (site, site_word) in [
            (AuthorizationRequired::Required, "required"),
            (AuthorizationRequired::Open, "open"),
        ] {
            for (own, own_word) in [
                (ChargerAuthorization::Inherit, "inherit"),
                (ChargerAuthorization::Required, "required"),
                (ChargerAuthorization::Open, "open"),
            ] {
                let facts = facts(authority, site, own);
                for who in ["permitted", "unpermitted", "unknown", "nothing"] {
                    let name = authority.name();
                    let mut line = format!("{name:8}{site_word:10}{own_word:10}{who:13}");
                    line += &told(&facts, who, None);
                    if authority != Authority::Native {
                        let yes = told(&facts, who, Some(Told::Yes));
                        let no = told(&facts, who, Some(Told::No));
                        let silent = told(&facts, who, Some(Told::Nothing));
                        line += &format!(", yes {yes}, no {no}, silent {silent}");
                    }
                    made.push(line);
                }
            }
        }
    }
    let golden: Vec<&str> = GOLDEN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(golden.len(), 48);
    for (made, golden) in made.iter().zip(&golden) {
        assert_eq!(made, golden);
    }
}
