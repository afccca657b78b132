//! What an entry is on a ladder, whatever it is drawn with.

use ringback_model::control::{TranscriptEntry, TranscriptKind};

use crate::lanes::Lanes;

/// An entry with its lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// From one lane to another.
    Arrow { from: usize, to: usize },
    /// Beside a lane.
    Note { lane: usize },
}

impl Row {
    /// None when there is no lane at all.
    pub(crate) fn of(entry: &TranscriptEntry, lanes: &Lanes) -> Option<Self> {
        let index = |party: &Option<_>| party.as_ref().and_then(|party| lanes.index(party));
        match (index(&entry.from), index(&entry.to)) {
            (Some(from), Some(to)) if from != to => Some(Self::Arrow { from, to }),
            (Some(lane), _) | (None, Some(lane)) => Some(Self::Note { lane }),
            (None, None) => lanes.home().map(|lane| Self::Note { lane }),
        }
    }
}

/// Whether an arrow is drawn dashed: what comes back.
pub(crate) fn is_dashed(kind: &TranscriptKind) -> bool {
    *kind == TranscriptKind::Reply
}

/// What is written: errors with all there is to say, everything else in its few words.
pub(crate) fn label(entry: &TranscriptEntry) -> String {
    match (&entry.kind, &entry.detail) {
        (TranscriptKind::Error, Some(detail)) => format!("{}: {detail}", entry.label),
        _ => entry.label.clone(),
    }
}

/// Seconds since the first entry, such as `+0.205 s`, in at most 9 columns while they fit.
pub(crate) fn time(origin: i64, at: i64) -> String {
    let millis = i128::from(at) - i128::from(origin);
    let sign = if millis < 0 { '-' } else { '+' };
    let millis = millis.unsigned_abs();
    let (seconds, rest) = (millis / 1000, millis % 1000);
    match seconds {
        0..100 => format!("{sign}{seconds}.{rest:03} s"),
        100..1000 => format!("{sign}{seconds}.{rest:03}s"),
        1000..10_000 => format!("{sign}{seconds}.{} s", rest / 100),
        10_000..1_000_000 => format!("{sign}{seconds} s"),
        _ => format!("{sign}{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times() {
        let check = |origin, at, expected: &str| assert_eq!(time(origin, at), expected);
        check(0, 0, "+0.000 s");
        check(1_540_459_578_991, 1_540_459_579_196, "+0.205 s");
        check(0, 311_188, "+311.188s");
        check(0, 7_200_050, "+7200.0 s");
        check(0, 172_800_000, "+172800 s");
        check(0, 3_153_600_000_000, "+36500 d");
        check(10, 5, "-0.005 s");
    }
}
