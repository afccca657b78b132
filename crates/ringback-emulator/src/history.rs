//! What happened, in order: for transcripts and for those who listen.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use ringback_model::{LegId, control};

/// What is kept for those who resume.
const RESUMABLE: Budget = Budget { entries: 10_000, bytes: 8 * 1024 * 1024 };
/// What the transcripts of all calls together keep.
const TRANSCRIPTS: Budget = Budget { entries: 100_000, bytes: 32 * 1024 * 1024 };
/// How many entries the transcript of one call keeps.
const TRANSCRIPT: usize = 2_000;
/// About what an entry costs beside its JSON: itself, its call's id, and where it is listed.
const ENTRY: usize = 160;

/// One thing that happened: its JSON, made once for all who listen.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) call: Option<LegId>,
    pub(crate) json: Box<str>,
}

/// How much is kept at most, in number and in memory.
#[derive(Clone, Copy, Debug)]
struct Budget {
    entries: usize,
    bytes: usize,
}

/// Everything that happened lately, and the transcript of each call.
#[derive(Debug)]
pub(crate) struct History {
    last: u64,
    entries: VecDeque<Arc<Entry>>,
    kept: Budget,
    transcripts: HashMap<LegId, Transcript>,
    transcribed: Budget,
    /// The calls that are up, by their first entry.
    up: BTreeMap<u64, LegId>,
    /// The finished calls in the order in which they ended.
    finished: VecDeque<LegId>,
    finished_calls: usize,
    limit: Budget,
}

#[derive(Debug)]
struct Transcript {
    first: u64,
    is_finished: bool,
    bytes: usize,
    entries: Vec<Arc<Entry>>,
}

impl History {
    pub(crate) fn new(finished_calls: usize) -> Self {
        const NOTHING: Budget = Budget { entries: 0, bytes: 0 };
        Self {
            last: 0,
            entries: VecDeque::new(),
            kept: NOTHING,
            transcripts: HashMap::new(),
            transcribed: NOTHING,
            up: BTreeMap::new(),
            finished: VecDeque::new(),
            finished_calls,
            limit: TRANSCRIPTS,
        }
    }

    /// Numbers an entry and keeps it; `is_up` says whether the call it is about is still up.
    pub(crate) fn push(
        &mut self,
        mut entry: control::TranscriptEntry,
        is_up: impl FnOnce(&LegId) -> bool,
    ) -> Arc<Entry> {
        self.last += 1;
        entry.sequence = self.last;
        let json = serde_json::to_string(&entry).unwrap_or_default().into_boxed_str();
        let entry = Arc::new(Entry { sequence: self.last, call: entry.call, json });
        self.entries.push_back(Arc::clone(&entry));
        self.kept.add(&entry);
        while self.kept.exceeds(RESUMABLE)
            && let Some(oldest) = self.entries.pop_front()
        {
            self.kept.remove(1, oldest.cost());
        }
        if let Some(call) = &entry.call {
            self.transcribe(call, &entry, is_up(call));
            self.forget();
        }
        entry
    }

    fn transcribe(&mut self, call: &LegId, entry: &Arc<Entry>, is_up: bool) {
        let transcript = self.transcripts.entry(call.clone()).or_insert_with(|| {
            self.up.insert(entry.sequence, call.clone());
            Transcript { first: entry.sequence, is_finished: false, bytes: 0, entries: Vec::new() }
        });
        if transcript.entries.len() < TRANSCRIPT {
            transcript.entries.push(Arc::clone(entry));
            transcript.bytes += entry.cost();
            self.transcribed.add(entry);
        }
        if !is_up && !transcript.is_finished {
            transcript.is_finished = true;
            self.up.remove(&transcript.first);
            self.finished.push_back(call.clone());
        }
    }

    /// Drops transcripts of finished calls, and of calls that are up only when no other is left.
    fn forget(&mut self) {
        while self.finished.len() > self.finished_calls || self.transcribed.exceeds(self.limit) {
            let oldest = self.finished.pop_front();
            let Some(call) = oldest.or_else(|| self.up.pop_first().map(|(_, call)| call)) else {
                return;
            };
            if let Some(transcript) = self.transcripts.remove(&call) {
                self.transcribed.remove(transcript.entries.len(), transcript.bytes);
            }
        }
    }

    /// Forgets all but the numbering, so that those who resume miss nothing.
    pub(crate) fn clear(&mut self) {
        let last = self.last;
        *self = Self { last, ..Self::new(self.finished_calls) };
    }

    /// Goes on numbering after this number, when it has not come so far.
    pub(crate) fn go_on_after(&mut self, number: u64) {
        self.last = self.last.max(number);
    }

    /// The entries after a number; a number that was never given out counts as none.
    pub(crate) fn since(&self, number: u64) -> Vec<Arc<Entry>> {
        let number = if number > self.last { 0 } else { number };
        let start = self.entries.partition_point(|entry| entry.sequence <= number);
        self.entries.range(start..).cloned().collect()
    }

    /// The number of the newest entry.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The transcript of a call, when it has one.
    pub(crate) fn transcript(&self, call: &LegId) -> Option<Vec<Arc<Entry>>> {
        Some(self.transcripts.get(call)?.entries.clone())
    }
}

impl Entry {
    /// The entry read from its JSON.
    pub(crate) fn read(&self) -> serde_json::Result<control::TranscriptEntry> {
        serde_json::from_str(&self.json)
    }

    fn cost(&self) -> usize {
        self.json.len() + ENTRY
    }
}

impl Budget {
    fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        self.bytes += entry.cost();
    }

    fn remove(&mut self, entries: usize, bytes: usize) {
        self.entries = self.entries.saturating_sub(entries);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn exceeds(self, limit: Self) -> bool {
        self.entries > limit.entries || self.bytes > limit.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringback_model::Timestamp;

    fn entry(call: Option<&str>) -> control::TranscriptEntry {
        let at = Timestamp::from_secs(1_540_459_578);
        let mut entry =
            control::TranscriptEntry::new(0, at, control::TranscriptKind::State, "started");
        entry.call = call.map(LegId::from);
        entry
    }

    fn length(history: &History, call: &str) -> Option<usize> {
        history.transcript(&call.into()).map(|entries| entries.len())
    }

    #[test]
    fn entries_are_numbered_and_resumable() {
        let mut history = History::new(2);
        for call in [None, Some("a"), Some("b"), Some("a")] {
            history.push(entry(call), |_| false);
        }
        let numbers = |since| -> Vec<u64> {
            history.since(since).iter().map(|entry| entry.sequence).collect()
        };
        assert_eq!(numbers(0), [1, 2, 3, 4]);
        assert_eq!(numbers(3), [4]);
        assert_eq!(numbers(4), [] as [u64; 0]);
        // A number of an emulator that ran before: everything is new.
        assert_eq!(numbers(99), [1, 2, 3, 4]);
        assert_eq!(length(&history, "a"), Some(2));
        history.push(entry(Some("c")), |_| false);
        assert_eq!(length(&history, "a"), None);
        history.clear();
        let next = history.push(entry(None), |_| false);
        assert_eq!((next.sequence, next.read().unwrap().sequence), (6, 6));
    }

    #[test]
    fn one_call_is_bounded() {
        let mut history = History::new(5);
        for _ in 0..RESUMABLE.entries + 10 {
            history.push(entry(Some("a")), |_| true);
        }
        assert_eq!(history.since(0).len(), RESUMABLE.entries);
        assert_eq!(length(&history, "a"), Some(TRANSCRIPT));
    }

    #[test]
    fn long_entries_are_bounded_by_their_bytes() {
        let mut history = History::new(1_000);
        let long = "x".repeat(1024 * 1024);
        for call in 0..100 {
            let call = call.to_string();
            history.push(entry(Some(&call)).detail(long.as_str()), |_| false);
        }
        let held = |entries: &[Arc<Entry>]| -> usize {
            entries.iter().map(|entry| entry.json.len()).sum()
        };
        assert!((1..=RESUMABLE.bytes).contains(&held(&history.since(0))));
        let kept: Vec<_> =
            (0..100).filter_map(|call| history.transcript(&call.to_string().into())).collect();
        let bytes: usize = kept.iter().map(|entries| held(entries)).sum();
        assert!(bytes <= TRANSCRIPTS.bytes && kept.len() > 25, "{bytes} in {}", kept.len());
        assert!(history.transcript(&"99".into()).is_some());
    }

    #[test]
    fn all_calls_are_bounded_and_finished_ones_go_first() {
        let check = |limit: Budget| {
            let mut history = History { limit, ..History::new(1_000) };
            let is_up = |call: &LegId| call.as_str().starts_with("up");
            let mut push = |call: &str| {
                history.push(entry(Some(call)), is_up);
                assert!(!history.transcribed.exceeds(limit), "{:?}", history.transcribed);
                ["up 1", "up 2", "over 1", "over 2", "over 3"].map(|call| length(&history, call))
            };
            push("up 1");
            push("over 1");
            push("up 2");
            push("over 2");
            // The oldest of the finished ones, not of all.
            assert_eq!(push("over 3"), [Some(1), Some(1), None, Some(1), Some(1)]);
            assert_eq!(push("up 1"), [Some(2), Some(1), None, None, Some(1)]);
            assert_eq!(push("up 1"), [Some(3), Some(1), None, None, None]);
            // Only calls that are up: the bound holds all the same.
            assert_eq!(push("up 2"), [None, Some(2), None, None, None]);
        };
        let one = History::new(1).push(entry(Some("over 1")), |_| false).cost();
        check(Budget { entries: 4, bytes: usize::MAX });
        check(Budget { entries: usize::MAX, bytes: one * 4 + 3 });
    }
}
