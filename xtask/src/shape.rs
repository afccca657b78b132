//! Whether two JSON documents have the same structure: the same keys at every level, the same
//! kinds of values, lists of the same length.

use serde_json::Value;

/// Where the structures differ, one line each, as JSON pointers.
#[must_use]
pub fn differences(sample: &Value, seen: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", sample, seen, &mut lines);
    lines
}

fn compare(at: &str, sample: &Value, seen: &Value, lines: &mut Vec<String>) {
    match (sample, seen) {
        (Value::Object(sample), Value::Object(seen)) => {
            for (key, value) in sample {
                match seen.get(key) {
                    Some(other) => compare(&format!("{at}/{key}"), value, other, lines),
                    None => lines.push(format!("{at}/{key} is missing")),
                }
            }
            for key in seen.keys().filter(|key| !sample.contains_key(*key)) {
                lines.push(format!("{at}/{key} is not in the sample"));
            }
        }
        (Value::Array(sample), Value::Array(seen)) => {
            if sample.len() != seen.len() {
                let (wanted, found) = (sample.len(), seen.len());
                lines.push(format!("{at} has {found} entries, the sample {wanted}"));
            }
            for (index, (value, other)) in sample.iter().zip(seen).enumerate() {
                compare(&format!("{at}/{index}"), value, other, lines);
            }
        }
        _ if kind(sample) == kind(seen) => {}
        _ => lines.push(format!("{at} is {}, in the sample {}", kind(seen), kind(sample))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::differences;

    fn check(sample: &str, seen: &str, expected: &[&str]) {
        let read = |text| serde_json::from_str(text).unwrap();
        assert_eq!(differences(&read(sample), &read(seen)), expected, "{seen}");
    }

    #[test]
    fn every_difference_of_structure_is_named_with_its_place() {
        check(r#"{"a":1,"b":{"c":"x"}}"#, r#"{"b":{"c":"y"},"a":2}"#, &[]);
        check(r#"{"a":{"b":1}}"#, r#"{"a":{}}"#, &["/a/b is missing"]);
        check(r#"{"a":{}}"#, r#"{"a":{"b":1}}"#, &["/a/b is not in the sample"]);
        check(r#"{"n":8}"#, r#"{"n":"8"}"#, &["/n is a string, in the sample an integer"]);
        check("[1,2]", "[1]", &[" has 1 entries, the sample 2"]);
        check(r#"[{"a":1}]"#, r#"[{"a":null}]"#, &["/0/a is null, in the sample an integer"]);
        check("1", "1.5", &[" is a fraction, in the sample an integer"]);
    }
}
