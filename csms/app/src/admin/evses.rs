//! EVSEs of a charger, as they are wanted.

use std::collections::BTreeSet;

use model::{Evse, EvseId};

use super::fields::Faults;
use super::new_id;

/// The most EVSEs of a charger, and connectors of an EVSE.
const MOST: usize = 100;

/// An EVSE as it is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvse {
    /// The id of one that is there; must be the one with this number.
    pub id: Option<EvseId>,
    /// From 1; `None`: its place in the list.
    pub number: Option<u32>,
    /// From 1; none means one.
    pub connectors: Vec<u32>,
}

/// The EVSEs a charger is to have; one whose number is there keeps its id.
pub(super) fn wanted_evses(wanted: Vec<NewEvse>, there: &[Evse], faults: &mut Faults) -> Vec<Evse> {
    if wanted.len() > MOST {
        faults.add("evses", "too_long", "at most 100");
        return Vec::new();
    }
    if wanted.is_empty() {
        let old = there.iter().find(|evse| evse.number == 1);
        let id = old.map_or_else(new_id, |evse| evse.id);
        return vec![Evse {
            id,
            number: 1,
            connectors: vec![1],
        }];
    }
    let mut numbers = BTreeSet::new();
    let mut evses: Vec<Evse> = Vec::with_capacity(wanted.len());
    for (place, evse) in (1_u32..).zip(wanted) {
        let field = |name: &str| format!("evses[{}].{name}", place - 1);
        let number = evse.number.unwrap_or(place);
        if number == 0 || number > 1000 {
            faults.add(field("number"), "out_of_range", "from 1 to 1000");
        } else if !numbers.insert(number) {
            faults.add(field("number"), "duplicate", "each number once");
        }
        let old = there.iter().find(|old| old.number == number);
        if evse.id.is_some() && evse.id != old.map(|old| old.id) {
            faults.add(
                field("id"),
                "unknown",
                "no EVSE of this charger has this id and number",
            );
        }
        let mut connectors = if evse.connectors.is_empty() {
            vec![1]
        } else {
            evse.connectors
        };
        connectors.sort_unstable();
        let count = connectors.len();
        connectors.dedup();
        let fine = |number: &u32| (1..=1000).contains(number);
        if count > MOST || connectors.len() != count || !connectors.iter().all(fine) {
            faults.add(
                field("connectors"),
                "invalid",
                "numbers from 1, each once, at most 100",
            );
        }
        evses.push(Evse {
            id: old.map_or_else(new_id, |old| old.id),
            number,
            connectors,
        });
    }
    evses.sort_unstable_by_key(|evse| evse.number);
    evses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiError;

    fn wanted(number: Option<u32>, connectors: &[u32]) -> NewEvse {
        NewEvse {
            id: None,
            number,
            connectors: connectors.to_vec(),
        }
    }

    fn check(list: Vec<NewEvse>) -> Result<Vec<(u32, Vec<u32>)>, Vec<String>> {
        let mut faults = Faults::default();
        let evses = wanted_evses(list, &[], &mut faults);
        match faults.none() {
            Ok(()) => Ok(evses
                .into_iter()
                .map(|e| (e.number, e.connectors))
                .collect()),
            Err(ApiError::Invalid(fields)) => Err(fields.into_iter().map(|f| f.field).collect()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn evses_default_to_one_with_one_connector_and_count_from_one() {
        assert_eq!(check(vec![]), Ok(vec![(1, vec![1])]));
        let two = vec![wanted(None, &[]), wanted(None, &[2, 1])];
        assert_eq!(check(two), Ok(vec![(1, vec![1]), (2, vec![1, 2])]));
        let twice = vec![wanted(Some(1), &[]), wanted(Some(1), &[])];
        assert_eq!(check(twice), Err(vec!["evses[1].number".to_owned()]));
        assert_eq!(
            check(vec![wanted(Some(0), &[])]),
            Err(vec!["evses[0].number".to_owned()])
        );
        let doubled = vec![wanted(None, &[1, 1])];
        assert_eq!(check(doubled), Err(vec!["evses[0].connectors".to_owned()]));
        assert!(check(vec![wanted(None, &[]); 101]).is_err());
    }
}
