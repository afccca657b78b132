//! What happened, in order: for transcripts and for those who listen.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use ringback_exchange::{CallNumber, Exchange, Note};
use ringback_model::{LegId, control::TranscriptEntry};

use crate::mask;

/// What is kept for those who resume.
const RESUMABLE: Budget = Budget { entries: 10_000, bytes: 8 * 1024 * 1024 };
/// What the transcript of one call keeps; short entries come to less than an eighth of it.
const TRANSCRIPT: Budget = Budget { entries: 2_000, bytes: 1024 * 1024 };
/// What the transcripts of all finished calls together keep.
const FINISHED: Budget = Budget { entries: usize::MAX, bytes: 64 * 1024 * 1024 };

/// How many calls may be forgotten by the exchange before their transcripts are: one in so many.
const LATE: usize = 8;
/// About what the ids of an entry in words cost.
const IDS: usize = 160;

/// One thing that happened: its JSON, made once for all who listen.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) call: Option<LegId>,
    pub(crate) json: Box<str>,
}

/// Everything that happened lately, and the transcript of each call.
///
/// Notes are kept as the exchange told them, and put into words when somebody wants to read them.
#[derive(Debug)]
pub(crate) struct History {
    last: u64,
    entries: VecDeque<(u64, Kept)>,
    kept: Budget,
    transcripts: HashMap<CallNumber, Transcript>,
    /// The finished calls in the order in which they ended.
    finished: VecDeque<CallNumber>,
    transcribed: Budget,
    finished_calls: usize,
    /// At how many finished calls it is looked for those that the exchange has forgotten.
    crowd: usize,
    limit: Budget,
}

/// Something that is kept with its number.
#[derive(Clone, Debug)]
enum Kept {
    Note(Note),
    /// What no exchange told, such as a refusal, or may soon be unable to tell.
    Entry(Arc<TranscriptEntry>),
}

#[derive(Debug, Default)]
struct Transcript {
    is_finished: bool,
    /// Whether those who resume are told of it without the exchange.
    is_saved: bool,
    kept: Budget,
    entries: Vec<(u64, Kept)>,
}

/// How much is kept, in number and in memory.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    entries: usize,
    bytes: usize,
}

impl History {
    pub(crate) fn new(finished_calls: usize) -> Self {
        Self {
            last: 0,
            entries: VecDeque::new(),
            kept: Budget::default(),
            transcripts: HashMap::new(),
            finished: VecDeque::new(),
            transcribed: Budget::default(),
            finished_calls,
            crowd: finished_calls.saturating_add(LATE),
            limit: FINISHED,
        }
    }

    /// Numbers a note and keeps it.
    pub(crate) fn note(&mut self, exchange: &Exchange, note: Note) {
        self.push(exchange, note.call(exchange), Kept::Note(note));
    }

    /// Numbers an entry and keeps it.
    pub(crate) fn entry(&mut self, exchange: &Exchange, entry: TranscriptEntry) {
        let call = entry.call.as_ref().and_then(|call| exchange.call_named(call));
        self.push(exchange, call, Kept::Entry(Arc::new(entry)));
    }

    fn push(&mut self, exchange: &Exchange, call: Option<CallNumber>, kept: Kept) {
        self.last += 1;
        let is_saved = |call| self.transcripts.get(&call).is_some_and(|kept| kept.is_saved);
        let next = match call.is_some_and(is_saved) {
            true => kept.clone().in_words(exchange, self.last),
            false => kept.clone(),
        };
        self.kept.add(next.bytes());
        self.entries.push_back((self.last, next));
        while self.kept.exceeds(RESUMABLE)
            && let Some((_, oldest)) = self.entries.pop_front()
        {
            self.kept.remove(1, oldest.bytes());
        }
        if let Some(call) = call {
            self.transcribe(exchange, call, kept);
        }
    }

    fn transcribe(&mut self, exchange: &Exchange, call: CallNumber, kept: Kept) {
        let transcript = self.transcripts.entry(call).or_default();
        if !transcript.kept.exceeds(TRANSCRIPT) && transcript.kept.entries < TRANSCRIPT.entries {
            transcript.kept.add(kept.bytes());
            if transcript.is_finished {
                self.transcribed.add(kept.bytes());
            }
            transcript.push((self.last, kept));
        }
        if !transcript.is_finished && exchange.is_call_up(call) != Some(true) {
            transcript.is_finished = true;
            self.transcribed.entries += transcript.kept.entries;
            self.transcribed.bytes += transcript.kept.bytes;
            self.finished.push_back(call);
            self.forget(exchange);
            self.save(exchange);
        }
        self.limit();
    }

    /// Puts into words what those who resume may still want of a call that the exchange forgets when
    /// half as many as it keeps have ended again.
    fn save(&mut self, exchange: &Exchange) {
        let place = self.finished.len().checked_sub(1 + self.finished_calls / 2);
        let call = place.and_then(|place| self.finished.get(place));
        let Some(transcript) = call.and_then(|call| self.transcripts.get_mut(call)) else {
            return;
        };
        transcript.is_saved = true;
        let oldest = self.entries.front().map_or(u64::MAX, |(sequence, _)| *sequence);
        for (number, _) in transcript.entries.iter().rev().take_while(|entry| entry.0 >= oldest) {
            let place = self.entries.binary_search_by_key(number, |(sequence, _)| *sequence);
            if let Some((_, kept)) = place.ok().and_then(|place| self.entries.get_mut(place))
                && matches!(kept, Kept::Note(_))
            {
                self.kept.remove(0, kept.bytes());
                *kept = kept.clone().in_words(exchange, *number);
                self.kept.bytes += kept.bytes();
            }
        }
    }

    /// Drops what the exchange has forgotten, now and then.
    fn forget(&mut self, exchange: &Exchange) {
        if self.finished.len() <= self.crowd {
            return;
        }
        for call in std::mem::take(&mut self.finished) {
            if exchange.is_call_up(call).is_some() {
                self.finished.push_back(call);
            } else {
                self.remove(call);
            }
        }
        self.crowd = self.finished.len() + (self.finished.len() / LATE).max(LATE);
    }

    fn limit(&mut self) {
        while self.transcribed.exceeds(self.limit)
            && let Some(oldest) = self.finished.pop_front()
        {
            self.remove(oldest);
        }
    }

    fn remove(&mut self, call: CallNumber) {
        if let Some(transcript) = self.transcripts.remove(&call)
            && transcript.is_finished
        {
            self.transcribed.remove(transcript.kept.entries, transcript.kept.bytes);
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

    /// The number of the newest entry.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The entries after a number, in words; a number that was never given out counts as none.
    pub(crate) fn since(&self, exchange: &Exchange, number: u64) -> Vec<TranscriptEntry> {
        let number = if number > self.last { 0 } else { number };
        let start = self.entries.partition_point(|(sequence, _)| *sequence <= number);
        let entries = self.entries.range(start..);
        entries.map(|(sequence, kept)| kept.words(exchange, *sequence)).collect()
    }

    /// The transcript of a call in words, when it has one.
    pub(crate) fn transcript(
        &self,
        exchange: &Exchange,
        call: &LegId,
    ) -> Option<Vec<TranscriptEntry>> {
        let transcript = self.transcripts.get(&exchange.call_named(call)?)?;
        let entries = transcript.entries.iter();
        Some(entries.map(|(sequence, kept)| kept.words(exchange, *sequence)).collect())
    }
}

impl Transcript {
    /// Grows by less than a vector does: there are many, and most are short.
    fn push(&mut self, entry: (u64, Kept)) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact((self.entries.len() / 4).max(8));
        }
        self.entries.push(entry);
    }
}

impl Kept {
    /// With its number; no secret of an address stays in it.
    fn words(&self, exchange: &Exchange, sequence: u64) -> TranscriptEntry {
        let mut entry = match self {
            Self::Note(note) => exchange.describe(note),
            Self::Entry(entry) => TranscriptEntry::clone(entry),
        };
        entry.sequence = sequence;
        if let Some(detail) = entry.detail.as_mut().filter(|detail| detail.contains("://")) {
            *detail = mask::addresses(detail);
        }
        entry
    }

    fn in_words(self, exchange: &Exchange, sequence: u64) -> Self {
        match self {
            Self::Note(_) => Self::Entry(Arc::new(self.words(exchange, sequence))),
            Self::Entry(_) => self,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Note(note) => size_of::<u64>() + note.bytes(),
            Self::Entry(entry) => {
                let texts = entry.label.len() + entry.detail.as_ref().map_or(0, String::len);
                size_of::<TranscriptEntry>() + IDS + texts
            }
        }
    }
}

impl Entry {
    pub(crate) fn new(entry: TranscriptEntry) -> Self {
        let json = serde_json::to_string(&entry).unwrap_or_default().into_boxed_str();
        Self { sequence: entry.sequence, call: entry.call, json }
    }
}

impl Budget {
    fn add(&mut self, bytes: usize) {
        self.entries += 1;
        self.bytes += bytes;
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
mod tests;
