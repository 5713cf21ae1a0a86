//! `keywatt owner create`: the first login.

use std::io::BufRead;
use std::sync::Arc;

use anyhow::{Context, bail};
use app::admin::{Admin, NewOwner};
use app::clock::{SystemClock, SystemRandom};
use app::link::NoStations;
use app::{App, Live, Parts};
use store::{Store, StoreOptions};

use crate::cli::OwnerCreateArgs;
use crate::config::Config;
use crate::{OK, logging, pepper, print_line};

/// Makes account, organisation, person and owner grant; prints an API key, alone, once.
pub(crate) async fn create(args: OwnerCreateArgs) -> anyhow::Result<u8> {
    let config = Config::for_database(args.database)?;
    logging::init(&Config {
        log: "warn".to_owned(),
        ..config.clone()
    });
    let mut password = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut password)
        .context("standard input")?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("standard input held no password");
    }
    let pepper = pepper::read_or_make(&config.pepper_file)?;
    let live = Live::new((0, 0));
    let options = StoreOptions {
        on_commit: live.hook(),
        audit_key: Some(app::secret::audit_key(&pepper)),
        ..StoreOptions::default()
    };
    let store = Store::open(&config.database, options)
        .await
        .context("the database")?;
    let app = App::start(Parts {
        store: store.clone(),
        live,
        link: Arc::new(NoStations),
        outside: Arc::new(app::authority::Nowhere),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        settings: config.settings(pepper),
    })
    .await?;
    let made = Admin::new(Arc::clone(&app))
        .create_owner(NewOwner {
            email: args.email,
            password,
            organisation: args.organisation,
        })
        .await;
    app.stop().await;
    store.close().await;
    match made {
        Ok(made) => {
            eprintln!(
                "keywatt: owner of `{}`; the API key is shown once:",
                made.organisation.labels.name
            );
            print_line(made.api_key.reveal());
            Ok(OK)
        }
        Err(app::ApiError::Invalid(fields)) => {
            let problems: Vec<String> = fields
                .iter()
                .map(|field| format!("{}: {}", field.field, field.message))
                .collect();
            bail!("{}", problems.join("; "))
        }
        Err(error) => bail!("{error}"),
    }
}
