//! Logs: to standard error, for people or for machines.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::LogFormat;
use crate::config::Config;

/// Sets logging up; a second time does nothing.
pub(crate) fn init(config: &Config) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|error| {
        eprintln!(
            "keywatt: the log filter `{}` is not valid ({error}); using info",
            config.log
        );
        EnvFilter::new("info")
    });
    // They would write whole frames, cards included.
    let filter = ["tungstenite=warn", "tokio_tungstenite=warn"]
        .into_iter()
        .filter_map(|quiet| quiet.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let set = match config.log_format {
        LogFormat::Text => builder.finish().try_init(),
        LogFormat::Json => builder.json().finish().try_init(),
    };
    if let Err(error) = set {
        eprintln!("keywatt: logging was set up before: {error}");
    }
}
