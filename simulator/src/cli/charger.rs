//! `simulator charger`.

use std::time::Duration;

use simulator::charger::{
    AuthorizeOutcome, Charger, ChargerConfig, Presented, RetryId, StartOutcome, StopOutcome,
};
use simulator::clock::ClockSetting;
use simulator::station::{BackOff, Heartbeats, Reconnect};
use simulator::transport::MessageIds;
use simulator::{StationError, StopReason, Token, describe};

use super::Verdict;
use super::args::ChargerArgs;
use super::console::{self, Console, Next, number, say};
use super::raw;

const HELP: &str = "\
plug [N]            a vehicle is plugged in
unplug [N]          and pulled out
card TOKEN [N]      a card is held before the reader: 04A1B2C3, or eMAID:DE…, KeyCode:…; also `tap`
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
reorder             the first two messages that wait change places
limit AMPERES|off   a limit from outside comes or goes
needs               the vehicle tells what it needs (2.0.1)
sign                asks for a certificate with a new key
display             messages on the display (2.0.1)";

const END: &str = "\
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
    if let Some(vendor) = args.vendor {
        let version = config.endpoint.version;
        anyhow::ensure!(
            vendor.versions.contains(&version),
            "chargers of `{}` do not speak OCPP {version}",
            vendor.name
        );
        config.imitate(vendor);
    }
    for habit in &args.habits.deviate {
        config.habits.take_up(*habit);
    }
    config.without.clone_from(&args.habits.without);
    config.pace = Duration::from_secs(args.habits.pace);
    config.tap = args.habits.wire.then(console::wire_tap);
    let charger = Charger::new(config);
    let mut console = Console::new(charger.events());
    say(&format!(
        "charger {} speaks OCPP {}; `help` lists the commands",
        args.id,
        charger.version()
    ));
    if let Err(error) = console.during(charger.switch_on()).await {
        console::complain(&describe(&error));
        if !console::is_interactive() {
            return Ok(Verdict::Bad);
        }
        charger.keep_connected();
    }
    let mut verdict = Verdict::Good;
    while let Some(line) = console.next().await {
        match console.during(obey(&charger, &line)).await {
            Ok(Next::Go(lines)) => lines.iter().for_each(|line| say(line)),
            Ok(Next::Quit) => break,
            Err(error) => {
                say(&error);
                verdict = Verdict::Bad;
            }
        }
    }
    console.during(charger.switch_off()).await;
    // A person's slip is no failure; a script's is.
    Ok(if console::is_interactive() {
        Verdict::Good
    } else {
        verdict
    })
}

async fn obey(charger: &Charger, line: &str) -> Result<Next, String> {
    let words = &console::words(line);
    if let Some(outcome) = raw::obey(charger, line, words).await {
        return outcome;
    }
    let Some(command) = words.first() else {
        return Ok(Next::Go(Vec::new()));
    };
    let word = |at: usize| words.get(at);
    let token = || -> Result<Token, String> {
        let text = word(1).ok_or_else(|| format!("`{command}` needs a token"))?;
        Ok(Token::parse(text))
    };
    let failed = |error: StationError| describe(&error);
    let and_show =
        |line: Option<String>| Next::Go(line.into_iter().chain(shown(charger)).collect());
    Ok(match command.as_str() {
        "help" => Next::Go(vec![HELP.to_owned(), raw::HELP.to_owned(), END.to_owned()]),
        "reorder" => {
            if !charger.reorder() {
                return Err("fewer than two messages wait".to_owned());
            }
            Next::Go(Vec::new())
        }
        "limit" => {
            let amperes = match word(1).map(String::as_str) {
                None | Some("off") => None,
                Some(text) => Some(
                    text.parse()
                        .map_err(|_| format!("`{text}` is not a number"))?,
                ),
            };
            charger.outside_limit(amperes).await;
            Next::Go(Vec::new())
        }
        "sign" => return raw::told(charger.sign_certificate().await),
        "needs" => return raw::told(charger.send("NotifyEVChargingNeeds", None).await),
        "display" => Next::Go(charger.displayed()),
        "plug" => {
            let start = charger.plug(number(word(1))?).await.map_err(failed)?;
            and_show(start.as_ref().map(started))
        }
        "unplug" => {
            let stop = charger.unplug(number(word(1))?).await.map_err(failed)?;
            and_show(stop.as_ref().map(stopped))
        }
        "card" | "tap" => {
            let presented = charger
                .present(number(word(2))?, &token()?)
                .await
                .map_err(failed)?;
            and_show(Some(told(&presented)))
        }
        "authorize" => {
            let outcome = charger.authorize(&token()?).await.map_err(failed)?;
            Next::line(authorized(&outcome))
        }
        "start" => {
            let connector = number(word(2))?;
            let start = charger
                .start_transaction(connector, &token()?)
                .await
                .map_err(failed)?;
            and_show(Some(started(&start)))
        }
        "stop" => {
            let stop = charger
                .stop_transaction(number(word(1))?, StopReason::Local, None)
                .await
                .map_err(failed)?;
            and_show(Some(stopped(&stop)))
        }
        "meter" => {
            let sent = charger
                .meter_values(number(word(1))?)
                .await
                .map_err(failed)?;
            Next::line(if sent.is_some() {
                "acknowledged"
            } else {
                "queued"
            })
        }
        "status" => and_show(None),
        "notify" => {
            charger.status(number(word(1))?).await.map_err(failed)?;
            Next::line("acknowledged")
        }
        "fault" => {
            let text = words.get(1..).unwrap_or_default().join(" ");
            charger.set_fault(1, Some(&text)).await.map_err(failed)?;
            and_show(None)
        }
        "repair" => {
            charger.set_fault(1, None).await.map_err(failed)?;
            and_show(None)
        }
        "offline" => {
            charger.disconnect().await;
            Next::Go(Vec::new())
        }
        "online" => {
            charger.connect().await.map_err(failed)?;
            Next::Go(Vec::new())
        }
        "drop" => {
            charger.drop_connection().await;
            Next::Go(Vec::new())
        }
        "reboot" => {
            charger.reboot().await.map_err(failed)?;
            and_show(None)
        }
        "retry" => {
            let id = match word(1).map(String::as_str) {
                None | Some("same") => RetryId::Same,
                Some("new") => RetryId::New,
                Some(other) => return Err(format!("`{other}` is neither `same` nor `new`")),
            };
            let answer = charger.retry_last(id).await.map_err(failed)?;
            Next::line(format!("answered with {answer}"))
        }
        "wait" => {
            let seconds = number(word(1))?;
            tokio::time::sleep(Duration::from_secs(seconds.into())).await;
            Next::Go(Vec::new())
        }
        "quit" => Next::Quit,
        other => return Err(format!("`{other}` is not a command; `help` lists them")),
    })
}

/// What drivers see, and what waits.
fn shown(charger: &Charger) -> Vec<String> {
    let mut lines: Vec<String> = charger.views().iter().map(ToString::to_string).collect();
    if charger.queued() > 0 {
        lines.push(format!(
            "{} messages wait for the connection",
            charger.queued()
        ));
    }
    lines
}

fn authorized(outcome: &AuthorizeOutcome) -> String {
    let mut text = outcome.status().to_owned();
    if let Some(expires) = outcome.info.expires {
        text += &format!(", until {expires:.0}");
    }
    if let Some(group) = &outcome.info.group {
        text += &format!(", group {group}");
    }
    if !outcome.info.evses.is_empty() {
        text += &format!(", only at EVSE {:?}", outcome.info.evses);
    }
    text
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
        Presented::Reserved(outcome) => {
            format!(
                "card {}, but this is kept for somebody else",
                outcome.status()
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
