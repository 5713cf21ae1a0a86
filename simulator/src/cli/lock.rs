//! `simulator lock`.

use std::time::Duration;

use simulator::clock::ClockSetting;
use simulator::lock::{Ask, Bolt, CardOutcome, Lock, LockConfig, Pull};
use simulator::station::{BackOff, Heartbeats, Reconnect};
use simulator::transport::MessageIds;
use simulator::{StationError, Token, describe};

use super::Verdict;
use super::args::{AskArg, LockArgs};
use super::console::{self, Console, Next, number, say};
use super::raw;

const HELP: &str = "\
card TOKEN [DOOR]   a card is held before the reader, or a PIN typed: KeyCode:123456
open [DOOR]         somebody pulls the door
close [DOOR]        it falls shut
exit [DOOR]         somebody leaves by the push bar
force [DOOR]        somebody opens it with force
jam [DOOR]          the bolt sticks; `free` frees it
tamper              somebody opens the case of the controller
status              what people see
offline             closes the connection and stays away
online              connects again
drop                loses the connection without a word
reboot              starts again";

const END: &str = "\
wait SECONDS        lets time pass
quit                the end";

pub(super) async fn run(args: LockArgs) -> anyhow::Result<Verdict> {
    let mut config = LockConfig::new(args.target.endpoint(&args.id)?);
    config.doors = args.doors;
    config.open_seconds = args.open_seconds;
    config.heartbeats = Heartbeats::AsTold;
    config.reconnect = Reconnect::BackOff(BackOff::default());
    if let Some(ask) = args.ask {
        config.ask = match ask {
            AskArg::Door => Ask::DoorAuthorize,
            AskArg::Authorize => Ask::Authorize,
            AskArg::Unnamed => Ask::AuthorizeUnnamed,
        };
    }
    if args.habits.counter_ids {
        config.message_ids = MessageIds::counter();
    }
    if args.habits.clock_1970 {
        config.clock = ClockSetting::Stuck(jiff::Timestamp::UNIX_EPOCH);
    }
    for habit in &args.habits.deviate {
        config.habits.take_up(*habit);
    }
    config.without.extend(&args.habits.without);
    config.pace = Duration::from_secs(args.habits.pace);
    config.tap = args.habits.wire.then(console::wire_tap);
    let lock = Lock::new(config);
    let mut console = Console::new(lock.events());
    say(&format!(
        "lock {} speaks OCPP {}; `help` lists the commands",
        args.id,
        lock.version()
    ));
    if let Err(error) = console.during(lock.switch_on()).await {
        console::complain(&describe(&error));
        if !console::is_interactive() {
            return Ok(Verdict::Bad);
        }
        lock.keep_connected();
    }
    let mut verdict = Verdict::Good;
    while let Some(line) = console.next().await {
        match console.during(obey(&lock, &line)).await {
            Ok(Next::Go(lines)) => lines.iter().for_each(|line| say(line)),
            Ok(Next::Quit) => break,
            Err(error) => {
                say(&error);
                verdict = Verdict::Bad;
            }
        }
    }
    // What has just happened is told before the connection is closed.
    let told = lock.wait_until(Duration::from_secs(2), |lock| {
        lock.connection().is_none() || lock.waiting_events() == 0
    });
    let told = console.during(told).await;
    if told.is_err() || lock.waiting_events() > 0 {
        say(&format!(
            "{} door events were not acknowledged",
            lock.waiting_events()
        ));
    }
    console.during(lock.switch_off()).await;
    // A person's slip is no failure; a script's is.
    Ok(if console::is_interactive() {
        Verdict::Good
    } else {
        verdict
    })
}

async fn obey(lock: &Lock, line: &str) -> Result<Next, String> {
    let words = &console::words(line);
    if let Some(outcome) = raw::obey(lock, line, words).await {
        return outcome;
    }
    let Some(command) = words.first() else {
        return Ok(Next::Go(Vec::new()));
    };
    let word = |at: usize| words.get(at);
    let failed = |error: StationError| describe(&error);
    let door = || number(word(1));
    let mut lines = Vec::new();
    let mut show = true;
    match command.as_str() {
        "help" => {
            return Ok(Next::Go(vec![
                HELP.to_owned(),
                raw::HELP.to_owned(),
                END.to_owned(),
            ]));
        }
        "card" => {
            let token = Token::parse(word(1).ok_or("`card` needs a token")?);
            let outcome = lock
                .present_card(number(word(2))?, &token)
                .await
                .map_err(failed)?;
            lines.push(told(&outcome));
        }
        "open" => {
            if lock.open_door(door()?).map_err(failed)? == Pull::Locked {
                lines.push("it is locked".to_owned());
            }
        }
        "close" => lock.close_door(door()?).map_err(failed)?,
        "exit" => lock.push_bar(door()?).map_err(failed)?,
        "force" => lock.force(door()?).map_err(failed)?,
        "jam" => lock.set_bolt(door()?, Bolt::Jammed).map_err(failed)?,
        "free" => lock.set_bolt(door()?, Bolt::Moves).map_err(failed)?,
        "tamper" => lock.tamper(),
        "status" => {}
        "offline" => lock.disconnect().await,
        "online" => lock.connect().await.map_err(failed)?,
        "drop" => lock.drop_connection().await,
        "reboot" => drop(lock.reboot().await.map_err(failed)?),
        "wait" => {
            let seconds = number(word(1))?;
            tokio::time::sleep(Duration::from_secs(seconds.into())).await;
            show = false;
        }
        "quit" => return Ok(Next::Quit),
        other => return Err(format!("`{other}` is not a command; `help` lists them")),
    }
    if show {
        lines.extend(shown(lock));
    }
    Ok(Next::Go(lines))
}

/// What people see, and what waits.
fn shown(lock: &Lock) -> Vec<String> {
    let mut lines: Vec<String> = lock.views().iter().map(ToString::to_string).collect();
    if lock.waiting_events() > 0 && lock.connection().is_none() {
        lines.push(format!(
            "{} door events wait for the connection",
            lock.waiting_events()
        ));
    }
    lines
}

fn told(outcome: &CardOutcome) -> String {
    let mut text = format!(
        "{}: {} ({})",
        if outcome.opened { "come in" } else { "refused" },
        outcome.status,
        outcome.source.name()
    );
    if let Some(reason) = &outcome.reason {
        text += &format!(", {reason}");
    }
    if let Some(line) = &outcome.text {
        text += &format!(" “{line}”");
    }
    text
}
