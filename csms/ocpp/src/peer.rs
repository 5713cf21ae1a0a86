//! What an adapter must know of the station at the other end.

/// The station at the other end of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A charger.
    Charger,
    /// A lock. Only a lock is served the lock profile.
    Lock {
        /// The numbers of its doors; a controller of one door need not name it.
        doors: Vec<u32>,
    },
}

impl Peer {
    /// The door of a controller that has exactly one.
    pub(crate) fn only_door(&self) -> Option<u32> {
        match self {
            Peer::Lock { doors } => match doors.as_slice() {
                [door] => Some(*door),
                _ => None,
            },
            Peer::Charger => None,
        }
    }

    pub(crate) fn is_lock(&self) -> bool {
        matches!(self, Peer::Lock { .. })
    }
}
