//! JSON laid out anew without being read: key order and the spelling of numbers and texts stay.

/// With two spaces of indentation.
pub(crate) fn pretty(json: &str, escape_controls: bool) -> String {
    lay_out(json, true, escape_controls)
}

/// On one line, without white space.
pub(crate) fn compact(json: &str, escape_controls: bool) -> String {
    lay_out(json, false, escape_controls)
}

fn lay_out(json: &str, spread: bool, escape_controls: bool) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 2);
    let mut depth = 0_usize;
    let chars = json.chars();
    let (mut in_text, mut escaped) = (false, false);
    let mut opened = false;
    for c in chars {
        if in_text {
            // A terminal would obey some characters that JSON allows.
            if escape_controls && c.is_control() {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                out.push(c);
            }
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_text = false,
                _ => {}
            }
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        if matches!(c, '}' | ']') {
            depth = depth.saturating_sub(1);
            if spread && !opened {
                line(&mut out, depth);
            }
            opened = false;
            out.push(c);
            continue;
        }
        if opened && spread {
            line(&mut out, depth);
        }
        opened = false;
        match c {
            '{' | '[' => {
                out.push(c);
                depth += 1;
                opened = true;
            }
            ',' => {
                out.push(c);
                if spread {
                    line(&mut out, depth);
                }
            }
            ':' => out.push_str(if spread { ": " } else { ":" }),
            '"' => {
                in_text = true;
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, spread: &str, narrow: &str) {
        assert_eq!(pretty(input, false), spread);
        assert_eq!(compact(input, false), narrow);
    }

    #[test]
    fn lays_out_and_changes_nothing() {
        check("{}", "{}", "{}");
        check(" [ ] ", "[]", "[]");
        check("1.50", "1.50", "1.50");
        check(
            r#"{"b":1.0,"a":[1,{"x":"a, b: {c}\" \\"}],"e":{}}"#,
            "{\n  \"b\": 1.0,\n  \"a\": [\n    1,\n    {\n      \"x\": \"a, b: {c}\\\" \\\\\"\n    }\n  ],\n  \"e\": {}\n}",
            r#"{"b":1.0,"a":[1,{"x":"a, b: {c}\" \\"}],"e":{}}"#,
        );
    }

    #[test]
    fn a_terminal_is_not_commanded() {
        assert_eq!(pretty("\"a\u{9b}31m\u{7f}\"", true), "\"a\\u009b31m\\u007f\"");
        assert_eq!(pretty("\"a\u{9b}31m\"", false), "\"a\u{9b}31m\"");
    }
}
