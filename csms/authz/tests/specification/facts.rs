//! Facts as plain lists, and how they get into the engine.

use authz::{OpenTransaction, PendingRemote, Usage, Used};
use jiff::Timestamp;
use model::*;

/// One use of a limited grant.
#[derive(Clone, Copy, Debug)]
pub struct UseOf {
    pub of: UseId,
    pub grant: GrantId,
    pub person: PersonId,
    pub minutes: u32,
    pub wh: u64,
    pub running: bool,
}

#[derive(Clone, Default)]
pub struct Facts {
    pub organisations: Vec<Organisation>,
    pub installations: Vec<Installation>,
    pub areas: Vec<Area>,
    pub chargers: Vec<Charger>,
    pub locks: Vec<Lock>,
    pub doors: Vec<Door>,
    pub people: Vec<Person>,
    pub credentials: Vec<Credential>,
    pub keys: Vec<ApiKey>,
    pub tags: Vec<Tag>,
    pub memberships: Vec<Membership>,
    pub schedules: Vec<Schedule>,
    pub calendars: Vec<Calendar>,
    pub grants: Vec<Grant>,
    pub emergencies: Vec<Emergency>,
    pub open: Vec<OpenTransaction>,
    pub remotes: Vec<PendingRemote>,
    pub uses: Vec<UseOf>,
    pub inside: Vec<(PersonId, AreaId, Timestamp)>,
}

impl Facts {
    /// As rows of the database, in the order in which it gives them.
    pub fn rows(&self) -> Vec<Change> {
        let mut rows = Vec::new();
        rows.extend(self.organisations.iter().cloned().map(Change::Organisation));
        rows.extend(self.installations.iter().cloned().map(Change::Installation));
        rows.extend(self.areas.iter().cloned().map(Change::Area));
        rows.extend(self.chargers.iter().cloned().map(Change::Charger));
        rows.extend(self.locks.iter().cloned().map(Change::Lock));
        rows.extend(self.doors.iter().cloned().map(Change::Door));
        rows.extend(self.people.iter().cloned().map(Change::Person));
        rows.extend(self.credentials.iter().cloned().map(Change::Credential));
        rows.extend(self.keys.iter().cloned().map(Change::ApiKey));
        rows.extend(self.tags.iter().cloned().map(Change::Tag));
        rows.extend(self.memberships.iter().copied().map(Change::Membership));
        rows.extend(self.schedules.iter().cloned().map(Change::Schedule));
        rows.extend(self.calendars.iter().cloned().map(Change::Calendar));
        rows.extend(self.grants.iter().cloned().map(Change::Grant));
        rows.extend(self.emergencies.iter().cloned().map(Change::Emergency));
        rows
    }

    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for open in &self.open {
            usage.begin(open.clone());
        }
        for remote in &self.remotes {
            usage.expect_remote(*remote);
        }
        for it in &self.uses {
            usage.take(it.of, it.grant, it.person, true);
            if !it.running {
                usage.settle(it.of, it.minutes, it.wh);
            }
        }
        for (person, zone, since) in &self.inside {
            usage.enter(*person, *zone, *since);
        }
        usage
    }
}

/// Sums what was used, to compare with the engine's.
pub fn used(uses: &[UseOf], grant: GrantId, person: PersonId) -> Used {
    let mut used = Used::default();
    for it in uses
        .iter()
        .filter(|it| (it.grant, it.person) == (grant, person))
    {
        used.uses += 1;
        used.minutes += it.minutes;
        used.wh += it.wh;
        used.running += u32::from(it.running);
    }
    used
}

/// Whether a reader may show a card's number so: every form of reference is made from the card's
/// own number, which is the other way round from the engine's.
pub fn may_be_shown_as(card: &str, shown: &str, weak: bool) -> bool {
    let Some(bytes) = uid(card) else {
        // No UID: nothing but the prefix stands before it.
        return shown == format!("NFC-{card}");
    };
    let whole = |part: &[u8]| -> Vec<String> {
        let mut forms = Vec::new();
        let reversed: Vec<u8> = part.iter().rev().copied().collect();
        for bytes in [part.to_vec(), reversed] {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            let number = bytes
                .iter()
                .fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
            if bytes.len() <= 7 && number >= 10_000 {
                forms.extend((5..=17).map(|width| format!("{number:0width$}")));
            }
            forms.push(hex);
        }
        forms
    };
    let padded = |forms: Vec<String>| -> Vec<String> {
        let hex = forms.iter().filter(|form| form.len() == bytes.len() * 2);
        let zeros = "0".repeat(16_usize.saturating_sub(bytes.len() * 2));
        let all = hex.flat_map(|form| [format!("{form}{zeros}"), format!("{zeros}{form}")]);
        all.chain(forms.iter().cloned()).collect()
    };
    let mut forms = if bytes.len() <= 7 {
        padded(whole(&bytes))
    } else {
        whole(&bytes)
    };
    if weak {
        forms.extend(whole(&bytes[..3]));
        forms.extend(whole(&bytes[bytes.len() - 3..]));
        if bytes.len() > 4 {
            forms.extend(whole(&bytes[..4]));
            forms.extend(whole(&bytes[bytes.len() - 4..]));
            forms.extend(whole(&[&[0x88], &bytes[..3]].concat()));
        }
    }
    forms
        .iter()
        .any(|form| form == shown || shown == format!("NFC-{form}"))
}
