//! One door: bolt, leaf, mode. Pure state; time is passed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::view::{DoorState, DoorView, KeyIcon, Light, Padlock};

/// How long the light shows a decision.
pub(crate) const DECISION_SHOWN: Duration = Duration::from_secs(3);

/// What a door is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Locked; cards open it.
    Normal,
    /// Unlocked for everybody.
    HeldOpen,
    /// Locked; no card opens it offline.
    Lockdown,
    /// Unlocked for everybody, over everything else.
    Evacuation,
}

impl Mode {
    /// The values of AccessBarrier.Mode and `LockMode<n>`.
    pub(crate) const NAMES: &'static [&'static str] =
        &["Normal", "HeldOpen", "Lockdown", "Evacuation"];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Normal => "Normal",
            Mode::HeldOpen => "HeldOpen",
            Mode::Lockdown => "Lockdown",
            Mode::Evacuation => "Evacuation",
        }
    }

    /// From its name on the wire.
    pub(crate) fn from_name(name: &str) -> Option<Mode> {
        [
            Mode::Normal,
            Mode::HeldOpen,
            Mode::Lockdown,
            Mode::Evacuation,
        ]
        .into_iter()
        .find(|mode| mode.name() == name)
    }

    const fn is_free(self) -> bool {
        match self {
            Mode::HeldOpen | Mode::Evacuation => true,
            Mode::Normal | Mode::Lockdown => false,
        }
    }
}

/// The leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Closed,
    Open { since: Instant },
}

/// What was decided last, as long as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Granted,
    Refused,
}

/// Whether the reader takes cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Operative,
    Inoperative,
}

/// The bolt does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jammed;

/// The door is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locked;

#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub number: u32,
    pub mode: Mode,
    pub service: Service,
    unlocked_until: Option<Instant>,
    leaf: Leaf,
    forced: bool,
    jammed: bool,
    shown: Option<(Decision, Instant)>,
    held_after: Duration,
}

impl Door {
    pub(crate) fn new(number: u32, held_after: Duration) -> Door {
        Door {
            number,
            mode: Mode::Normal,
            service: Service::Operative,
            unlocked_until: None,
            leaf: Leaf::Closed,
            forced: false,
            jammed: false,
            shown: None,
            held_after,
        }
    }

    pub(crate) fn bolt(&self, now: Instant) -> Padlock {
        let unlocked = self.unlocked_until.is_some_and(|until| now < until);
        if !self.jammed && (unlocked || self.mode.is_free()) {
            Padlock::Unlocked
        } else {
            Padlock::Locked
        }
    }

    pub(crate) fn state(&self, now: Instant) -> DoorState {
        match self.leaf {
            _ if self.jammed => DoorState::Jammed,
            Leaf::Closed => DoorState::Closed,
            Leaf::Open { .. } if self.forced => DoorState::Forced,
            Leaf::Open { since }
                if now.duration_since(since) >= self.held_after && !self.mode.is_free() =>
            {
                DoorState::Held
            }
            Leaf::Open { .. } => DoorState::Open,
        }
    }

    /// Draws the bolt back for a while; a later end wins.
    pub(crate) fn unlock(&mut self, until: Instant) -> Result<(), Jammed> {
        if self.jammed {
            return Err(Jammed);
        }
        self.unlocked_until = Some(self.unlocked_until.map_or(until, |known| known.max(until)));
        Ok(())
    }

    /// Somebody pulls the door.
    pub(crate) fn open(&mut self, now: Instant) -> Result<(), Locked> {
        match (self.leaf, self.bolt(now)) {
            (Leaf::Open { .. }, _) => Ok(()),
            (Leaf::Closed, Padlock::Unlocked) => {
                self.leaf = Leaf::Open { since: now };
                Ok(())
            }
            (Leaf::Closed, Padlock::Locked) => Err(Locked),
        }
    }

    /// Somebody leaves by the push bar, which moves the bolt by hand: never prevented.
    pub(crate) fn leave(&mut self, now: Instant) {
        if self.leaf == Leaf::Closed {
            self.leaf = Leaf::Open { since: now };
        }
    }

    /// Somebody opens it with force.
    pub(crate) fn force(&mut self, now: Instant) {
        self.leaf = Leaf::Open { since: now };
        self.forced = true;
    }

    /// The leaf falls shut, and the bolt goes in.
    pub(crate) fn close(&mut self) {
        if self.leaf != Leaf::Closed {
            self.unlocked_until = None;
            self.shown = self
                .shown
                .filter(|(decision, _)| *decision != Decision::Granted);
        }
        self.leaf = Leaf::Closed;
        self.forced = false;
    }

    pub(crate) fn set_jammed(&mut self, jammed: Option<Jammed>) {
        self.jammed = jammed.is_some();
    }

    pub(crate) fn show(&mut self, decision: Decision, now: Instant) {
        self.shown = Some((decision, now + DECISION_SHOWN));
    }

    /// When this door changes by itself: relocks, counts as held, or stops showing a decision.
    pub(crate) fn next_change(&self, now: Instant) -> Option<Instant> {
        let held = match self.leaf {
            Leaf::Open { since } => Some(since + self.held_after),
            Leaf::Closed => None,
        };
        let shown = self.shown.map(|(_, until)| until);
        [self.unlocked_until, held, shown]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// `online` tells whether the central system can be asked.
    pub(crate) fn view(&self, now: Instant, online: Online) -> DoorView {
        let shown = self
            .shown
            .filter(|(_, until)| now < *until)
            .map(|(decision, _)| decision);
        let state = self.state(now);
        let light = match (state, shown, self.mode, self.bolt(now)) {
            (DoorState::Forced | DoorState::Jammed, _, _, _) => Light::Red,
            (_, Some(Decision::Refused), _, _) => Light::Red,
            (_, _, _, Padlock::Unlocked) | (_, Some(Decision::Granted), _, _) => Light::Green,
            (_, None, Mode::Lockdown, Padlock::Locked) => Light::Red,
            (DoorState::Held, None, _, Padlock::Locked) => Light::Amber,
            (_, None, _, Padlock::Locked) => {
                if online == Online::Yes && self.service == Service::Operative {
                    Light::Blue
                } else {
                    Light::Amber
                }
            }
        };
        let key_icon = match self.mode {
            Mode::Normal if self.service == Service::Operative => KeyIcon::Shown,
            Mode::Normal | Mode::HeldOpen | Mode::Lockdown | Mode::Evacuation => KeyIcon::Hidden,
        };
        DoorView {
            number: self.number,
            light,
            key_icon,
            padlock: self.bolt(now),
            door: state,
        }
    }
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Online {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Door, Jammed, Locked, Mode, Online};
    use crate::view::{DoorState, Light, Padlock};

    const SECOND: Duration = Duration::from_secs(1);

    fn door() -> (Door, Instant) {
        (Door::new(1, 30 * SECOND), Instant::now())
    }

    #[test]
    fn a_door_locks_again_after_its_time_and_when_it_falls_shut() {
        let (mut door, now) = door();
        assert_eq!(door.open(now), Err(Locked));
        door.unlock(now + 5 * SECOND).unwrap();
        assert_eq!(door.bolt(now + 4 * SECOND), Padlock::Unlocked);
        assert_eq!(door.bolt(now + 5 * SECOND), Padlock::Locked);
        door.open(now + SECOND).unwrap();
        door.close();
        assert_eq!(door.bolt(now + 2 * SECOND), Padlock::Locked);
    }

    #[test]
    fn a_door_that_stands_open_counts_as_held_unless_it_may() {
        let (mut door, now) = door();
        door.unlock(now + 5 * SECOND).unwrap();
        door.open(now).unwrap();
        assert_eq!(door.state(now + 29 * SECOND), DoorState::Open);
        assert_eq!(door.state(now + 30 * SECOND), DoorState::Held);
        door.mode = Mode::HeldOpen;
        assert_eq!(door.state(now + 30 * SECOND), DoorState::Open);
    }

    #[test]
    fn nothing_prevents_leaving() {
        for mode in [
            Mode::Normal,
            Mode::Lockdown,
            Mode::HeldOpen,
            Mode::Evacuation,
        ] {
            let (mut door, now) = door();
            door.mode = mode;
            door.leave(now);
            assert_eq!(door.state(now), DoorState::Open, "{mode:?}");
        }
    }

    #[test]
    fn force_shows_until_the_door_is_shut() {
        let (mut door, now) = door();
        door.force(now);
        assert_eq!(door.state(now), DoorState::Forced);
        assert_eq!(door.view(now, Online::Yes).light, Light::Red);
        door.close();
        assert_eq!(door.state(now), DoorState::Closed);
        assert_eq!(door.view(now, Online::Yes).light, Light::Blue);
        assert_eq!(door.view(now, Online::No).light, Light::Amber);
    }

    #[test]
    fn a_jammed_bolt_unlocks_for_nothing() {
        let (mut door, now) = door();
        door.set_jammed(Some(Jammed));
        assert_eq!(door.unlock(now + SECOND), Err(Jammed));
        door.mode = Mode::Evacuation;
        assert_eq!(door.bolt(now), Padlock::Locked);
        assert_eq!(door.state(now), DoorState::Jammed);
    }

    #[test]
    fn modes_lock_and_unlock() {
        let (mut door, now) = door();
        for (mode, bolt, light) in [
            (Mode::Normal, Padlock::Locked, Light::Blue),
            (Mode::HeldOpen, Padlock::Unlocked, Light::Green),
            (Mode::Lockdown, Padlock::Locked, Light::Red),
            (Mode::Evacuation, Padlock::Unlocked, Light::Green),
        ] {
            door.mode = mode;
            let view = door.view(now, Online::Yes);
            assert_eq!((view.padlock, view.light), (bolt, light), "{mode:?}");
        }
    }
}
