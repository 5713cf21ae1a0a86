//! The program: configuration, wiring, lifecycle and subcommands. What it does is in the crates
//! below it.

mod audit;
mod cli;
mod config;
mod demo;
mod doctor;
mod explain;
mod logging;
mod outside;
mod owner;
mod pepper;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{AuditCommand, Cli, Command, ConfigCommand, OwnerCommand};

/// Worked.
const OK: u8 = 0;
/// Did not.
const FAILED: u8 = 1;

/// Reads the command line and does what it says. Usage errors exit with 2 (by clap).
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(dispatch(cli)));
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("keywatt: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

async fn dispatch(cli: Cli) -> anyhow::Result<u8> {
    let Cli { command, serve } = cli;
    match command {
        None => serve::serve(config::Config::gather(serve)?).await,
        Some(Command::Serve(serve)) => serve::serve(config::Config::gather(*serve)?).await,
        Some(Command::Demo(options)) => demo::demo(options).await,
        Some(Command::Doctor(args)) => doctor::doctor(args).await,
        Some(Command::Explain(args)) => explain::explain(*args).await,
        Some(Command::Owner {
            command: OwnerCommand::Create(new),
        }) => owner::create(new).await,
        Some(Command::Migrate(serve)) => {
            let config = config::Config::gather(*serve)?;
            logging::init(&config);
            store::Store::migrate(&config.database).await?;
            eprintln!("keywatt: the database is in the form of this version");
            Ok(OK)
        }
        Some(Command::Audit {
            command: AuditCommand::Verify(args),
        }) => audit::verify(args).await,
        Some(Command::Config {
            command: ConfigCommand::Check(serve),
        }) => {
            let config = config::Config::gather(*serve)?;
            config.check()?;
            print_line(&config.to_toml()?);
            Ok(OK)
        }
    }
}

/// What a command answers goes to standard output; everything else to standard error.
#[expect(clippy::print_stdout, reason = "the answer of a command")]
fn print_line(line: &str) {
    println!("{line}");
}
