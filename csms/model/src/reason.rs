//! Why a decision came out as it did. One closed list for every entry.

use std::str::FromStr;

use crate::Effect;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $effect:ident, $human:literal);+ $(;)?) => {
        /// The reason of a decision; it alone says whether the answer is allow or deny.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name),+ }

        impl Reason {
            /// Every reason that can be given.
            pub const ALL: &'static [Reason] = &[$(Reason::$name),+];

            /// The code used in the API and in the log.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$name => $text),+ }
            }

            /// Allow or deny.
            #[must_use]
            pub const fn effect(self) -> Effect {
                match self { $(Reason::$name => Effect::$effect),+ }
            }

            /// The reason in plain words, for owners.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Reason::$name => $human),+ }
            }
        }

        impl FromStr for Reason {
            type Err = UnknownReason;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Reason::$name),)+ _ => Err(UnknownReason(text.to_owned())) }
            }
        }
    };
}

reasons! {
    /// Step 1: the point is not known, or not in service.
    PointUnknown = "POINT_UNKNOWN", Deny, "the charger or door is not known or not in service";
    /// Before step 5: a controller of several doors did not say which one.
    DoorNotNamed = "DOOR_NOT_NAMED", Deny, "the controller has several doors and did not say which one";
    /// Step 2: the door is evacuated: everybody passes.
    Evacuation = "EVACUATION", Allow, "the door is in evacuation";
    /// Step 2: the door is locked down, and the person is not exempt.
    Lockdown = "LOCKDOWN", Deny, "the door is locked down";
    /// Step 3: the outside authority said yes, or did not answer where the point lets in then.
    Delegated = "DELEGATED", Allow, "access is decided elsewhere, and was allowed";
    /// Step 3: the outside authority said no.
    DelegatedRefusal = "DELEGATED_REFUSAL", Deny, "access is decided elsewhere, and was refused";
    /// Step 3: the outside authority did not answer, and the point is closed then.
    AuthoritySilent = "AUTHORITY_SILENT", Deny, "access is decided elsewhere, and there was no answer";
    /// Step 4: authorization is not required here.
    OpenAccess = "OPEN_ACCESS", Allow, "authorization is not required here";
    /// Step 5: nothing was presented.
    NoCredential = "NO_CREDENTIAL", Deny, "no card or other credential was presented";
    /// Step 5: nobody has this credential.
    CredentialUnknown = "CREDENTIAL_UNKNOWN", Deny, "the card or token is not known";
    /// Step 5: too many wrong codes were entered here, or with this code.
    TooManyAttempts = "TOO_MANY_ATTEMPTS", Deny, "too many wrong codes were entered; codes are refused for a while";
    /// Step 5: the number read stands for several cards.
    Ambiguous = "AMBIGUOUS", Deny, "the number read stands for more than one card";
    /// Step 5: the credential is suspended.
    CredentialSuspended = "CREDENTIAL_SUSPENDED", Deny, "the card is suspended";
    /// Step 5: the credential was reported lost.
    CredentialLost = "CREDENTIAL_LOST", Deny, "the card was reported lost";
    /// Step 5: the credential is outside its validity.
    CredentialExpired = "CREDENTIAL_EXPIRED", Deny, "the card is outside its validity";
    /// Step 5: the credential is weaker than the door asks for. Step 8: weaker than, or of another
    /// kind than, the grant asks for.
    TooWeak = "TOO_WEAK", Deny, "a stronger or another kind of credential is needed";
    /// Step 6: the person is suspended.
    PersonSuspended = "PERSON_SUSPENDED", Deny, "the person is suspended";
    /// Step 6: the person's membership has ended.
    MembershipEnded = "MEMBERSHIP_ENDED", Deny, "the person's membership has ended";
    /// Step 7: a deny grant holds.
    DeniedByRule = "DENIED_BY_RULE", Deny, "a rule denies it";
    /// Step 8: a grant exists, for another EVSE of this charger.
    NotThisEvse = "NOT_THIS_EVSE", Deny, "allowed at another EVSE of this charger, not at this one";
    /// Step 8: a grant exists, for other hours.
    OutsideSchedule = "OUTSIDE_SCHEDULE", Deny, "the permission holds at other hours";
    /// Step 8: a grant exists and begins later.
    NotYetValid = "NOT_YET_VALID", Deny, "the permission begins later";
    /// Step 8: a grant existed and has ended.
    GrantExpired = "GRANT_EXPIRED", Deny, "the permission has ended";
    /// Step 8: there is no grant.
    NoGrant = "NO_GRANT", Deny, "there is no permission here";
    /// Step 9: what was granted is used up.
    LimitReached = "LIMIT_REACHED", Deny, "what was granted is used up";
    /// Step 9: the person has as many transactions in progress as allowed.
    Concurrent = "CONCURRENT", Deny, "the person already has as many transactions in progress as allowed";
    /// Step 9: the person is inside already.
    AntiPassback = "ANTI_PASSBACK", Deny, "the person has entered already and did not leave";
    /// The token may stop the transaction it, its person or its group started.
    StopOwn = "STOP_OWN", Allow, "it stops a transaction of the same person or group";
    /// Step 10: a grant allows it.
    Granted = "GRANTED", Allow, "a permission allows it";
}

impl Reason {
    /// Whether the effect is allow.
    #[must_use]
    pub const fn allows(self) -> bool {
        matches!(self.effect(), Effect::Allow)
    }
}

/// A reason that is not in the list.
#[derive(Debug, thiserror::Error)]
#[error("unknown reason `{0}`")]
pub struct UnknownReason(pub String);
