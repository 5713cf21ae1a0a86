//! `keywatt doctor`: what is wrong between stations and this server, in plain words, as it happens.
//!
//! It asks a running server over its API, with an API key, like any other program.

mod book;
mod client;
mod stream;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::bail;

use crate::cli::DoctorArgs;
use crate::{FAILED, OK};
use book::{Entry, Severity};
use client::Client;
use stream::Told;

/// The pause before the stream is opened again.
const RECONNECT: Duration = Duration::from_secs(2);

/// Prints the present state; then, unless `--once`, what happens, until interrupted.
///
/// With `--once` it ends with 1 where something needs somebody, 0 where nothing does.
///
/// # Errors
/// When the server cannot be asked.
pub(crate) async fn doctor(args: DoctorArgs) -> anyhow::Result<u8> {
    let Some(key) = args.api_key else {
        bail!(
            "give an API key with --api-key or KEYWATT_API_KEY; `keywatt owner create` prints one"
        );
    };
    let client = Client::new(&args.url, &key)?;
    let paper = Paper::new();
    let mut seen = present(&client, args.station.as_deref(), &paper).await?;
    if args.once {
        return Ok(if seen.needs_somebody { FAILED } else { OK });
    }
    paper.say(&format!("watching {}; stop with Ctrl-C", client.base()));
    loop {
        let watched = watch(&client, args.station.as_deref(), &paper, &mut seen);
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(OK),
            ended = watched => match ended {
                Ok(()) => {}
                Err(error) => paper.say(&format!("the stream broke: {error:#}; trying again")),
            },
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(OK),
            () = tokio::time::sleep(RECONNECT) => {}
        }
    }
}

/// What was looked at.
struct Seen {
    needs_somebody: bool,
    /// Of the event that was seen last.
    last: Option<String>,
}

async fn present(client: &Client, station: Option<&str>, paper: &Paper) -> anyhow::Result<Seen> {
    let stations = client.stations(station).await?;
    let online = stations.iter().filter(|station| station.online).count();
    paper.say(&format!("{} stations, {online} connected", stations.len()));
    let mut entries = Vec::new();
    for station in &stations {
        if !station.online {
            entries.push(book::offline(station));
        }
        entries.extend(client.findings(&station.id).await?);
    }
    match client.refused().await? {
        Some(refused) => entries.extend(
            refused
                .into_iter()
                .filter(|entry| station.is_none_or(|id| entry.who.eq_ignore_ascii_case(id))),
        ),
        None => paper.say(
            "refused handshakes are shown to who holds `manage_security` on the organisation that \
             was made first; this key does not",
        ),
    }
    entries.sort_by(|a, b| (b.severity, &a.who).cmp(&(a.severity, &b.who)));
    for entry in &entries {
        paper.print(entry);
    }
    let problems = entries
        .iter()
        .filter(|entry| entry.severity == Severity::Problem)
        .count();
    paper.say(&match problems {
        0 => "nothing needs you".to_owned(),
        1 => "1 thing needs you".to_owned(),
        many => format!("{many} things need you"),
    });
    Ok(Seen {
        needs_somebody: problems > 0,
        last: None,
    })
}

/// Prints what happens until the stream ends.
async fn watch(
    client: &Client,
    station: Option<&str>,
    paper: &Paper,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let mut stream = client.events(seen.last.as_deref()).await?;
    while let Some(event) = stream.next().await? {
        if let Some(id) = &event.id {
            seen.last = Some(id.clone());
        }
        match event.told() {
            Some(Told::Entry(entry))
                if station.is_none_or(|id| entry.who.eq_ignore_ascii_case(id)) =>
            {
                paper.print(&entry);
            }
            Some(Told::Gap) => paper.say("some of what happened was missed"),
            Some(Told::Entry(_)) | None => {}
        }
    }
    Ok(())
}

/// Standard output, with colour only for people.
struct Paper {
    colour: bool,
}

impl Paper {
    fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour: wanted && std::io::stdout().is_terminal(),
        }
    }

    fn say(&self, line: &str) {
        self.write(line);
    }

    fn print(&self, entry: &Entry) {
        self.write(&entry.lines(self.colour));
    }

    /// A reader that went away ends nothing: the exit code still tells.
    fn write(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}");
        let _ = out.flush();
    }
}
