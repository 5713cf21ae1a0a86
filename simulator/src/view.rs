//! What a person in front of a station sees.

use std::fmt;

/// The colour of a light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Light {
    /// Free: come in.
    Green,
    /// In use; at a door: present a card.
    Blue,
    /// Something is awaited: a card, a cable, an answer; or the point is out of service.
    Amber,
    /// Refused, or a fault.
    Red,
}

impl Light {
    /// The name of the colour.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Light::Green => "green",
            Light::Blue => "blue",
            Light::Amber => "amber",
            Light::Red => "red",
        }
    }
}

impl fmt::Display for Light {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One connector of a charger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorView {
    /// Its number, from 1.
    pub connector: u32,
    /// The light.
    pub light: Light,
    /// The status as last reported, in the words of the version.
    pub status: &'static str,
    /// Whether a cable with a vehicle is in it.
    pub plugged: bool,
    /// The transaction in progress, as the central system knows it; `?` until it is answered.
    pub transaction: Option<String>,
    /// The meter.
    pub meter_wh: i64,
    /// The line on the display.
    pub display: String,
}

impl fmt::Display for ConnectorView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connector {}  ● {}  {}  {}  {} Wh",
            self.connector,
            self.light,
            self.status,
            if self.plugged { "plugged" } else { "no cable" },
            self.meter_wh
        )?;
        if let Some(transaction) = &self.transaction {
            write!(f, "  transaction {transaction}")?;
        }
        if !self.display.is_empty() {
            write!(f, "  “{}”", self.display)?;
        }
        Ok(())
    }
}

/// A padlock on the display of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padlock {
    /// The bolt is in.
    Locked,
    /// The bolt is out.
    Unlocked,
}

/// The key on the display of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyIcon {
    /// Somebody was just let in, or present a card to be.
    Shown,
    /// No card helps now: evacuation, held open, or lockdown.
    Hidden,
}

/// The door leaf, as its sensors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DoorState {
    /// Closed.
    Closed,
    /// Open, as it may be.
    Open,
    /// Open longer than it may be.
    Held,
    /// Opened without leave.
    Forced,
    /// The bolt does not move.
    Jammed,
}

impl DoorState {
    /// The name in lower case, as 1.6 says it (`info: door=open`).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DoorState::Closed => "closed",
            DoorState::Open => "open",
            DoorState::Held => "held",
            DoorState::Forced => "forced",
            DoorState::Jammed => "jammed",
        }
    }

    /// The value of AccessBarrier.State in 2.0.1.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            DoorState::Closed => "Closed",
            DoorState::Open => "Open",
            DoorState::Held => "Held",
            DoorState::Forced => "Forced",
            DoorState::Jammed => "Jammed",
        }
    }
}

/// One door of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorView {
    /// Its number, from 1.
    pub number: u32,
    /// The light.
    pub light: Light,
    /// The key.
    pub key_icon: KeyIcon,
    /// The padlock.
    pub padlock: Padlock,
    /// The leaf.
    pub door: DoorState,
}

impl fmt::Display for DoorView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = match self.key_icon {
            KeyIcon::Shown => "key",
            KeyIcon::Hidden => "   ",
        };
        let padlock = match self.padlock {
            Padlock::Locked => "🔒 locked",
            Padlock::Unlocked => "🔓 unlocked",
        };
        write!(
            f,
            "door {}  ● {}  {key}  {padlock}  {}",
            self.number,
            self.light,
            self.door.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{DoorState, DoorView, KeyIcon, Light, Padlock};

    #[test]
    fn a_door_is_one_line_of_text() {
        let view = DoorView {
            number: 1,
            light: Light::Green,
            key_icon: KeyIcon::Shown,
            padlock: Padlock::Unlocked,
            door: DoorState::Closed,
        };
        assert_eq!(
            view.to_string(),
            "door 1  ● green  key  🔓 unlocked  closed"
        );
    }
}
