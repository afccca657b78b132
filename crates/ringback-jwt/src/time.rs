//! Epoch seconds as people read them.

/// Such as `2023-11-14T22:13:20Z`; a number no calendar has is written as it is.
pub(crate) fn utc(epoch: i64) -> String {
    // Days to civil date after Howard Hinnant's `civil_from_days`.
    if !(-62_135_596_800..=253_402_300_799).contains(&epoch) {
        return epoch.to_string();
    }
    let (days, second) = (epoch.div_euclid(86_400) + 719_468, epoch.rem_euclid(86_400));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Such as `45 s`, `15 min`, `2 h 5 min` or `3 days`.
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if seconds < 120 {
        format!("{seconds} s")
    } else if minutes < 120 {
        format!("{minutes} min")
    } else if hours < 48 {
        match minutes % 60 {
            0 => format!("{hours} h"),
            rest => format!("{hours} h {rest} min"),
        }
    } else {
        format!("{days} days")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for (epoch, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
            (i64::MAX, "9223372036854775807"),
        ] {
            assert_eq!(utc(epoch), expected);
        }
    }

    #[test]
    fn spans() {
        for (seconds, expected) in [
            (0, "0 s"),
            (-119, "119 s"),
            (900, "15 min"),
            (86_400, "24 h"),
            (7_500, "2 h 5 min"),
            (259_200, "3 days"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
