//! The files of recordings: their sound, and what was said in them.

use ringback_model::{ApplicationId, problem::known::api};
use serde::Serialize;

use crate::{
    Exchange, Recording, Refusal,
    id::{Id, Purpose},
    recording::Take,
};

/// A file of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// The sound, which whoever serves it makes.
    Sound(Recording),
    /// The transcript, as JSON.
    Text(Vec<u8>),
}

/// How sure the platform is of what a virtual phone says (inferred; a sample has 0.9405097).
const CONFIDENCE: f64 = 0.940_509_7;

impl Exchange {
    /// A file of an application, by the end of its `recording_url` or `transcription_url`.
    ///
    /// # Errors
    /// When there is no such file (404), when it is still being recorded (404), and when it belongs
    /// to another application (403).
    pub fn file(&self, application: &ApplicationId, file_id: &str) -> Result<File, Refusal> {
        let shown: String = file_id.chars().take(60).collect();
        let none = |reason, seen: String, fix| {
            Refusal::new(api::NOT_FOUND.about(&shown), reason)
                .checked("the id of the file")
                .seen(seen)
                .expected("the end of a `recording_url` or `transcription_url`")
                .fix(fix)
        };
        let found = Id::from_dashed(file_id)
            .and_then(|id| Some((id, *self.take_ids.get(&id)?)))
            .and_then(|(id, key)| Some((id, key, self.takes.get(key)?)));
        let Some((id, key, take)) = found else {
            return Err(none(
                "file-unknown",
                format!("there is no file {shown:?}"),
                "take the address as it came in the webhook; the id of the recording is another one",
            ));
        };
        if take.application != *application {
            let owner = &take.application;
            return Err(Refusal::new(api::FORBIDDEN.details(), "file-of-another-application")
                .checked("that the file belongs to the token's application")
                .seen(format!("the token is of application {application}, the file of {owner}"))
                .expected("a token of the application whose call was recorded")
                .fix("mint the token with the id and private key of that application"));
        }
        if take.ended.is_none() {
            return Err(none(
                "recording-runs",
                format!("the recording {} is still running", take.id()),
                "wait for the webhook with its recording_url",
            ));
        }
        if id != take.transcript {
            return Ok(File::Sound(take.sound(self.now)));
        }
        if take.transcription.is_none() {
            return Err(none(
                "transcript-not-asked-for",
                format!("no transcript of the recording {} was asked for", take.id()),
                "add `transcription` to the record action",
            ));
        }
        let request = Id::derive(self.settings.seed, Purpose::File, key, 2);
        let transcript = Transcript::of(take, request.dashed(""), take.millis(self.now));
        // Text and numbers: there is nothing in it that JSON cannot hold.
        Ok(File::Text(serde_json::to_vec(&transcript).unwrap_or_default()))
    }
}

/// A transcript as the platform serves it.
#[derive(Serialize)]
struct Transcript<'a> {
    ver: &'static str,
    request_id: String,
    channels: Vec<Channel<'a>>,
}

#[derive(Serialize)]
struct Channel<'a> {
    transcript: Vec<Sentence<'a>>,
    /// Seconds.
    duration: u64,
}

/// Times are in milliseconds.
#[derive(Serialize)]
struct Sentence<'a> {
    sentence: &'a str,
    raw_sentence: &'a str,
    duration: i64,
    timestamp: i64,
    words: Vec<Word<'a>>,
}

#[derive(Serialize)]
struct Word<'a> {
    word: &'a str,
    start_time: i64,
    end_time: i64,
    confidence: f64,
}

impl<'a> Transcript<'a> {
    /// All that was said stands in the first channel (approximate).
    fn of(take: &'a Take, request_id: String, millis: u64) -> Self {
        let duration = millis.div_ceil(1_000);
        let said = take.said.iter().map(|(at, millis, text)| Sentence::of(*at, *millis, text));
        let mut channels = vec![Channel { transcript: said.collect(), duration }];
        for _ in 1..take.channels {
            channels.push(Channel { transcript: Vec::new(), duration });
        }
        Self { ver: "2.1.0", request_id, channels }
    }
}

impl<'a> Sentence<'a> {
    /// The words share the time equally.
    fn of(timestamp: i64, duration: i64, text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let each = duration / i64::try_from(words.len().max(1)).unwrap_or(1);
        let mut end_time = timestamp;
        let words = words.into_iter().map(|word| {
            let start_time = end_time;
            end_time += each;
            Word { word, start_time, end_time, confidence: CONFIDENCE }
        });
        let words = words.collect();
        Self { sentence: text, raw_sentence: text, duration, timestamp, words }
    }
}
