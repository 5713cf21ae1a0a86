//! Measures what the store is made for: acknowledged writes a second, and how long the live
//! picture of a million grants takes to load.
//!
//! `cargo run --release -p store --example figures -- DATABASE [GRANTS]`, where `DATABASE` is
//! `sqlite` (a file that goes away) or `postgres` (see `store::testing`).

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement, run by hand"
)]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use model::{
    Action, Change, Decision, Effect, Entry, Grant, Labels, Organisation, OrganisationId, Person,
    PersonId, PersonState, Phase, Reason, Revision, Role, StationId, StopGroup, Subject,
    TransactionRecord,
};
use store::testing::TestDatabase;
use store::{Store, StoreOptions};
use uuid::Uuid;

const HOLD: Duration = Duration::from_secs(25);
const CALLERS: usize = 256;
const EACH: usize = 80;
const PEOPLE: usize = 100_000;

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let which = args.next().unwrap_or_default();
    let grants: usize = args.next().map_or(1_000_000, |text| text.parse().unwrap());
    let database = match which.as_str() {
        "sqlite" => TestDatabase::sqlite().unwrap(),
        "postgres" => TestDatabase::postgres().await.unwrap(),
        _ => {
            println!("say `sqlite` or `postgres`");
            std::process::exit(2);
        }
    };
    let store = Store::open(&database.url, StoreOptions::default())
        .await
        .unwrap();
    println!("{which}: {:?}", store.settings_read_back().await.unwrap());
    writes(&store).await;
    decisions(&store).await;
    live(&store, grants).await;
    store.close().await;
}

/// Callers that each wait for their commit, as stations do for transaction messages.
async fn writes(store: &Store) {
    let begun = Begun::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let store = store.clone();
            let station = StationId::new(&format!("CP{caller}")).unwrap().key();
            tokio::spawn(async move {
                for number in 0..EACH {
                    let row = TransactionRecord {
                        station: station.clone(),
                        natural_key: format!("{number}"),
                        transaction: Uuid::now_v7().into(),
                        phase: Phase::Updated,
                        seq_no: None,
                        trigger: None,
                        time_text: "2027-01-15T08:00:00Z".to_owned(),
                        received_at: Timestamp::UNIX_EPOCH,
                        answer: None,
                        body: None,
                    };
                    store
                        .write(HOLD, move |tx| {
                            let row = row.clone();
                            Box::pin(async move {
                                if tx
                                    .find_record(&row.station, &row.natural_key)
                                    .await?
                                    .is_none()
                                {
                                    tx.insert_record(&row).await?;
                                }
                                Ok(())
                            })
                        })
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    report(
        "acknowledged writes (a look-up and an insert each)",
        CALLERS * EACH,
        begun,
    );
}

/// Callers that wait for a place in the queue only, as Authorize does.
async fn decisions(store: &Store) {
    let begun = Begun::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    store.log_decision(decision(number), HOLD).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    store.flush().await;
    report("decision rows", CALLERS * EACH, begun);
}

fn decision(number: usize) -> Decision {
    Decision {
        id: Uuid::now_v7().into(),
        organisation: Some(Uuid::now_v7().into()),
        at: Timestamp::UNIX_EPOCH,
        as_of: Timestamp::UNIX_EPOCH,
        revision: Revision(1),
        entry: Entry::Authorize16,
        station: Some(StationId::new("CP1").unwrap().key()),
        message_id: Some(format!("m{number}")),
        action: Action::Use,
        node: Some(Uuid::now_v7().into()),
        evse: Some(1),
        person: Some(Uuid::now_v7().into()),
        credential: Some(Uuid::now_v7().into()),
        api_key: None,
        token: Some("04…D4".to_owned()),
        reason: Reason::Granted,
        grant: Some(Uuid::now_v7().into()),
        duration_ns: 700,
    }
}

/// The live picture: people and their grants.
async fn live(store: &Store, grants: usize) {
    let begun = Begun::now();
    let organisation: OrganisationId = Uuid::now_v7().into();
    let root = Organisation {
        id: organisation,
        labels: Labels::default(),
        created_at: Timestamp::UNIX_EPOCH,
        deleted_at: None,
    };
    store
        .write(HOLD, move |tx| {
            let root = root.clone();
            Box::pin(async move { tx.insert_organisation(&root).await })
        })
        .await
        .unwrap();
    let people: Vec<PersonId> = (0..PEOPLE).map(|_| Uuid::now_v7().into()).collect();
    for chunk in people.chunks(1_000) {
        let chunk = chunk.to_vec();
        store
            .write(HOLD, move |tx| {
                let chunk = chunk.clone();
                Box::pin(async move {
                    for id in chunk {
                        tx.insert_person(&person(id, organisation)).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
    }
    let mut made = 0;
    while made < grants {
        let count = 1_000.min(grants - made);
        let holders: Vec<PersonId> = people
            .iter()
            .copied()
            .cycle()
            .skip(made % PEOPLE)
            .take(count)
            .collect();
        store
            .write(HOLD, move |tx| {
                let holders = holders.clone();
                Box::pin(async move {
                    for holder in holders {
                        tx.insert_grant(&grant(holder, organisation)).await?;
                    }
                    Ok(())
                })
            })
            .await
            .unwrap();
        made += count;
    }
    report("people and grants made", PEOPLE + grants, begun);
    let begun = Begun::now();
    let mut rows = 0_usize;
    let take = |_: Change| {
        rows += 1;
        Ok(())
    };
    store.load_live(Timestamp::UNIX_EPOCH, take).await.unwrap();
    report("rows of the live picture loaded", rows, begun);
}

fn person(id: PersonId, organisation: OrganisationId) -> Person {
    Person {
        id,
        organisation,
        account: None,
        managed_at: organisation.into(),
        labels: Labels::default(),
        email: None,
        phone: None,
        state: PersonState::Active,
        suspension: None,
        member_until: None,
        stop_group: StopGroup::new("0123456789ABCDEF"),
        language: None,
        created_at: Timestamp::UNIX_EPOCH,
        deleted_at: None,
    }
}

fn grant(person: PersonId, organisation: OrganisationId) -> Grant {
    Grant {
        id: Uuid::now_v7().into(),
        organisation,
        subject: Subject::Person(person),
        role: Some(Role::User),
        actions: Role::User.actions(),
        node: organisation.into(),
        effect: Effect::Allow,
        condition: model::Condition::default(),
        valid_from: None,
        valid_until: None,
        reason: None,
        source: "api".to_owned(),
        created_by: None,
        created_at: Timestamp::UNIX_EPOCH,
        revoked_at: None,
    }
}

/// When something began, by the clock and by the processor time of this process.
struct Begun {
    at: Instant,
    ticks: u32,
}

impl Begun {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            ticks: ticks(),
        }
    }
}

/// Hundredths of a second, user and system; 0 where there is no /proc.
fn ticks() -> u32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum()
}

fn report(what: &str, count: usize, begun: Begun) {
    let processor = f64::from(ticks() - begun.ticks) / 100.0;
    let seconds = begun.at.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(count).unwrap()) / seconds;
    println!(
        "{what}: {count} in {seconds:.2} s ({processor:.2} s of processor), {rate:.0} a second"
    );
}
