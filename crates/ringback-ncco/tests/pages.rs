//! Reports as people see them.

use ringback_ncco::{Style, check};

#[track_caller]
fn shows(text: &str, style: Style, expected: &str) {
    let page = check(text).render("answer.json", text, style);
    assert_eq!(page, expected, "\n{page}");
}

#[test]
fn with_source_lines() {
    let text = "[\n  {\"action\": \"conect\"},\n  {\"action\": \"talk\", \"text\": \"日本\", \"levle\": 1}\n]";
    let expected = r#"error[unknown-action]: `conect` is not an action
 --> answer.json:2:14 (/0/action)
  |
2 |   {"action": "conect"},
  |              ^^^^^^^^
  = accepted: `talk`, `stream`, `input`, `record`, `conversation`, `connect`, `notify`, `wait` or `transfer`
  = platform: "Syntax error in NCCO. Invalid value type or action."
  = help: did you mean `connect`?

warning[unknown-option]: `talk` has no option `levle`
 --> answer.json:3:36 (/1/levle)
  |
3 |   {"action": "talk", "text": "日本", "levle": 1}
  |                                      ^^^^^^^
  = accepted: `text`, `bargeIn`, `loop`, `level`, `language`, `style` or `premium`
  = help: did you mean `level`?

answer.json: faulty (1 error, 1 warning)
"#;
    shows(text, Style::plain(), expected);
}

#[test]
fn in_ascii_and_narrow() {
    let text = "[{\"action\":\"talk\",\"text\":\"日本 and something long before it\",\"levle\":1}]";
    let expected = r#"warning[unknown-option]: `talk` has no option `levle`
 --> answer.json:1:60 (/0/levle)
  |
1 | ~e it","levle":1}]
  |        ^^^^^^^
  = accepted: `text`, `bargeIn`, `loop`, `level`, `language`, `style` or `premium`
  = help: did you mean `level`?

answer.json: good (1 warning)
"#;
    shows(text, Style::plain().ascii().width(30), expected);
}

#[test]
fn what_has_no_effect() {
    let text = r#"[{"action":"record","transcription":{"sentimentAnalysis":true}}]"#;
    let expected = r#"warning[no-effect]: `sentimentAnalysis` has no effect in the emulator
 --> answer.json:1:58 (/0/transcription/sentimentAnalysis)
  |
1 | [{"action":"record","transcription":{"sentimentAnalysis":true}}]
  |                                                          ^^^^

answer.json: good (1 warning)
"#;
    shows(text, Style::plain(), expected);
}

#[test]
fn nothing_to_say() {
    shows(
        "[{\"action\":\"talk\",\"text\":\"a\"}]",
        Style::plain(),
        "answer.json: good (1 action)\n",
    );
}

#[test]
fn colours_only_when_asked_for() {
    let text = "[{\"action\":\"tal\u{1b}[31mk\"}]";
    let plain = check(text).render("a\u{1b}b", text, Style::plain());
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let colored = check("[]").render("a", "[]", Style::colored());
    assert!(colored.starts_with("\u{1b}[1;31merror[empty-script]\u{1b}[0m"), "{colored:?}");
}
