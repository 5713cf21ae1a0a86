//! `simulator lock`.

use std::time::Duration;

use simulator::clock::ClockSetting;
use simulator::lock::{Ask, Bolt, CardOutcome, Lock, LockConfig, Pull};
use simulator::station::{BackOff, Heartbeats, Reconnect};
use simulator::transport::MessageIds;
use simulator::{StationError, Token, describe};

use super::Verdict;
use super::args::{AskArg, LockArgs};
use super::console::{self, Commands, number, say};

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
reboot              starts again
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
    config.tap = args.habits.wire.then(console::wire_tap);
    let lock = Lock::new(config);
    tokio::spawn(console::tell_events(lock.events()));
    say(&format!(
        "lock {} speaks OCPP {}; `help` lists the commands",
        args.id,
        lock.version()
    ));
    if let Err(error) = lock.switch_on().await {
        console::complain(&describe(&error));
        if !console::is_interactive() {
            return Ok(Verdict::Bad);
        }
        lock.keep_connected();
    }
    let mut verdict = Verdict::Good;
    let mut commands = Commands::new();
    while let Some(words) = commands.next().await {
        match obey(&lock, &words).await {
            Ok(Next::Go) => {}
            Ok(Next::Quit) => break,
            Err(error) => {
                say(&error);
                verdict = Verdict::Bad;
            }
        }
        tokio::task::yield_now().await;
    }
    // What has just happened is told before the connection is closed.
    let told = lock.wait_until(Duration::from_secs(2), |lock| {
        lock.connection().is_none() || lock.waiting_events() == 0
    });
    if told.await.is_err() {
        say(&format!(
            "{} door events were not acknowledged",
            lock.waiting_events()
        ));
    }
    lock.switch_off().await;
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

async fn obey(lock: &Lock, words: &[String]) -> Result<Next, String> {
    let Some(command) = words.first() else {
        return Ok(Next::Go);
    };
    let word = |at: usize| words.get(at);
    let failed = |error: StationError| describe(&error);
    match command.as_str() {
        "help" => say(HELP),
        "card" => {
            let text = word(1).ok_or("`card` needs a token")?;
            let token = Token::parse(text);
            let outcome = lock
                .present_card(number(word(2))?, &token)
                .await
                .map_err(failed)?;
            say(&told(&outcome));
            show(lock);
        }
        "open" => match lock.open_door(number(word(1))?).map_err(failed)? {
            Pull::Opened => show(lock),
            Pull::Locked => say("it is locked"),
        },
        "close" => {
            lock.close_door(number(word(1))?).map_err(failed)?;
            show(lock);
        }
        "exit" => {
            lock.push_bar(number(word(1))?).map_err(failed)?;
            show(lock);
        }
        "force" => {
            lock.force(number(word(1))?).map_err(failed)?;
            show(lock);
        }
        "jam" => {
            lock.set_bolt(number(word(1))?, Bolt::Jammed)
                .map_err(failed)?;
            show(lock);
        }
        "free" => {
            lock.set_bolt(number(word(1))?, Bolt::Moves)
                .map_err(failed)?;
            show(lock);
        }
        "tamper" => lock.tamper(),
        "status" => show(lock),
        "offline" => lock.disconnect().await,
        "online" => lock.connect().await.map_err(failed)?,
        "drop" => lock.drop_connection().await,
        "reboot" => drop(lock.reboot().await.map_err(failed)?),
        "wait" => {
            let seconds = number(word(1))?;
            tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        }
        "quit" => return Ok(Next::Quit),
        other => return Err(format!("`{other}` is not a command; `help` lists them")),
    }
    Ok(Next::Go)
}

fn show(lock: &Lock) {
    for view in lock.views() {
        say(&view.to_string());
    }
    if lock.waiting_events() > 0 && lock.connection().is_none() {
        say(&format!(
            "{} door events wait for the connection",
            lock.waiting_events()
        ));
    }
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
