//! Rights on their way: invitations, handovers of ownership, partnerships between organisations.
//! Nothing of it decides anything; what decides is the grant that comes of it.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    ActionSet, ApiKeyId, GrantId, HandoverId, InvitationId, NodeId, OrganisationId, PartnerLinkId,
    PartnershipId, PersonId, Role,
};

/// What is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// As a role; `None`: actions by name.
    pub role: Option<Role>,
    /// What may be done.
    pub actions: ActionSet,
    /// On this node and all below.
    pub node: NodeId,
    /// Inclusive; `None`: from when it is given.
    pub valid_from: Option<Timestamp>,
    /// Exclusive; `None`: open.
    pub valid_until: Option<Timestamp>,
}

/// Who promised it: what they do not hold any more is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promiser {
    /// The person.
    pub person: PersonId,
    /// The key they used, if any: it bounds the promise as well.
    pub key: Option<ApiKeyId>,
}

/// A right offered to whoever has an e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The organisation of the node.
    pub organisation: OrganisationId,
    /// To whom; lower case.
    pub email: String,
    /// The person it is meant for, where one without a login was there.
    pub person: Option<PersonId>,
    /// What.
    pub promise: Promise,
    /// For the one who is invited.
    pub message: Option<String>,
    /// HMAC-SHA-256 of the token of the link, under the pepper.
    pub token_hash: Vec<u8>,
    /// Who invites.
    pub by: Promiser,
    /// When it was made.
    pub created_at: Timestamp,
    /// Exclusive.
    pub expires_at: Timestamp,
    /// When and as whom it was accepted, and the grant that came of it.
    pub accepted: Option<Accepted>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

/// What came of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// When.
    pub at: Timestamp,
    /// As whom.
    pub person: PersonId,
    /// What was given.
    pub grant: GrantId,
}

/// What can be done with an invitation or a link at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferState {
    /// It can be used.
    Open,
    /// Its time is over.
    Expired,
    /// It was used.
    Used,
    /// It was withdrawn.
    Revoked,
}

impl OfferState {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            OfferState::Open => "open",
            OfferState::Expired => "expired",
            OfferState::Used => "used",
            OfferState::Revoked => "revoked",
        }
    }

    fn of(used: bool, revoked: bool, expires_at: Timestamp, now: Timestamp) -> Self {
        if used {
            OfferState::Used
        } else if revoked {
            OfferState::Revoked
        } else if expires_at <= now {
            OfferState::Expired
        } else {
            OfferState::Open
        }
    }
}

impl Invitation {
    /// What can be done with it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> OfferState {
        let (used, revoked) = (self.accepted.is_some(), self.revoked_at.is_some());
        OfferState::of(used, revoked, self.expires_at, now)
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invitation({})", self.id)
    }
}

/// The ownership of a node, offered to another person of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Its id.
    pub id: HandoverId,
    /// The organisation.
    pub organisation: OrganisationId,
    /// The organisation itself, or an installation of it.
    pub node: NodeId,
    /// Who gives it away.
    pub from: PersonId,
    /// Who is to have it.
    pub to: PersonId,
    /// What the one before keeps; `None`: nothing.
    pub leaves: Option<Role>,
    /// For the one who is to have it.
    pub message: Option<String>,
    /// When it was offered.
    pub created_at: Timestamp,
    /// Exclusive.
    pub expires_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it was declined or withdrawn.
    pub ended_at: Option<Timestamp>,
}

impl Handover {
    /// What can be done with it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> OfferState {
        let (used, ended) = (self.accepted_at.is_some(), self.ended_at.is_some());
        OfferState::of(used, ended, self.expires_at, now)
    }
}

/// How an organisation is found by those who want it as a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerProfile {
    /// The organisation.
    pub organisation: OrganisationId,
    /// Four characters of [`LOOKUP_ALPHABET`]; an identifier, not a secret; unique.
    pub lookup_key: Option<String>,
    /// Its name as the operator of the deployment has seen it proven.
    pub verified_name: Option<String>,
    /// When it was.
    pub verified_at: Option<Timestamp>,
    /// When any of it was changed.
    pub changed_at: Timestamp,
}

/// The characters of a lookup key: none is taken for another.
pub const LOOKUP_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The length of a lookup key.
pub const LOOKUP_LENGTH: usize = 4;

/// A lookup key as it is kept, from how a person wrote it; `None`: it can be none.
#[must_use]
pub fn lookup_key(written: &str) -> Option<String> {
    let key: String = written
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let known = |c: char| u8::try_from(c).is_ok_and(|byte| LOOKUP_ALPHABET.contains(&byte));
    (key.chars().count() == LOOKUP_LENGTH && key.chars().all(known)).then_some(key)
}

/// One end of a partnership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whose installations they are.
    Owner,
    /// Who works on them.
    Partner,
}

impl Side {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Side::Owner => "owner",
            Side::Partner => "partner",
        }
    }
}

/// That an organisation lets another one work on its installations. Grants to a partner are given
/// only while it is confirmed, and end with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partnership {
    /// Its id.
    pub id: PartnershipId,
    /// Whose installations they are.
    pub organisation: OrganisationId,
    /// Who works on them.
    pub partner: OrganisationId,
    /// What was proposed first.
    pub promise: Promise,
    /// Why.
    pub message: Option<String>,
    /// Who proposed it.
    pub proposed_by: PersonId,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who confirmed it, and when.
    pub confirmed: Option<(PersonId, Timestamp)>,
    /// Who ended it, and when.
    pub ended: Option<(Side, Timestamp)>,
}

/// How a partnership stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartnershipState {
    /// Nothing is given yet.
    Proposed,
    /// Grants may be given.
    Confirmed,
    /// It is history.
    Ended,
}

impl PartnershipState {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PartnershipState::Proposed => "proposed",
            PartnershipState::Confirmed => "confirmed",
            PartnershipState::Ended => "ended",
        }
    }
}

impl Partnership {
    /// How it stands.
    #[must_use]
    pub const fn state(&self) -> PartnershipState {
        match (self.confirmed, self.ended) {
            (_, Some(_)) => PartnershipState::Ended,
            (Some(_), None) => PartnershipState::Confirmed,
            (None, None) => PartnershipState::Proposed,
        }
    }
}

/// A link by which a partner asks an owner for rights.
#[derive(Clone, PartialEq, Eq)]
pub struct PartnerLink {
    /// Its id.
    pub id: PartnerLinkId,
    /// Who asks.
    pub partner: OrganisationId,
    /// As a role; `None`: actions by name.
    pub role: Option<Role>,
    /// What is asked for.
    pub actions: ActionSet,
    /// For the owner.
    pub message: Option<String>,
    /// HMAC-SHA-256 of the token of the link, under the pepper.
    pub token_hash: Vec<u8>,
    /// Who made it.
    pub created_by: PersonId,
    /// When.
    pub created_at: Timestamp,
    /// Exclusive.
    pub expires_at: Timestamp,
    /// When an owner confirmed it, and the partnership that came of it.
    pub used: Option<(Timestamp, PartnershipId)>,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
}

impl PartnerLink {
    /// What can be done with it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> OfferState {
        let (used, revoked) = (self.used.is_some(), self.revoked_at.is_some());
        OfferState::of(used, revoked, self.expires_at, now)
    }
}

impl fmt::Debug for PartnerLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartnerLink({})", self.id)
    }
}

/// A row of this module, for the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// An invitation.
    Invitation(Invitation),
    /// A handover.
    Handover(Handover),
    /// How a partner is found.
    PartnerProfile(PartnerProfile),
    /// A partnership.
    Partnership(Partnership),
    /// A partner's link.
    PartnerLink(PartnerLink),
}

impl Sharing {
    /// The id of the row; of a profile that of its organisation.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Sharing::Invitation(row) => row.id.0,
            Sharing::Handover(row) => row.id.0,
            Sharing::PartnerProfile(row) => row.organisation.0,
            Sharing::Partnership(row) => row.id.0,
            Sharing::PartnerLink(row) => row.id.0,
        }
    }

    /// The organisation the row belongs to.
    #[must_use]
    pub const fn organisation(&self) -> OrganisationId {
        match self {
            Sharing::Invitation(row) => row.organisation,
            Sharing::Handover(row) => row.organisation,
            Sharing::PartnerProfile(row) => row.organisation,
            Sharing::Partnership(row) => row.organisation,
            Sharing::PartnerLink(row) => row.partner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_key_is_read_as_people_write_it() {
        assert_eq!(lookup_key("tzbv"), Some("TZBV".to_owned()));
        assert_eq!(lookup_key(" t2-b9 "), Some("T2B9".to_owned()));
        for bad in [
            "",
            "TZB",
            "TZBVX",
            "TZB0",
            "TZBI",
            "TZB1",
            "TZBO",
            "TZBÄ",
            "TZB\u{661}",
        ] {
            assert_eq!(lookup_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_was_used_is_used_even_when_its_time_is_over() {
        let (then, now) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        assert_eq!(OfferState::of(true, true, then, now), OfferState::Used);
        assert_eq!(OfferState::of(false, true, then, now), OfferState::Revoked);
        assert_eq!(OfferState::of(false, false, then, now), OfferState::Expired);
        assert_eq!(OfferState::of(false, false, now, now), OfferState::Expired);
        assert_eq!(OfferState::of(false, false, now, then), OfferState::Open);
    }
}
