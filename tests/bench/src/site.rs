//! A database with an owner, chargers, people and cards, made through the program itself.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::client::Login;
use crate::server::{Server, program};

/// A fresh SQLite database in a folder.
pub struct Site {
    program: PathBuf,
    folder: PathBuf,
    key: String,
}

/// A caller of the API.
pub struct Api {
    http: reqwest::Client,
    base: String,
    key: String,
}

/// Cards and what they are worth.
#[derive(Clone, Debug)]
pub struct Cards {
    /// With a right on the installation.
    pub accepted: Vec<String>,
    /// Known, without a right; suspended; not known.
    pub refused: Vec<String>,
}

/// Somebody's right on the installation.
#[derive(Clone, Debug)]
pub struct Given {
    person: String,
    grant: String,
}

impl Site {
    /// Makes database and owner.
    ///
    /// # Errors
    /// When the program is not built or fails.
    pub fn make(folder: &Path) -> anyhow::Result<Self> {
        let program = program("keywatt", "KEYWATT_BIN")?;
        let mut child = Command::new(&program)
            .args([
                "owner",
                "create",
                "--email",
                "bench@example.com",
                "--password-stdin",
            ])
            .args(["--database", &database_url(folder)])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().context("standard input")?;
        stdin.write_all(b"correct horse battery staple\n")?;
        drop(stdin);
        let output = child.wait_with_output()?;
        ensure!(
            output.status.success(),
            "owner create ended with {}",
            output.status
        );
        let key = String::from_utf8(output.stdout)?.trim().to_owned();
        Ok(Self {
            program,
            folder: folder.to_owned(),
            key,
        })
    }

    /// Starts the server as anybody would: nothing set but where.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self) -> anyhow::Result<Server> {
        // The load has one station where a site has hundreds: no station is held back.
        self.serve_with(&["--messages-per-second", "1000000"])
    }

    /// The same with these flags besides.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn serve_with(&self, flags: &[&str]) -> anyhow::Result<Server> {
        let database = database_url(&self.folder);
        let args = ["serve", "--listen", "127.0.0.1:0", "--database", &database];
        let args = [&args, flags].concat();
        Server::start(&self.program, &args, &self.folder)
    }

    /// The API of a server on it.
    #[must_use]
    pub fn api(&self, server: &Server) -> Api {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Api {
            http: reqwest::Client::new(),
            base: format!("http://{}", server.address),
            key: self.key.clone(),
        }
    }

    /// Rows of a table, read from the file itself; the server must have ended.
    ///
    /// # Errors
    /// When there is no such table.
    pub async fn count(&self, table: &'static str) -> anyhow::Result<i64> {
        use sqlx::Connection as _;
        let mut connection = sqlx::SqliteConnection::connect(&database_url(&self.folder)).await?;
        let sql = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(count)
    }
}

fn database_url(folder: &Path) -> String {
    format!("sqlite://{}", folder.join("keywatt.db").display())
}

impl Api {
    async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Value,
    ) -> anyhow::Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let answer = request.bearer_auth(&self.key).json(&body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(&text)?)
        }
    }

    async fn post(&self, path: &str, body: Value) -> anyhow::Result<String> {
        let made = self.send(reqwest::Method::POST, path, body).await?;
        Ok(made
            .get("id")
            .and_then(Value::as_str)
            .context("no id")?
            .to_owned())
    }

    /// The same, for a runtime of its own.
    #[must_use]
    pub fn anew(&self) -> Api {
        Api {
            http: reqwest::Client::new(),
            base: self.base.clone(),
            key: self.key.clone(),
        }
    }

    /// A command to a station; gives the answer, whatever it is.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub async fn command(&self, station_id: &str, action: &str) -> anyhow::Result<String> {
        let url = format!("{}/v1/stations/{station_id}/ocpp/{action}", self.base);
        let request = self.http.post(url).bearer_auth(&self.key).json(&json!({}));
        Ok(request.send().await?.text().await?)
    }

    /// An installation that requires authorization.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn installation(&self) -> anyhow::Result<String> {
        let body = json!({
            "name": "Bench", "time_zone": "Europe/Zurich", "authorization_required": "required",
        });
        self.post("/v1/installations", body).await
    }

    /// Chargers with passwords, half of them 1.6.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn chargers(
        &self,
        installation: &str,
        count: usize,
        address: &str,
    ) -> anyhow::Result<Vec<Login>> {
        let mut logins = Vec::with_capacity(count);
        for number in 0..count {
            let station_id = format!("BENCH-{number}");
            let evses = json!([{ "number": 1 }]);
            let body = json!({
                "name": station_id, "installation_id": installation, "station_id": station_id,
                "evses": evses,
            });
            self.post("/v1/chargers", body).await?;
            let password = format!("bench-password-{number:05}");
            let path = format!("/v1/stations/{station_id}/credential");
            self.send(reqwest::Method::PUT, &path, json!({ "password": password }))
                .await?;
            let subprotocol = if number.is_multiple_of(2) {
                "ocpp1.6"
            } else {
                "ocpp2.0.1"
            };
            let address = address.to_owned();
            logins.push(Login {
                address,
                station_id,
                subprotocol,
                password,
            });
        }
        Ok(logins)
    }

    /// People with cards: as many accepted as said, and a third as many of each kind of refusal.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn cards(&self, installation: &str, count: usize) -> anyhow::Result<Cards> {
        let mut cards = Cards {
            accepted: Vec::new(),
            refused: Vec::new(),
        };
        for number in 0..count {
            let accepted = format!("04AA{number:010X}");
            let person = self.card(&accepted, "active").await?;
            self.grant(&person, installation).await?;
            cards.accepted.push(accepted);
            let refused = match number % 3 {
                0 => {
                    let card = format!("04BB{number:010X}");
                    self.card(&card, "active").await?;
                    card
                }
                1 => {
                    let card = format!("04CC{number:010X}");
                    let person = self.card(&card, "suspended").await?;
                    self.grant(&person, installation).await?;
                    card
                }
                _ => format!("04DD{number:010X}"),
            };
            cards.refused.push(refused);
        }
        Ok(cards)
    }

    /// A person with a card and a right on the installation; gives the grant.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn person_with_card(&self, card: &str, installation: &str) -> anyhow::Result<Given> {
        let person = self.card(card, "active").await?;
        let grant = self.grant(&person, installation).await?;
        Ok(Given { person, grant })
    }

    /// The same right again, after it was taken back.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn give_again(&self, given: &Given, installation: &str) -> anyhow::Result<Given> {
        let person = given.person.clone();
        let grant = self.grant(&person, installation).await?;
        Ok(Given { person, grant })
    }

    /// Takes a right back.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn revoke(&self, given: &Given) -> anyhow::Result<()> {
        let path = format!("/v1/grants/{}", given.grant);
        self.send(reqwest::Method::DELETE, &path, json!({})).await?;
        Ok(())
    }

    async fn card(&self, value: &str, state: &str) -> anyhow::Result<String> {
        let person = self.post("/v1/people", json!({ "name": value })).await?;
        let body = json!({ "kind": "rfid", "value": value, "state": state });
        self.post(&format!("/v1/people/{person}/credentials"), body)
            .await?;
        Ok(person)
    }

    async fn grant(&self, person: &str, installation: &str) -> anyhow::Result<String> {
        let body = json!({
            "subject": { "person": person }, "role": "user",
            "resource": { "installation": installation },
        });
        self.post("/v1/grants", body).await
    }
}
