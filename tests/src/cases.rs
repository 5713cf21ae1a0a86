//! The form of `cases/*.yaml`: facts, a question, and what must come of it at every entry.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A way in. The names are those of the decision log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Entry {
    /// 1.6 Authorize at a charger.
    #[serde(rename = "ocpp16_authorize")]
    Authorize16,
    /// 1.6 StartTransaction.
    #[serde(rename = "ocpp16_start_transaction")]
    Start16,
    /// 2.0.1 Authorize at a charger.
    #[serde(rename = "ocpp201_authorize")]
    Authorize201,
    /// 2.0.1 TransactionEvent.
    #[serde(rename = "ocpp201_transaction_event")]
    TransactionEvent201,
    /// A card at a lock, 1.6.
    #[serde(rename = "lock16")]
    Lock16,
    /// A card at a lock, 2.0.1.
    #[serde(rename = "lock201")]
    Lock201,
    /// Door access over HTTP.
    #[serde(rename = "door_http")]
    DoorHttp,
    /// Remote start by the API.
    #[serde(rename = "api")]
    Api,
}

impl Entry {
    /// Every entry.
    pub const ALL: [Entry; 8] = [
        Entry::Authorize16,
        Entry::Start16,
        Entry::Authorize201,
        Entry::TransactionEvent201,
        Entry::Lock16,
        Entry::Lock201,
        Entry::DoorHttp,
        Entry::Api,
    ];

    /// The name in the decision log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Entry::Authorize16 => "ocpp16_authorize",
            Entry::Start16 => "ocpp16_start_transaction",
            Entry::Authorize201 => "ocpp201_authorize",
            Entry::TransactionEvent201 => "ocpp201_transaction_event",
            Entry::Lock16 => "lock16",
            Entry::Lock201 => "lock201",
            Entry::DoorHttp => "door_http",
            Entry::Api => "api",
        }
    }
}

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A claim, unique among all cases.
    pub name: String,
    /// The flag of the installation.
    #[serde(default = "required")]
    pub installation: String,
    /// The flag of the charger.
    #[serde(default = "inherit")]
    pub charger: String,
    /// How many EVSEs the charger has.
    #[serde(default = "one")]
    pub evses: u32,
    /// How many doors the lock has.
    #[serde(default = "one")]
    pub doors: u32,
    /// Transactions in progress that one person may have in the installation.
    pub concurrent: Option<u32>,
    /// What its doors ask of those who come.
    #[serde(default)]
    pub door: DoorFacts,
    /// In which forms a card's number counts at its stations.
    pub numbers: Option<String>,
    /// `lockdown` or `evacuation` of the installation, or both.
    #[serde(default)]
    pub emergencies: Vec<String>,
    /// Who passes doors that are locked down.
    #[serde(default)]
    pub exempt: Vec<String>,
    /// Cards that were used at a door before the question: `anna.card`.
    #[serde(default)]
    pub used: Vec<String>,
    /// How many wrong codes were entered at each point before the question.
    #[serde(default)]
    pub wrong_codes: u32,
    /// Whose cards entered by the door before the question: `anna.card`.
    #[serde(default)]
    pub inside: Vec<String>,
    /// Decided elsewhere: what an outside service says.
    pub elsewhere: Option<Elsewhere>,
    /// The offline policy of chargers and doors.
    pub offline: Option<String>,
    /// Who there is, by a name of this case.
    #[serde(default)]
    pub people: BTreeMap<String, PersonFacts>,
    /// What happens at the charger before it is asked, and is undone after it was.
    #[serde(default)]
    pub before: Vec<Before>,
    /// The question.
    pub ask: Ask,
    /// Where it is asked.
    #[serde(default)]
    pub at: Place,
    /// The reason that must be in the log.
    pub expect: String,
    /// Entries at which something else is expected.
    #[serde(default)]
    pub except: Vec<Exception>,
}

/// What a door asks of those who come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorFacts {
    /// The weakest credential that opens it.
    pub strength: Option<String>,
    /// It is open to everybody: `always` or `never`.
    pub unlock: Option<String>,
    /// It leads into a zone whose anti-passback is `soft`, `hard` or `timed`.
    pub zone: Option<String>,
}

/// What an outside service says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Elsewhere {
    /// Yes to everybody.
    Allows,
    /// No to everybody.
    Refuses,
    /// Nothing.
    Silent,
}

/// A person.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonFacts {
    /// `active`, `suspended`.
    pub state: Option<String>,
    /// Begin of a suspension, from now.
    pub suspended_from: Option<String>,
    /// End of a suspension, from now.
    pub suspended_until: Option<String>,
    /// End of membership, from now: `-1h`.
    pub member_until: Option<String>,
    /// People with the same word here share a stop group.
    pub group: Option<String>,
    /// Their credentials, by a name of this person.
    #[serde(default)]
    pub cards: BTreeMap<String, CardFacts>,
    /// What they are given and denied.
    #[serde(default)]
    pub grants: Vec<GrantFacts>,
}

/// A credential.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFacts {
    /// `rfid` if left out.
    pub kind: Option<String>,
    /// `active`, `suspended`, `lost`.
    pub state: Option<String>,
    /// Begin of a suspension, from now.
    pub suspended_from: Option<String>,
    /// End of a suspension, from now.
    pub suspended_until: Option<String>,
    /// How hard it is to copy.
    pub strength: Option<String>,
    /// Of a code, where it counts: `point`, where the case asks, or `elsewhere`.
    #[serde(default)]
    pub places: Places,
    /// Of a guest's code, how often it may be used.
    pub uses: Option<u32>,
    /// Begin of validity, from now.
    pub from: Option<String>,
    /// End of validity, from now.
    pub until: Option<String>,
    /// How it is written at enrolment; what the reader reads is the same without separators.
    #[serde(default)]
    pub spelling: Spelling,
}

/// Where a code counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Places {
    /// Where the case asks.
    #[default]
    Point,
    /// At another charger.
    Elsewhere,
}

/// How a card number is spelt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// As the reader reads it.
    #[default]
    Same,
    /// Enrolled in lower case with colons between the bytes.
    LowerWithColons,
    /// Enrolled with the bytes the other way round.
    Reversed,
    /// Enrolled with 7 bytes, of which the reader reads the first 4. All such cards of a case are
    /// read alike.
    Cut,
}

/// A grant.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantFacts {
    /// `owner`, `user`, `service`.
    pub role: Option<String>,
    /// Instead of a role.
    pub actions: Option<Vec<String>>,
    /// `point`: the charger or door that is asked; or `organisation`, `installation`, `area`,
    /// `charger`, `evse N`, `door N`, `other charger`, `other installation`.
    pub on: String,
    /// `allow` if left out.
    pub effect: Option<String>,
    /// Begin of validity, from now.
    pub from: Option<String>,
    /// End of validity, from now.
    pub until: Option<String>,
    /// Its schedule: `always` or `never`.
    pub hours: Option<String>,
    /// The kinds of credential it is for.
    pub kinds: Option<Vec<String>>,
    /// The strength it asks for.
    pub strength: Option<String>,
    /// How often it may be used.
    pub uses: Option<u32>,
    /// `to: tag`: given to a tag that the person stands in.
    pub to: Option<String>,
    /// Taken back again before the question.
    #[serde(default)]
    pub revoked: Revoked,
}

/// Whether a grant was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// It stands.
    #[default]
    No,
    /// It was.
    Yes,
}

/// What happens before the question, at the same charger.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Somebody starts with this card: `anna.card`.
    pub start: Option<String>,
    /// The EVSE they start at.
    pub evse: Option<u32>,
    /// Instead of a start: a command to start for this person, which the charger does not carry
    /// out by itself. Their remote token can then be presented as `anna.app`.
    pub remote_start: Option<String>,
    /// Instead of a start: this person's state becomes `suspended`.
    pub suspend: Option<String>,
    /// Instead of a start: the validity of this card ends now.
    pub expire: Option<String>,
}

/// The question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `anna.card`; `stranger`: a card nobody has; `nothing`.
    pub card: String,
    /// What a stranger presents: `rfid` if left out.
    pub kind: Option<String>,
    /// The EVSE, where the entry names one.
    #[serde(default = "one")]
    pub evse: u32,
    /// The door, if it is named: by number.
    pub door: Option<u32>,
    /// `use` or `stop`: presented to end the transaction that `before` began.
    #[serde(default)]
    pub to: Purpose,
}

/// What a token is presented for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To charge or to enter.
    #[default]
    Use,
    /// To end a transaction.
    Stop,
}

/// Where a case is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// At chargers and doors.
    #[default]
    Everywhere,
    /// At chargers: the fact is one of chargers only.
    Chargers,
    /// At doors: the fact is one of doors only.
    Doors,
    /// At a lock that behaves like a charger.
    LockAsCharger,
}

impl Place {
    /// The entries of the place.
    #[must_use]
    pub fn entries(self) -> Vec<Entry> {
        let chargers = [
            Entry::Authorize16,
            Entry::Start16,
            Entry::Authorize201,
            Entry::TransactionEvent201,
        ];
        let doors = [Entry::Lock16, Entry::Lock201, Entry::DoorHttp];
        match self {
            Place::Everywhere => Entry::ALL.to_vec(),
            Place::Chargers => chargers.into_iter().chain([Entry::Api]).collect(),
            Place::Doors => doors.to_vec(),
            Place::LockAsCharger => vec![Entry::Start16, Entry::TransactionEvent201],
        }
    }
}

/// An entry that answers otherwise, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Which ones.
    pub entries: Vec<Entry>,
    /// The reason expected there; left out: it cannot be asked there.
    pub reason: Option<String>,
    /// Why, for the reader.
    pub because: String,
}

impl Case {
    /// The reason expected at an entry; `None`: it cannot be asked there.
    #[must_use]
    pub fn expected_at(&self, entry: Entry) -> Option<&str> {
        if !self.at.entries().contains(&entry) {
            return None;
        }
        match self
            .except
            .iter()
            .find(|exception| exception.entries.contains(&entry))
        {
            Some(exception) => exception.reason.as_deref(),
            None => Some(&self.expect),
        }
    }
}

/// The folder of the case files.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Reads a YAML file of the folder.
///
/// # Panics
/// When it cannot be read, or holds something else.
#[must_use]
pub fn read<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
}

/// Every case, in the order of files and lines.
///
/// # Panics
/// When a file is not one of cases.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut names: Vec<String> = std::fs::read_dir(folder().join("parity"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| read::<Vec<Case>>(&format!("parity/{name}")))
        .collect()
}

/// Seconds from now: `-1h`, `30m`, `2d`.
///
/// # Panics
/// When it is something else.
#[must_use]
pub fn seconds(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number
        .parse()
        .unwrap_or_else(|_| panic!("`{text}` is no span"));
    match unit {
        "s" => number,
        "m" => number * 60,
        "h" => number * 3600,
        "d" => number * 86400,
        _ => panic!("`{text}` has no unit s, m, h or d"),
    }
}

fn required() -> String {
    "required".to_owned()
}

fn inherit() -> String {
    "inherit".to_owned()
}

const fn one() -> u32 {
    1
}
