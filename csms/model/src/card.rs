//! Cards on their way to a person: seen and nobody's, or presented to be enrolled; and what a
//! known card tells of the reader that shows it differently.

use std::fmt;

use jiff::Timestamp;

use crate::{
    CredentialId, EnrolmentId, NodeId, OrganisationId, PersonId, ReaderProfile, ReaderStep,
    StationKey, UnknownCardId, mask, normalise,
};

/// A card that was presented at a point and belongs to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownCard {
    /// Its id in the inbox.
    pub id: UnknownCardId,
    /// The organisation of the point.
    pub organisation: OrganisationId,
    /// [`normalise`]d; with the point unique within the organisation.
    pub key: String,
    /// The card's number, as a credential would have it.
    pub value: String,
    /// The charger or door at which it was presented.
    pub node: NodeId,
    /// The station that asked; `None`: a door that speaks HTTP.
    pub station: Option<StationKey>,
    /// How often; what comes within seconds of the last is one presentation.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

impl fmt::Debug for UnknownCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownCard({} {})", self.id, mask(&self.value))
    }
}

/// How far an enrolment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrolmentState {
    /// Waits for a card at its point.
    Open,
    /// A card was presented and waits to be confirmed.
    Presented,
    /// The card is the person's.
    Confirmed,
    /// Called off, or its time was over.
    Ended,
}

impl EnrolmentState {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EnrolmentState::Open => "open",
            EnrolmentState::Presented => "presented",
            EnrolmentState::Confirmed => "confirmed",
            EnrolmentState::Ended => "ended",
        }
    }
}

/// Why a card that was presented cannot be enrolled; the window stays open for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrolmentProblem {
    /// It has a person already.
    Taken,
    /// It cannot be told from another card.
    Ambiguous,
    /// It shows another number each time.
    RandomUid,
    /// Its number cannot be that of a credential: too long, or not of printable characters.
    Unusable,
}

impl EnrolmentProblem {
    /// The name used in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EnrolmentProblem::Taken => "taken",
            EnrolmentProblem::Ambiguous => "ambiguous",
            EnrolmentProblem::RandomUid => "random_uid",
            EnrolmentProblem::Unusable => "unusable",
        }
    }
}

/// A window in which a card presented at a point is meant for a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// The organisation of person and point.
    pub organisation: OrganisationId,
    /// For whom.
    pub person: PersonId,
    /// The charger or door.
    pub node: NodeId,
    /// Who opened it.
    pub opened_by: Option<PersonId>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Exclusive: for a card while it is open, for the confirmation once one was presented.
    pub until: Timestamp,
    /// How far it has come.
    pub state: EnrolmentState,
    /// The card's number, from its presentation until it is confirmed or the end.
    pub value: Option<String>,
    /// When the card was presented.
    pub presented_at: Option<Timestamp>,
    /// What was wrong with the last card that could not be enrolled.
    pub problem: Option<EnrolmentProblem>,
    /// What it was confirmed as.
    pub credential: Option<CredentialId>,
}

impl Enrolment {
    /// How far it has come at `now`: its time may be over before that is written.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> EnrolmentState {
        match self.state {
            EnrolmentState::Open | EnrolmentState::Presented if now >= self.until => {
                EnrolmentState::Ended
            }
            state => state,
        }
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Enrolment({} {:?})", self.id, self.state)
    }
}

/// That known cards were shown by readers of a model as a profile would explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderProposal {
    /// The organisation whose cards they were.
    pub organisation: OrganisationId,
    /// The station's vendor, as it says.
    pub vendor: String,
    /// The station's model, as it says.
    pub model: String,
    /// The profile under which they would be known by their own number.
    pub profile: ReaderProfile,
    /// How often.
    pub count: i64,
    /// The first time.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

/// Lengths of UIDs in bytes (ISO/IEC 14443-3), and of the numbers readers make of them.
const LENGTHS: [u8; 3] = [4, 7, 10];

/// What a number may be the reading of, under each profile that is worth proposing: the profile
/// and the key of the card it would be. Where two profiles come to the same card, the shorter is
/// named. A step that does nothing to the number is no explanation of it.
#[must_use]
pub fn readings(number: &str, serial: Option<&str>) -> Vec<(ReaderProfile, String)> {
    let received = normalise(number);
    let mut found: Vec<(ReaderProfile, String)> = Vec::new();
    for steps in profiles() {
        let count = steps.len();
        let profile = ReaderProfile::new(steps);
        let Some((card, quirks)) = profile.canonical(number, serial, |_| true) else {
            continue;
        };
        let key = normalise(&card);
        let explains = quirks.len() == count && key != received;
        if explains && !found.iter().any(|(_, known)| *known == key) {
            found.push((profile, key));
        }
    }
    found
}

/// The profiles that are proposed, the simplest first.
fn profiles() -> Vec<Vec<ReaderStep>> {
    let padded = LENGTHS.map(|bytes| ReaderStep::StripZeroPadding { bytes });
    let filled = LENGTHS.map(|bytes| ReaderStep::StripTrailingZeros { bytes });
    // 10 bytes have more digits than a decimal reader shows.
    let decimal = [4, 7].map(|bytes| ReaderStep::DecimalToHex { bytes });
    let alone = [ReaderStep::StripSerialSuffix, ReaderStep::ReverseBytes]
        .into_iter()
        .chain(padded)
        .chain(filled)
        .chain(decimal)
        .map(|step| vec![step]);
    let turned = padded
        .into_iter()
        .chain(filled)
        .chain(decimal)
        .map(|step| vec![step, ReaderStep::ReverseBytes]);
    alone.chain(turned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn reversed(bytes: &[u8]) -> Vec<u8> {
        bytes.iter().rev().copied().collect()
    }

    fn decimal(bytes: &[u8]) -> String {
        let number = bytes
            .iter()
            .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        number.to_string()
    }

    /// A UID of 4, 7 or 10 bytes.
    fn uid() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![Just(4usize), Just(7), Just(10)]
            .prop_flat_map(|length| proptest::collection::vec(any::<u8>(), length))
    }

    fn card_is_among(number: &str, uid: &[u8]) -> bool {
        readings(number, Some("SN1"))
            .iter()
            .any(|(_, key)| *key == hex(uid))
    }

    proptest! {
        #[test]
        fn a_reading_is_explained_whatever_the_reader_does(uid in uid()) {
            let number = hex(&uid);
            let backwards = hex(&reversed(&uid));
            // A palindrome reads the same both ways and needs no explanation.
            prop_assert!(backwards == number || card_is_among(&backwards, &uid));
            let (suffixed, padded) = (format!("{number}_SN1"), format!("00000000{number}"));
            prop_assert!(card_is_among(&suffixed, &uid));
            prop_assert!(card_is_among(&padded, &uid));
            if backwards != number {
                let padded = format!("0000{backwards}");
                prop_assert!(card_is_among(&padded, &uid));
                let filled = format!("{backwards}0000");
                prop_assert!(card_is_among(&filled, &uid));
            }
            let filled = format!("{number}00");
            prop_assert!(card_is_among(&filled, &uid));
            if uid.len() < 10 {
                prop_assert!(card_is_among(&decimal(&uid), &uid));
                prop_assert!(card_is_among(&decimal(&reversed(&uid)), &uid));
            }
        }

        #[test]
        fn the_number_of_the_card_itself_explains_nothing(uid in uid(), other in ".{0,40}") {
            let number = hex(&uid);
            prop_assert!(readings(&number, None).iter().all(|(_, key)| *key != number));
            prop_assert!(readings(&other, None).iter().all(|(_, key)| *key != normalise(&other)));
        }

        #[test]
        fn a_reading_is_explained_by_its_profile(uid in uid()) {
            for number in [hex(&reversed(&uid)), format!("0000{}", hex(&uid))] {
                for (profile, key) in readings(&number, None) {
                    let card = profile.canonical(&number, None, |_| true).unwrap().0;
                    prop_assert_eq!(normalise(&card), key);
                }
            }
        }
    }

    #[test]
    fn the_readings_of_the_field_are_explained() {
        let explained = |number: &str, card: &str| {
            let found = readings(number, None);
            let found = found.iter().find(|(_, key)| key == card);
            found.map(|(profile, _)| profile.steps().to_vec())
        };
        // Wiegand 34 against MFRC522.
        assert_eq!(
            explained("7186a61e", "1EA68671"),
            Some(vec![ReaderStep::ReverseBytes])
        );
        // PN532 against Wiegand: 3004897467 is 0xB31B18BB, 3138919347 is 0xBB181BB3.
        assert_eq!(
            explained("3138919347", "B31B18BB"),
            Some(vec![
                ReaderStep::DecimalToHex { bytes: 4 },
                ReaderStep::ReverseBytes
            ])
        );
        // Quirk: KEBA pads to 8 bytes, on either side, and gives the least significant byte first.
        assert_eq!(
            explained("00000000C3B2A104", "04A1B2C3"),
            Some(vec![
                ReaderStep::StripZeroPadding { bytes: 4 },
                ReaderStep::ReverseBytes
            ])
        );
        assert_eq!(
            explained("C3B2A10400000000", "04A1B2C3"),
            Some(vec![
                ReaderStep::StripTrailingZeros { bytes: 4 },
                ReaderStep::ReverseBytes
            ])
        );
        assert!(readings("", None).is_empty());
        assert!(readings("DE-8AA-C12345-6", None).is_empty());
    }

    #[test]
    fn an_enrolment_ends_with_its_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let id = uuid::Uuid::nil();
        let mut row = Enrolment {
            id: id.into(),
            organisation: id.into(),
            person: id.into(),
            node: id.into(),
            opened_by: None,
            opened_at: at(0),
            until: at(60),
            state: EnrolmentState::Open,
            value: None,
            presented_at: None,
            problem: None,
            credential: None,
        };
        assert_eq!(row.state_at(at(59)), EnrolmentState::Open);
        assert_eq!(row.state_at(at(60)), EnrolmentState::Ended);
        row.state = EnrolmentState::Confirmed;
        assert_eq!(row.state_at(at(60)), EnrolmentState::Confirmed);
    }
}
