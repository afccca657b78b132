//! The legs of each application, for its lists.

use std::collections::{HashMap, VecDeque, vec_deque};

use ringback_model::ApplicationId;

use crate::{Exchange, leg::Leg};

/// The ordinals of the legs of each application, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct LegsOf {
    by_application: HashMap<ApplicationId, VecDeque<u64>>,
}

impl LegsOf {
    pub(crate) fn of(&self, application: &ApplicationId) -> vec_deque::Iter<'_, u64> {
        self.by_application.get(application).map(VecDeque::iter).unwrap_or_default()
    }

    /// Adds the newest leg.
    fn add(&mut self, application: &ApplicationId, leg: u64) {
        match self.by_application.get_mut(application) {
            Some(legs) => legs.push_back(leg),
            None => {
                self.by_application.insert(application.clone(), VecDeque::from([leg]));
            }
        }
    }

    /// Removes legs; quick for those that are among the oldest or the newest.
    pub(crate) fn remove(&mut self, application: &ApplicationId, gone: &[u64]) {
        let Some(legs) = self.by_application.get_mut(application) else { return };
        for leg in gone {
            if legs.front() == Some(leg) {
                legs.pop_front();
            } else if let Ok(place) = legs.binary_search(leg) {
                legs.remove(place);
            }
        }
        if legs.is_empty() {
            self.by_application.remove(application);
        }
    }
}

impl Exchange {
    /// Takes in a leg that has been made for a call; answers its ordinal.
    pub(crate) fn add_leg(&mut self, leg: Leg) -> u64 {
        let call = leg.call;
        let key = self.legs.insert(leg);
        if let Some(call) = self.calls.get(call) {
            self.legs_of.add(&call.routes.application, key);
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legs_are_listed_by_application_in_their_order_until_they_are_removed() {
        let (one, other) = (ApplicationId::new("one"), ApplicationId::new("other"));
        let mut legs = LegsOf::default();
        for (application, leg) in [(&one, 1), (&other, 2), (&one, 3), (&one, 7)] {
            legs.add(application, leg);
        }
        let of = |legs: &LegsOf, application| legs.of(application).copied().collect::<Vec<_>>();
        assert_eq!((of(&legs, &one), of(&legs, &other)), (vec![1, 3, 7], vec![2]));
        legs.remove(&one, &[3, 4]);
        legs.remove(&other, &[1, 2]);
        assert_eq!((of(&legs, &one), of(&legs, &other)), (vec![1, 7], vec![]));
        assert_eq!(legs.by_application.len(), 1);
    }
}
