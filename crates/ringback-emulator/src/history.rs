//! What happened, in order: for transcripts and for those who listen.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use ringback_model::{LegId, control};

/// How many entries are kept for those who resume.
const KEPT: usize = 10_000;
/// How many entries the transcript of one call keeps.
const TRANSCRIPT: usize = 2_000;

/// One thing that happened, with its JSON made once for all who listen.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) entry: control::TranscriptEntry,
    pub(crate) json: String,
}

/// Everything that happened lately, and the transcript of each call.
#[derive(Debug)]
pub(crate) struct History {
    last: u64,
    entries: VecDeque<Arc<Entry>>,
    transcripts: HashMap<LegId, Vec<Arc<Entry>>>,
    /// The calls in the order in which they began.
    calls: VecDeque<LegId>,
    kept_calls: usize,
}

impl History {
    pub(crate) fn new(kept_calls: usize) -> Self {
        Self {
            last: 0,
            entries: VecDeque::new(),
            transcripts: HashMap::new(),
            calls: VecDeque::new(),
            kept_calls: kept_calls.max(1),
        }
    }

    /// Numbers an entry and keeps it.
    pub(crate) fn push(&mut self, mut entry: control::TranscriptEntry) -> Arc<Entry> {
        self.last += 1;
        entry.sequence = self.last;
        let json = serde_json::to_string(&entry).unwrap_or_default();
        let entry = Arc::new(Entry { entry, json });
        self.entries.push_back(Arc::clone(&entry));
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
        if let Some(call) = &entry.entry.call {
            if !self.transcripts.contains_key(call) {
                self.calls.push_back(call.clone());
            }
            let transcript = self.transcripts.entry(call.clone()).or_default();
            if transcript.len() < TRANSCRIPT {
                transcript.push(Arc::clone(&entry));
            }
        }
        while self.calls.len() > self.kept_calls {
            if let Some(call) = self.calls.pop_front() {
                self.transcripts.remove(&call);
            }
        }
        entry
    }

    /// Forgets all but the numbering, so that those who resume miss nothing.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.transcripts.clear();
        self.calls.clear();
    }

    /// The entries after a number; a number that was never given out counts as none.
    pub(crate) fn since(&self, number: u64) -> Vec<Arc<Entry>> {
        let number = if number > self.last { 0 } else { number };
        let start = self.entries.partition_point(|entry| entry.entry.sequence <= number);
        self.entries.range(start..).cloned().collect()
    }

    /// The number of the newest entry.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The transcript of a call, when it has one.
    pub(crate) fn transcript(&self, call: &LegId) -> Option<Vec<control::TranscriptEntry>> {
        let entries = self.transcripts.get(call)?;
        Some(entries.iter().map(|entry| entry.entry.clone()).collect())
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

    #[test]
    fn entries_are_numbered_and_resumable() {
        let mut history = History::new(2);
        for call in [None, Some("a"), Some("b"), Some("a")] {
            history.push(entry(call));
        }
        let numbers = |since| -> Vec<u64> {
            history.since(since).iter().map(|entry| entry.entry.sequence).collect()
        };
        assert_eq!(numbers(0), [1, 2, 3, 4]);
        assert_eq!(numbers(3), [4]);
        assert_eq!(numbers(4), [] as [u64; 0]);
        // A number of an emulator that ran before: everything is new.
        assert_eq!(numbers(99), [1, 2, 3, 4]);
        assert_eq!(history.transcript(&"a".into()).unwrap().len(), 2);
        history.push(entry(Some("c")));
        assert!(history.transcript(&"a".into()).is_none());
        history.clear();
        assert_eq!(history.push(entry(None)).entry.sequence, 6);
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::new(5);
        for _ in 0..KEPT + 10 {
            history.push(entry(Some("a")));
        }
        assert_eq!(history.since(0).len(), KEPT);
        assert_eq!(history.transcript(&"a".into()).unwrap().len(), TRANSCRIPT);
    }
}
