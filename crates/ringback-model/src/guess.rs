//! Guessing which known name a mistyped one was meant to be.

/// The name that was probably meant: the same but for case and punctuation, else the one that takes
/// the fewest changes, a third of the letters at most.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = plain(word);
    if plain.is_empty() || plain.len() > 40 {
        return None;
    }
    let most = (plain.len() / 3).clamp(1, 3);
    known
        .iter()
        .map(|name| (changes(&plain, &self::plain(name)), *name))
        .filter(|(changes, _)| *changes <= most)
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, name)| name)
}

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|c| c.is_alphanumeric()).take(60).flat_map(char::to_lowercase).collect()
}

/// How many letters have to be changed, added or dropped.
fn changes(a: &[char], b: &[char]) -> usize {
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut left = i + 1;
        let mut row = vec![left];
        for (to, above) in b.iter().zip(last.windows(2)) {
            let [corner, over] = above else { continue };
            left = (corner + usize::from(from != to)).min(over + 1).min(left + 1);
            row.push(left);
        }
        last = row;
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_guessed() {
        let known = ["name", "display_name", "image_url", "properties"];
        let check = |word, expected| assert_eq!(nearest(word, &known), expected, "{word}");
        check("displayName", Some("display_name"));
        check("imageurl", Some("image_url"));
        check("nmae", None);
        check("nam", Some("name"));
        check("propertys", Some("properties"));
        check("colour", None);
        check("", None);
        check(&"n".repeat(1_000), None);
    }
}
