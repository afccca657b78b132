//! What an application says over its websocket: a queue that is played at the speed of speech.

use std::{borrow::Cow, collections::VecDeque};

use serde::Deserialize;
use serde_json::value::RawValue;

/// How many frames wait to be played: about a minute.
const FRAMES: usize = 3_072;
/// How many markers wait among them.
const MARKERS: usize = 1_024;

/// The queue of one websocket; there is no media, so that of a frame only its place counts.
#[derive(Debug)]
pub(super) struct Playback {
    /// How many bytes a frame has.
    size: usize,
    queue: VecDeque<Item>,
    frames: usize,
    warned: Vec<Fault>,
}

#[derive(Debug)]
enum Item {
    Frame,
    /// The answer to a `notify`, due when all before it has been played.
    Marker(String),
}

/// What an application does wrong; each is told once for a websocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Larger,
    Smaller,
    Full,
    Command,
}

#[derive(Deserialize)]
struct Command<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Playback {
    /// A queue for 16-bit mono sound of so many samples a second, in frames of 20 ms.
    pub(super) fn new(rate: u32) -> Self {
        let size = usize::try_from(rate / 50 * 2).unwrap_or(usize::MAX);
        Self { size, queue: VecDeque::new(), frames: 0, warned: Vec::new() }
    }

    /// How many bytes a frame has.
    pub(super) fn frame_size(&self) -> usize {
        self.size
    }

    /// Whether something waits to be played.
    pub(super) fn is_playing(&self) -> bool {
        self.frames > 0
    }

    /// Takes a binary frame: a larger one is cut, a smaller one filled up, one too many dropped.
    ///
    /// Gives a sentence when that happens for the first time.
    pub(super) fn frame(&mut self, length: usize) -> Option<String> {
        let size = self.size;
        if self.frames >= FRAMES {
            return self.warn(Fault::Full, || {
                format!("{FRAMES} frames wait to be played, and further ones are dropped: send one every 20 ms")
            });
        }
        self.frames += 1;
        self.queue.push_back(Item::Frame);
        let frame = |what: &str| {
            format!(
                "a binary frame of {length} bytes came and is {what}: a frame of this leg has {size} bytes"
            )
        };
        match length.cmp(&size) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => {
                self.warn(Fault::Larger, || frame("cut, its rest is lost"))
            }
            std::cmp::Ordering::Less => self.warn(Fault::Smaller, || frame("filled with silence")),
        }
    }

    /// Takes a text frame; gives what is answered at once, or a sentence when it is no command
    /// for the first time.
    pub(super) fn command(&mut self, text: &str) -> Result<Option<String>, Option<String>> {
        let command = serde_json::from_str::<Command<'_>>(text).ok();
        match command.as_ref().map(|command| (command.action.as_ref(), command.payload)) {
            Some(("clear", _)) => {
                // Markers that wait behind what is dropped are dropped with it (inferred).
                self.queue.clear();
                self.frames = 0;
                Ok(Some(r#"{"event":"websocket:cleared"}"#.to_owned()))
            }
            Some(("notify", Some(payload))) if payload.get().starts_with('{') => {
                let event =
                    format!(r#"{{"event":"websocket:notify","payload":{}}}"#, payload.get());
                if self.queue.is_empty() {
                    return Ok(Some(event));
                }
                if self.queue.len() - self.frames < MARKERS {
                    self.queue.push_back(Item::Marker(event));
                }
                Ok(None)
            }
            _ => Err(self.warn(Fault::Command, || {
                let seen: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
                format!(
                    "a text frame is ignored: `{seen}` is neither {{\"action\":\"clear\"}} nor \
                     {{\"action\":\"notify\",\"payload\":{{…}}}}"
                )
            })),
        }
    }

    /// Plays 20 ms; gives the markers that have been reached.
    pub(super) fn play(&mut self) -> Vec<String> {
        if matches!(self.queue.front(), Some(Item::Frame)) {
            self.queue.pop_front();
            self.frames -= 1;
        }
        let mut reached = Vec::new();
        while let Some(Item::Marker(_)) = self.queue.front() {
            if let Some(Item::Marker(event)) = self.queue.pop_front() {
                reached.push(event);
            }
        }
        reached
    }

    fn warn(&mut self, fault: Fault, sentence: impl FnOnce() -> String) -> Option<String> {
        if self.warned.contains(&fault) {
            return None;
        }
        self.warned.push(fault);
        Some(sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_documented_sizes() {
        for (rate, size) in [(8_000, 320), (16_000, 640), (24_000, 960)] {
            assert_eq!(Playback::new(rate).frame_size(), size);
        }
    }

    #[test]
    fn frames_of_another_size_are_told_once() {
        let mut playback = Playback::new(16_000);
        let mut check = |length, expected: Option<&str>| {
            let warning = playback.frame(length);
            assert_eq!(warning.is_some(), expected.is_some(), "{length}: {warning:?}");
            let warning = warning.unwrap_or_default();
            assert!(warning.contains(expected.unwrap_or_default()), "{warning}");
        };
        check(640, None);
        check(1_280, Some("1280 bytes came and is cut"));
        check(1_280, None);
        check(320, Some("320 bytes came and is filled with silence"));
        check(0, None);
        for _ in 5..FRAMES {
            check(640, None);
        }
        check(640, Some("3072 frames wait"));
        check(640, None);
        assert_eq!(playback.frames, FRAMES);
    }

    #[test]
    fn markers_are_reached_when_all_before_them_was_played() {
        let notify = |name: &str| format!(r#"{{"action":"notify","payload":{{"n": "{name}"}}}}"#);
        let told =
            |name: &str| format!(r#"{{"event":"websocket:notify","payload":{{"n": "{name}"}}}}"#);
        let mut playback = Playback::new(8_000);
        assert_eq!(playback.command(&notify("now")), Ok(Some(told("now"))));
        playback.frame(320);
        playback.frame(320);
        assert_eq!(playback.command(&notify("a")), Ok(None));
        playback.frame(320);
        assert_eq!(playback.command(&notify("b")), Ok(None));
        assert_eq!(playback.command(&notify("c")), Ok(None));
        let none: [String; 0] = [];
        assert_eq!(playback.play(), none);
        assert_eq!(playback.play(), [told("a")]);
        assert!(playback.is_playing());
        assert_eq!(playback.play(), [told("b"), told("c")]);
        assert!(!playback.is_playing());
        assert_eq!(playback.play(), none);
    }

    #[test]
    fn clear_drops_all_that_waits() {
        let mut playback = Playback::new(8_000);
        playback.frame(320);
        assert_eq!(playback.command(r#"{"action":"notify","payload":{}}"#), Ok(None));
        let cleared = r#"{"event":"websocket:cleared"}"#.to_owned();
        assert_eq!(playback.command(r#" {"action":"clear"}"#), Ok(Some(cleared)));
        assert!(!playback.is_playing() && playback.play().is_empty());
    }

    #[test]
    fn other_texts_are_ignored_and_told_once() {
        for text in [
            "",
            "hello",
            "{}",
            r#"{"action":"hangup"}"#,
            r#"{"action":"notify"}"#,
            r#"{"action":"notify","payload":"text"}"#,
            r#"{"action":7}"#,
        ] {
            let mut playback = Playback::new(8_000);
            let warning = playback.command(text).unwrap_err().unwrap();
            assert!(warning.contains("is ignored"), "{warning}");
            assert_eq!(playback.command(text), Err(None));
        }
    }
}
