//! Points in time, to the millisecond, as the platform writes them.

use std::{fmt, str::FromStr, time::Duration};

use jiff::{civil::DateTime, tz::Offset};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Milliseconds since the Unix epoch.
///
/// Reads RFC 3339 with 0 to 9 fractional digits, also `2018-01-01 10:00:00` (which is UTC), and
/// drops what is below a millisecond. Writes `YYYY-MM-DDTHH:MM:SS.mmmZ` always, as all samples do.
/// Kept within the years 0 to 9999, which is all that this form can write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A text that is not a point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{seen:?} is not a valid ISO 8601 date")]
pub struct TimestampError {
    /// The text seen, cut short.
    pub seen: String,
}

impl Timestamp {
    /// The first millisecond of the year 0.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// As late in the year 9999 as every time zone can still write it.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// From milliseconds since the epoch; what is out of range becomes the nearest end.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// From seconds since the epoch, such as a token's `iat`.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The same moment without its milliseconds: writes `….000Z`, as in `completed` events.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self::from_secs(self.as_secs())
    }

    /// Writes `2020-07-14T01:23:04Z`, the form without a fraction, as in `record` events.
    #[must_use]
    pub fn to_seconds_text(self) -> String {
        let mut text = self.to_text();
        text.truncate(19);
        text.push('Z');
        text
    }

    /// The moment so much later; the last one there is when that is out of range.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// How long ago `earlier` was; zero when it was not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or_default())
    }

    fn to_text(self) -> String {
        let buffer = self.digits();
        String::from_utf8_lossy(&buffer).into_owned()
    }

    /// The 24 characters of the written form.
    fn digits(self) -> [u8; 24] {
        let moment =
            jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let at = Offset::UTC.to_datetime(moment);
        let [y1, y2] = two(at.year().unsigned_abs() / 100);
        let [y3, y4] = two(at.year().unsigned_abs() % 100);
        let [mo1, mo2] = two(at.month().unsigned_abs().into());
        let [d1, d2] = two(at.day().unsigned_abs().into());
        let [h1, h2] = two(at.hour().unsigned_abs().into());
        let [m1, m2] = two(at.minute().unsigned_abs().into());
        let [s1, s2] = two(at.second().unsigned_abs().into());
        let millis = at.millisecond().unsigned_abs();
        let [f1, f2] = two(millis / 10);
        let [_, f3] = two(millis % 10);
        [
            y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2,
            b'.', f1, f2, f3, b'Z',
        ]
    }
}

fn two(number: u16) -> [u8; 2] {
    let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or_default();
    [digit(number / 10), digit(number)]
}

/// Reads the form that is written here, which is nearly all there is to read, in a fraction of the
/// time that every form takes.
fn written_here(text: &str) -> Option<jiff::Timestamp> {
    let digits: &[u8; 24] = text.as_bytes().try_into().ok()?;
    let number = |from: usize, length: usize| {
        digits.iter().skip(from).take(length).try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let two = |from| number(from, 2).and_then(|number| i8::try_from(number).ok());
    let between =
        [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];
    if between.iter().any(|(at, mark)| digits.get(*at) != Some(mark)) {
        return None;
    }
    let nanoseconds = i32::from(number(20, 3)?) * 1_000_000;
    let [month, day, hour, minute, second] = [two(5)?, two(8)?, two(11)?, two(14)?, two(17)?];
    let at = DateTime::new(number(0, 4)?, month, day, hour, minute, second, nanoseconds).ok()?;
    Offset::UTC.to_timestamp(at).ok()
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(moment) = written_here(text) {
            return Ok(moment.into());
        }
        let refused = || TimestampError { seen: text.chars().take(40).collect() };
        let moment = match text.parse::<jiff::Timestamp>() {
            Ok(moment) => moment,
            // Without a zone; a bare date counts as its midnight.
            Err(_) => text
                .parse::<DateTime>()
                .and_then(|at| Offset::UTC.to_timestamp(at))
                .map_err(|_| refused())?,
        };
        let moment = moment.as_nanosecond().div_euclid(1_000_000);
        Ok(Self::from_millis(i64::try_from(moment).map_err(|_| refused())?))
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Self::from_millis(moment.as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        f.pad(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.digits();
        serializer.serialize_str(std::str::from_utf8(&digits).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a valid ISO 8601 date")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(input.parse::<Timestamp>().map(|t| t.to_string()), Ok(expected.to_owned()));
    }

    #[test]
    fn reads_every_documented_form() {
        check("2018-10-25T09:26:18.999Z", "2018-10-25T09:26:18.999Z");
        check("2020-01-01T14:00:00.00Z", "2020-01-01T14:00:00.000Z");
        check("2020-07-14T01:23:04Z", "2020-07-14T01:23:04.000Z");
        check("2018-01-01 10:00:00", "2018-01-01T10:00:00.000Z");
        check("2018-01-01T10:00:00.123456789+02:00", "2018-01-01T08:00:00.123Z");
        check("2020-01-01", "2020-01-01T00:00:00.000Z");
        check("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z");
        check("2016-12-31T23:59:60.123Z", "2016-12-31T23:59:59.123Z");
        check("2020-07-14T01:23:04,567Z", "2020-07-14T01:23:04.567Z");
        for wrong in
            ["", "yesterday", "2020-13-01T00:00:00Z", "2019-02-29T00:00:00.000Z", "1577836800"]
        {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn writes_the_forms_without_a_fraction() {
        let at: Timestamp = "2020-07-14T01:23:04.567Z".parse().unwrap();
        assert_eq!(at.to_seconds_text(), "2020-07-14T01:23:04Z");
        assert_eq!(at.whole_seconds().to_string(), "2020-07-14T01:23:04.000Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
    }

    proptest! {
        #[test]
        fn round_trips(millis in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
            let json = serde_json::to_string(&at).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
        }
    }
}
