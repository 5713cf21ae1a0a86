//! `simulator charger`.

use std::time::Duration;

use simulator::charger::{Charger, ChargerConfig, Presented, RetryId, StartOutcome, StopOutcome};
use simulator::clock::ClockSetting;
use simulator::station::{BackOff, Heartbeats, Reconnect};
use simulator::transport::MessageIds;
use simulator::{StationError, StopReason, Token, describe};

use super::Verdict;
use super::args::ChargerArgs;
use super::console::{self, Commands, number, say};

const HELP: &str = "\
plug [N]            a vehicle is plugged in
unplug [N]          and pulled out
card TOKEN [N]      a card is held before the reader: 04A1B2C3, or eMAID:DE…, KeyCode:…
authorize TOKEN     Authorize only
start TOKEN [N]     a transaction begins without asking before
stop [N]            the transaction ends
meter [N]           a meter sample
status              what drivers see
notify [N]          StatusNotification
fault TEXT          connector 1 breaks; `repair` mends it
offline             closes the connection and stays away
online              connects again
drop                loses the connection without a word
reboot              loses power, starts again
retry [same|new]    the last transaction message again, with its id or a new one
wait SECONDS        lets time pass
quit                the end";

pub(super) async fn run(args: ChargerArgs) -> anyhow::Result<Verdict> {
    let mut config = ChargerConfig::new(args.target.endpoint(&args.id)?);
    config.connectors = args.connectors;
    config.authorization_cache = !args.no_cache;
    config.authorize_remote = args.authorize_remote;
    config.offline_for_unknown = args.offline_for_unknown;
    config.heartbeats = Heartbeats::AsTold;
    config.reconnect = Reconnect::BackOff(BackOff::default());
    if args.habits.counter_ids {
        config.message_ids = MessageIds::counter();
    }
    if args.habits.clock_1970 {
        config.clock = ClockSetting::Stuck(jiff::Timestamp::UNIX_EPOCH);
    }
    config.tap = args.habits.wire.then(console::wire_tap);
    let charger = Charger::new(config);
    tokio::spawn(console::tell_events(charger.events()));
    say(&format!(
        "charger {} speaks OCPP {}; `help` lists the commands",
        args.id,
        charger.version()
    ));
    if let Err(error) = charger.switch_on().await {
        console::complain(&describe(&error));
        if !console::is_interactive() {
            return Ok(Verdict::Bad);
        }
        charger.keep_connected();
    }
    let mut verdict = Verdict::Good;
    let mut commands = Commands::new();
    while let Some(words) = commands.next().await {
        match obey(&charger, &words).await {
            Ok(Next::Go) => {}
            Ok(Next::Quit) => break,
            Err(error) => {
                say(&error);
                verdict = Verdict::Bad;
            }
        }
        // What follows from the command is told before the next one.
        tokio::task::yield_now().await;
    }
    charger.switch_off().await;
    // A person's slip is no failure; a script's is.
    Ok(if console::is_interactive() {
        Verdict::Good
    } else {
        verdict
    })
}

enum Next {
    Go,
    Quit,
}

async fn obey(charger: &Charger, words: &[String]) -> Result<Next, String> {
    let Some(command) = words.first() else {
        return Ok(Next::Go);
    };
    let word = |at: usize| words.get(at);
    let token = || -> Result<Token, String> {
        let text = word(1).ok_or_else(|| format!("`{command}` needs a token"))?;
        Ok(Token::parse(text))
    };
    let failed = |error: StationError| describe(&error);
    match command.as_str() {
        "help" => say(HELP),
        "plug" => match charger.plug(number(word(1))?).await.map_err(failed)? {
            Some(start) => say(&started(&start)),
            None => show(charger),
        },
        "unplug" => {
            if let Some(stop) = charger.unplug(number(word(1))?).await.map_err(failed)? {
                say(&stopped(&stop));
            }
            show(charger);
        }
        "card" => {
            let presented = charger
                .present(number(word(2))?, &token()?)
                .await
                .map_err(failed)?;
            say(&told(&presented));
            show(charger);
        }
        "authorize" => {
            let outcome = charger.authorize(&token()?).await.map_err(failed)?;
            say(&format!("{outcome:?}"));
        }
        "start" => {
            let start = charger
                .start_transaction(number(word(2))?, &token()?)
                .await
                .map_err(failed)?;
            say(&started(&start));
            show(charger);
        }
        "stop" => {
            let stop = charger
                .stop_transaction(number(word(1))?, StopReason::Local, None)
                .await
                .map_err(failed)?;
            say(&stopped(&stop));
            show(charger);
        }
        "meter" => {
            let sent = charger
                .meter_values(number(word(1))?)
                .await
                .map_err(failed)?;
            say(if sent.is_some() {
                "acknowledged"
            } else {
                "queued"
            });
        }
        "status" => show(charger),
        "notify" => charger.status(number(word(1))?).await.map_err(failed)?,
        "fault" => {
            let text = words.get(1..).unwrap_or_default().join(" ");
            charger.set_fault(1, Some(&text)).await.map_err(failed)?;
            show(charger);
        }
        "repair" => {
            charger.set_fault(1, None).await.map_err(failed)?;
            show(charger);
        }
        "offline" => charger.disconnect().await,
        "online" => charger.connect().await.map_err(failed)?,
        "drop" => charger.drop_connection().await,
        "reboot" => drop(charger.reboot().await.map_err(failed)?),
        "retry" => {
            let id = match word(1).map(String::as_str) {
                None | Some("same") => RetryId::Same,
                Some("new") => RetryId::New,
                Some(other) => return Err(format!("`{other}` is neither `same` nor `new`")),
            };
            let answer = charger.retry_last(id).await.map_err(failed)?;
            say(&format!("answered with {answer}"));
        }
        "wait" => {
            let seconds = number(word(1))?;
            tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        }
        "quit" | "exit" => return Ok(Next::Quit),
        other => return Err(format!("`{other}` is not a command; `help` lists them")),
    }
    Ok(Next::Go)
}

fn show(charger: &Charger) {
    for view in charger.views() {
        say(&view.to_string());
    }
    if charger.queued() > 0 {
        say(&format!(
            "{} messages wait for the connection",
            charger.queued()
        ));
    }
}

fn told(presented: &Presented) -> String {
    match presented {
        Presented::Started {
            authorization,
            start,
        } => format!(
            "card {} ({}), {}",
            authorization.status(),
            authorization.source.name(),
            started(start)
        ),
        Presented::Stopped(stop) => stopped(stop),
        Presented::Waiting(outcome) => {
            format!(
                "card {} ({}): plug in",
                outcome.status(),
                outcome.source.name()
            )
        }
        Presented::Refused(outcome) => {
            format!(
                "card refused: {} ({})",
                outcome.status(),
                outcome.source.name()
            )
        }
        Presented::NotYours(outcome) => {
            format!(
                "card {}, but this is somebody else's session",
                outcome.status()
            )
        }
        Presented::OutOfService => "out of service".to_owned(),
    }
}

fn started(start: &StartOutcome) -> String {
    match (&start.transaction, start.status()) {
        (Some(transaction), Some(status)) => format!("transaction {transaction}: {status}"),
        (Some(transaction), None) => format!("transaction {transaction}"),
        (None, _) => "transaction begun, its start waits for the connection".to_owned(),
    }
}

fn stopped(stop: &StopOutcome) -> String {
    let name = stop.transaction.as_deref().unwrap_or("?");
    match (&stop.message_id, stop.status()) {
        (Some(_), Some(status)) => format!("transaction {name} ended; the token is {status}"),
        (Some(_), None) => format!("transaction {name} ended"),
        (None, _) => format!("transaction {name} ended, its end waits for the connection"),
    }
}
