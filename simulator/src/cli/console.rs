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

/// Commands from standard input.
pub(super) struct Commands {
    lines: Lines<BufReader<Stdin>>,
}

impl Commands {
    pub(super) fn new() -> Commands {
        Commands {
            lines: BufReader::new(tokio::io::stdin()).lines(),
        }
    }

    /// The words of the next line; nothing at the end of the input or on Ctrl-C.
    pub(super) async fn next(&mut self) -> Option<Vec<String>> {
        if is_interactive() {
            let _ = write!(std::io::stdout().lock(), "> ");
            let _ = std::io::stdout().flush();
        }
        let line = tokio::select! {
            line = self.lines.next_line() => line.ok().flatten()?,
            _ = tokio::signal::ctrl_c() => return None,
        };
        if !is_interactive() {
            say(&format!("> {line}"));
        }
        Some(line.split_whitespace().map(str::to_owned).collect())
    }
}

/// Prints what happens, until the station is gone.
pub(super) async fn tell_events(mut events: broadcast::Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(event) => say(&format!("  {event}")),
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                say(&format!("  ({missed} events not shown)"));
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
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

/// A number in a command; 1 if it is left out.
pub(super) fn number(word: Option<&String>) -> Result<u32, String> {
    match word {
        None => Ok(1),
        Some(word) => word
            .parse()
            .map_err(|_| format!("`{word}` is not a number")),
    }
}
