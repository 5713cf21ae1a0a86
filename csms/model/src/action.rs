//! What can be asked for, and the roles that bundle it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $bit:literal => $text:literal),+ $(,)?) => {
        /// An action on a node of the tree. The vocabulary is closed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[repr(u16)]
        pub enum Action { $($(#[$doc])* $name = 1 << $bit),+ }

        impl Action {
            /// Every action, in the order of its bit.
            pub const ALL: &'static [Action] = &[$(Action::$name),+];

            /// The name used in the API and in the log.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Action::$name => $text),+ }
            }
        }

        impl FromStr for Action {
            type Err = UnknownAction;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Action::$name),)+ _ => Err(UnknownAction(text.to_owned())) }
            }
        }
    };
}

actions! {
    /// Charge at a charger or enter by a door, presented at the point.
    Use = 0 => "use",
    /// Start charging or open a door from elsewhere.
    RemoteUse = 1 => "remote_use",
    /// Stop one's own transaction.
    StopOwn = 2 => "stop_own",
    /// Stop anybody's transaction.
    StopAny = 3 => "stop_any",
    /// See one's own transactions.
    ViewOwn = 4 => "view_own",
    /// See everybody's transactions and decisions.
    ViewAll = 5 => "view_all",
    /// Edit people, credentials and grants.
    ManageAccess = 6 => "manage_access",
    /// Edit the tree, its settings and its stations.
    ManageSettings = 7 => "manage_settings",
    /// Edit station credentials, certificates and security profiles.
    ManageSecurity = 8 => "manage_security",
    /// Technical work: reset, unlock, trigger, diagnose.
    Service = 9 => "service",
    /// Start a transaction marked as a test.
    ServiceTest = 10 => "service_test",
    /// Read reports.
    Reports = 11 => "reports",
    /// Lockdown and evacuation.
    Emergency = 12 => "emergency",
}

/// An action that is not in the vocabulary.
#[derive(Debug, thiserror::Error)]
#[error("unknown action `{0}`")]
pub struct UnknownAction(pub String);

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of actions, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ActionSet(u16);

impl ActionSet {
    /// No action.
    pub const EMPTY: Self = Self(0);

    /// Whether the action is in the set.
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & action as u16 != 0
    }

    /// Whether every action of `other` is in this set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// This set with one more action.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | action as u16)
    }

    /// The actions of the set, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .iter()
            .copied()
            .filter(move |action| self.contains(*action))
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits, for storage.
    #[must_use]
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    /// From stored bits; unknown bits are dropped, so they permit nothing.
    #[must_use]
    pub fn from_bits(bits: i64) -> Self {
        Action::ALL.iter().fold(Self::EMPTY, |set, action| {
            if bits & i64::from(*action as u16) != 0 {
                set.with(*action)
            } else {
                set
            }
        })
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A named bundle of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// All but `service_test`.
    Owner,
    /// Charges and enters.
    User,
    /// Service partner: technical work, without personal charging history.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 3] = [Role::Owner, Role::User, Role::Service];

    /// The actions the role holds.
    #[must_use]
    pub fn actions(self) -> ActionSet {
        match self {
            Role::Owner => Action::ALL
                .iter()
                .copied()
                .filter(|a| *a != Action::ServiceTest)
                .collect(),
            Role::User => [
                Action::Use,
                Action::RemoteUse,
                Action::StopOwn,
                Action::ViewOwn,
            ]
            .into_iter()
            .collect(),
            Role::Service => [Action::Service, Action::ServiceTest, Action::ManageSettings]
                .into_iter()
                .collect(),
        }
    }

    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::User => "user",
            Role::Service => "service",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A role that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown role `{0}`")]
pub struct UnknownRole(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_holds_all_but_service_test() {
        for action in Action::ALL {
            assert_eq!(
                Role::Owner.actions().contains(*action),
                *action != Action::ServiceTest
            );
        }
    }

    #[test]
    fn unknown_bits_permit_nothing() {
        assert_eq!(ActionSet::from_bits(1 << 15), ActionSet::EMPTY);
        for action in Action::ALL {
            assert_eq!(
                ActionSet::from_bits(*action as i64)
                    .iter()
                    .collect::<Vec<_>>(),
                [*action]
            );
        }
    }
}
