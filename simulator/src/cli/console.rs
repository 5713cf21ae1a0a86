//! Lines in and out.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use simulator::transport::Tap;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines, Stdin};
use tokio::sync::broadcast;

use simulator::Event;

/// One line on standard output. A reader that has gone away ends nothing.
pub(super) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// One line on standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether a person sits before it.
pub(super) fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
}

/// Commands in, events and outcomes out, in the order in which they happen.
pub(super) struct Console {
    lines: Lines<BufReader<Stdin>>,
    events: broadcast::Receiver<Event>,
}

impl Console {
    pub(super) fn new(events: broadcast::Receiver<Event>) -> Console {
        Console {
            lines: BufReader::new(tokio::io::stdin()).lines(),
            events,
        }
    }

    /// The next line; nothing at the end of the input or on Ctrl-C.
    pub(super) async fn next(&mut self) -> Option<String> {
        if is_interactive() {
            let _ = write!(std::io::stdout().lock(), "> ");
            let _ = std::io::stdout().flush();
        }
        let line = loop {
            tokio::select! {
                biased;
                _ = tokio::signal::ctrl_c() => return None,
                event = self.events.recv() => tell(event),
                line = self.lines.next_line() => break line.ok().flatten()?,
            }
        };
        if !is_interactive() {
            say(&format!("> {line}"));
        }
        Some(line)
    }

    /// Does some work, telling what happens meanwhile.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let outcome = loop {
            tokio::select! {
                biased;
                event = self.events.recv() => tell(event),
                outcome = &mut work => break outcome,
            }
        };
        while let Ok(event) = self.events.try_recv() {
            tell(Ok(event));
        }
        outcome
    }
}

fn tell(event: Result<Event, broadcast::error::RecvError>) {
    match event {
        Ok(event) => say(&format!("  {event}")),
        Err(broadcast::error::RecvError::Lagged(missed)) => {
            say(&format!("  ({missed} events not shown)"));
        }
        // The station lives as long as the program.
        Err(broadcast::error::RecvError::Closed) => {}
    }
}

/// What to do after a command, and what to say about it.
pub(super) enum Next {
    Go(Vec<String>),
    Quit,
}

impl Next {
    /// One line.
    pub(super) fn line(text: impl Into<String>) -> Next {
        Next::Go(vec![text.into()])
    }
}

/// Shows messages as they go over the wire.
struct Wire;

impl Tap for Wire {
    fn sent(&self, _station: &str, text: &str) {
        say(&format!("  → {text}"));
    }

    fn received(&self, _station: &str, text: &str) {
        say(&format!("  ← {text}"));
    }
}

pub(super) fn wire_tap() -> Arc<dyn Tap> {
    Arc::new(Wire)
}

/// The words of a line.
pub(super) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A number in a command; 1 if it is left out.
pub(super) fn number(word: Option<&String>) -> Result<u32, String> {
    match word {
        None => Ok(1),
        Some(word) => word
            .parse()
            .map_err(|_| format!("`{word}` is not a number")),
    }
}
