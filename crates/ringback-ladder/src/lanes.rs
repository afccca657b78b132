//! Who takes part, and in which order they stand.

use ringback_model::control::{Party, PartyKind, TranscriptEntry};

/// One vertical line.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) kind: PartyKind,
    pub(crate) name: String,
    /// The number, where it says more than the name.
    pub(crate) number: Option<String>,
    side: Side,
}

/// Where a lane stands; lanes of one place keep the order of their appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Caller,
    Platform,
    Application,
    Callee,
}

/// The lanes from left to right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes(Vec<Lane>);

impl Lanes {
    /// All who take part in a transcript.
    pub(crate) fn of(entries: &[TranscriptEntry]) -> Self {
        let mut lanes = Self::default();
        for entry in entries {
            lanes.meet(entry);
        }
        lanes
    }

    /// Adds the parties of an entry; whether one of them is new.
    pub(crate) fn meet(&mut self, entry: &TranscriptEntry) -> bool {
        let from = entry.from.as_ref().is_some_and(|party| self.add(party, true));
        let to = entry.to.as_ref().is_some_and(|party| self.add(party, false));
        from || to
    }

    /// Adds a party, a phone on the caller's side or on the other; whether it is new.
    pub(crate) fn add(&mut self, party: &Party, calls: bool) -> bool {
        if self.index(party).is_some() {
            return false;
        }
        let side = match &party.kind {
            PartyKind::Phone if calls => Side::Caller,
            PartyKind::Phone => Side::Callee,
            PartyKind::Platform => Side::Platform,
            _ => Side::Application,
        };
        let number = party.number.clone().filter(|number| *number != party.name);
        let lane = Lane { kind: party.kind.clone(), name: party.name.clone(), number, side };
        let at = self.0.iter().position(|other| other.side > side).unwrap_or(self.0.len());
        self.0.insert(at, lane);
        true
    }

    /// The lane of a party.
    pub(crate) fn index(&self, party: &Party) -> Option<usize> {
        self.0.iter().position(|lane| {
            let same_number = match (&lane.number, &party.number) {
                (Some(a), Some(b)) => a == b,
                _ => false,
            };
            lane.kind == party.kind
                && (same_number || lane.name == party.name && !differ(lane, party))
        })
    }

    /// The lane of the platform, or else the first.
    pub(crate) fn home(&self) -> Option<usize> {
        let platform = self.0.iter().position(|lane| lane.side == Side::Platform);
        platform.or((!self.0.is_empty()).then_some(0))
    }

    pub(crate) fn as_slice(&self) -> &[Lane] {
        &self.0
    }
}

/// Two phones of one name are two when their numbers are.
fn differ(lane: &Lane, party: &Party) -> bool {
    match (&lane.number, &party.number) {
        (Some(a), Some(b)) => a != b,
        _ => false,
    }
}
