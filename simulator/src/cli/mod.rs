//! The program around the library.

mod args;
mod charger;
mod console;
mod fleet;
mod lock;
mod play;
mod raw;
mod vendors;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Command, Program};

/// What a subcommand came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Bad,
}

pub(crate) fn main() -> ExitCode {
    let program = Program::parse();
    if program.list_vendors {
        vendors::list().iter().for_each(|line| console::say(line));
        return ExitCode::SUCCESS;
    }
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .init();
    match run(program) {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Bad) => ExitCode::FAILURE,
        Err(error) => {
            console::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(program: Program) -> anyhow::Result<Verdict> {
    let Some(command) = program.command else {
        anyhow::bail!("a command is needed; `--help` lists them");
    };
    let mut builder = match &command {
        Command::Fleet(fleet) if fleet.current_thread => {
            tokio::runtime::Builder::new_current_thread()
        }
        Command::Charger(_) | Command::Lock(_) | Command::Fleet(_) | Command::Run(_) => {
            tokio::runtime::Builder::new_multi_thread()
        }
    };
    let runtime = builder.enable_all().build()?;
    let verdict = runtime.block_on(async {
        match command {
            Command::Charger(charger) => self::charger::run(charger).await,
            Command::Lock(lock) => self::lock::run(lock).await,
            Command::Fleet(fleet) => self::fleet::run(fleet).await,
            Command::Run(play) => self::play::run(play).await,
        }
    });
    // A reader of standard input that still waits must not hold the program.
    runtime.shutdown_background();
    verdict
}
