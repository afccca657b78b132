//! Guessing what was meant.

/// The candidate that a word was probably meant to be.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let plain = plain(word);
    if plain.is_empty() || plain.len() > 40 {
        return None;
    }
    let same = candidates.clone().into_iter().find(|candidate| self::plain(candidate) == plain);
    same.or_else(|| {
        let most = (plain.chars().count() / 3).clamp(1, 3);
        candidates
            .into_iter()
            .map(|candidate| (distance(&plain, &self::plain(candidate)), candidate))
            .filter(|(distance, _)| *distance <= most)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, candidate)| candidate)
    })
}

/// The question about a nearest candidate.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Words as a list for people: `a, b or c`.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What was seen, for a sentence: short, and on one line.
pub(crate) fn short(text: &str, most: usize) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most + 1).collect();
    match line.chars().count() > most {
        true => line.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => line,
    }
}

/// Letters and digits alone, small: `event_url` and `eventUrl` are the same.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).take(60).flat_map(char::to_lowercase).collect()
}

/// How many letters have to be changed, added, dropped or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        let check = |word: &str, expected: Option<&str>| {
            let candidates = ["talk", "connect", "eventUrl", "input"];
            assert_eq!(nearest(word, candidates), expected, "{word}");
        };
        check("conect", Some("connect"));
        check("Talk", Some("talk"));
        check("event_url", Some("eventUrl"));
        check("event-Urls", Some("eventUrl"));
        check("tlak", Some("talk"));
        check("stream", None);
        check("", None);
        check("☎", None);
    }

    #[test]
    fn counts_changes() {
        for (a, b, expected) in [("", "", 0), ("ab", "", 2), ("ab", "ba", 1), ("abc", "adc", 1)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn lists() {
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(listed(["a"]), "`a`");
    }
}
