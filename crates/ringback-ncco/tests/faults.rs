//! Faulty scripts, and exactly what is said about them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use ringback_ncco::{Report, check, check_bytes};

/// `severity code pointer line:column+length` of each finding.
fn lines(report: &Report) -> Vec<String> {
    let line = |finding: &ringback_ncco::Finding| {
        let at = finding.position.unwrap();
        format!(
            "{} {} {} {}:{}+{}",
            finding.severity,
            finding.code,
            if finding.pointer.is_empty() { "-" } else { &finding.pointer },
            at.line,
            at.column,
            at.length
        )
    };
    report.findings.iter().map(line).collect()
}

#[track_caller]
fn faults(text: &str, expected: &[&str]) {
    let report = check(text);
    assert_eq!(lines(&report), expected, "{text}\n{:#?}", report.findings);
    let runnable = expected.iter().all(|line| line.starts_with("warning"));
    assert_eq!(report.is_runnable(), runnable, "{text}");
}

#[track_caller]
fn suggests(text: &str, expected: &str) {
    let report = check(text);
    let found = report.findings.first().and_then(|finding| finding.suggestion.clone());
    assert_eq!(found.as_deref(), Some(expected), "{text}\n{:#?}", report.findings);
}

#[test]
fn no_json() {
    faults("", &["error empty-body - 1:1+0"]);
    faults(" \n ", &["error empty-body - 1:1+0"]);
    faults("<!DOCTYPE html><html></html>", &["error html - 1:1+28"]);
    faults("\n<?xml version=\"1.0\"?>\n<Response/>", &["error xml - 2:1+21"]);
    faults("Internal Server Error", &["error plain-text - 1:1+21"]);
    faults("\u{feff}[]", &["error byte-order-mark - 1:1+3"]);
    faults("[{'action': 'talk'}]", &["error single-quotes - 1:3+1"]);
    faults("[{\"action\": \"talk\",}]", &["error trailing-comma - 1:19+1"]);
    faults("[{\"action\": \"talk\"},\n]", &["error trailing-comma - 1:20+1"]);
    faults("[ // greet\n]", &["error comment - 1:3+8"]);
    faults("[{\"a\": 1} # greet\n]", &["error comment - 1:11+7"]);
    faults("[{\"bargeIn\": True}]", &["error python-literal - 1:14+4"]);
    faults("[{\"from\": None}]", &["error python-literal - 1:11+4"]);
    faults("[{\"from\": nil}]", &["error python-literal - 1:11+3"]);
    faults("[{action: \"talk\"}]", &["error unquoted-name - 1:3+6"]);
    faults("[{\"action\": talk}]", &["error unquoted-text - 1:13+4"]);
    faults("[{\"number\": 0447}]", &["error bad-number-literal - 1:13+4"]);
    faults("[{\u{201c}action\u{201d}: 1}]", &["error curly-quotes - 1:3+3"]);
    faults("[{\"a\": 1}\n{\"a\": 2}]", &["error missing-comma - 2:1+1"]);
    faults("[{\"a\": 1 \"b\": 2}]", &["error missing-comma - 1:10+1"]);
    faults("[{\"a\": 1,, \"b\": 2}]", &["error extra-comma - 1:10+1"]);
    faults("[{\"a\": }]", &["error missing-value - 1:8+1"]);
    faults("[{\"a\": 1]]", &["error wrong-bracket - 1:9+1"]);
    faults("[{\"text\": \"a\nb\"}]", &["error line-break-in-text - 1:11+2"]);
    faults("[{\"text\": \"a\\qb\"}]", &["error bad-escape - 1:13+2"]);
    faults("[] []", &["error text-after-script - 1:4+2"]);
    faults("[{\"action\": \"talk\"", &["error unfinished - 1:2+1"]);
    faults("[\n {\"action\": \"tal", &["error unfinished - 2:13+4"]);
    faults(&"[".repeat(300), &["error too-deep - 1:128+1"]);
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    faults(&deep, &["error too-deep - 1:128+1"]);
}

#[test]
fn no_text() {
    let report = check_bytes(b"[{\"action\": \"\xe9\"}]");
    assert_eq!(lines(&report), ["error not-utf8 - 1:14+3"]);
    assert!(report.findings[0].message.contains("0xe9"), "{report:?}");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("[]".bytes().flat_map(|b| [b, 0])).collect();
    let report = check_bytes(&wide);
    assert_eq!(report.findings[0].suggestion.as_deref(), Some("it looks like UTF-16: send UTF-8"));
}

#[test]
fn no_script() {
    faults("[]", &["error empty-script - 1:1+2"]);
    faults("{}", &["error not-an-array - 1:1+2"]);
    faults("null", &["error not-an-array - 1:1+4"]);
    faults("{\"action\": \"talk\"}", &["error not-an-array - 1:1+18"]);
    faults("\"[]\"", &["error double-encoded - 1:1+4"]);
    suggests("{\"ncco\": []}", "return the array in `ncco` alone");
    suggests("{\"action\": \"talk\"}", "put `[` before it and `]` after it");
    faults("[[]]", &["error wrong-type /0 1:2+2"]);
    faults("[{}]", &["error missing-action /0 1:2+2"]);
    faults("[{\"action\": 1}]", &["error wrong-type /0/action 1:13+1"]);
    suggests("[{\"Action\": \"talk\"}]", "write `action` instead of `Action`");
}

#[test]
fn actions() {
    faults("[{\"action\": \"conect\"}]", &["error unknown-action /0/action 1:13+8"]);
    let advice = [
        ("conect", "did you mean `connect`?"),
        ("Talk", "did you mean `talk`?"),
        ("tlak", "did you mean `talk`?"),
        ("say", "did you mean `talk`?"),
        ("gather", "did you mean `input`?"),
        ("hangup", "the call ends by itself when the script has ended: leave this action out"),
        ("pay", "`pay` was removed from the platform in 2023"),
    ];
    for (name, expected) in advice {
        suggests(&format!("[{{\"action\": \"{name}\"}}]"), expected);
    }
}

#[test]
fn options() {
    faults("[{\"action\":\"talk\"}]", &["error missing-option /0 1:2+17"]);
    faults(r#"[{"action":"talk","text":5}]"#, &["error wrong-type /0/text 1:26+1"]);
    faults(
        r#"[{"action":"talk","text":null}]"#,
        &["error missing-option /0 1:2+29", "warning null-option /0/text 1:26+4"],
    );
    faults(
        r#"[{"action":"talk","text":"a","level":1.5}]"#,
        &["error out-of-range /0/level 1:38+3"],
    );
    faults(r#"[{"action":"talk","text":"a","level":"-0.5","style":"2"}]"#, &[]);
    faults(
        r#"[{"action":"talk","text":"a","level":"loud"}]"#,
        &["error wrong-type /0/level 1:38+6"],
    );
    faults(r#"[{"action":"talk","text":"a","loop":-1}]"#, &["error out-of-range /0/loop 1:37+2"]);
    faults(r#"[{"action":"talk","text":"a","loop":1.5}]"#, &["error wrong-type /0/loop 1:37+3"]);
    faults(
        r#"[{"action":"talk","text":"a","premium":"true"}]"#,
        &["warning loose-boolean /0/premium 1:40+6"],
    );
    faults(
        r#"[{"action":"talk","text":"a","premium":"yes"}]"#,
        &["error wrong-type /0/premium 1:40+5"],
    );
    faults(
        r#"[{"action":"talk","text":"a","language":"en_GB"}]"#,
        &["warning unknown-language /0/language 1:41+7"],
    );
    faults(
        r#"[{"action":"talk","text":"a","text":"b"}]"#,
        &["error repeated-option /0/text 1:30+6"],
    );
    faults(
        r#"[{"action":"talk","text":"é","voiceName":"Amy"}]"#,
        &["warning deprecated-option /0/voiceName 1:30+11"],
    );
    suggests(
        r#"[{"action":"talk","text":"a","voiceName":"Brian"}]"#,
        "use `\"language\": \"en-GB\", \"style\": 4`",
    );
    faults(
        r#"[{"action":"talk","text":"a","barge_in":false}]"#,
        &["warning unknown-option /0/barge_in 1:30+10"],
    );
    suggests(r#"[{"action":"talk","text":"a","barge_in":false}]"#, "did you mean `bargeIn`?");
    suggests(r#"[{"action":"talk","text":"a","Langauge":"en-US"}]"#, "did you mean `language`?");
    faults(r#"[{"action":"talk","text":""}]"#, &["warning empty-text /0/text 1:26+2"]);
    faults(
        r#"[{"action":"talk","text":"a <break time='1s'/> b"}]"#,
        &["warning ssml-without-speak /0/text 1:26+24"],
    );
    faults(r#"[{"action":"talk","text":"1 < 2 > 0"}]"#, &[]);
    faults(
        r#"[{"action":"talk","text":"<speak>a"}]"#,
        &["warning unfinished-ssml /0/text 1:26+10"],
    );
}

#[test]
fn lengths() {
    let talk = |text: &str| format!(r#"[{{"action":"talk","text":"{text}"}}]"#);
    faults(&talk(&"é".repeat(1500)), &[]);
    faults(&talk(&"a".repeat(1501)), &["error too-long /0/text 1:26+1503"]);
    let tagged = format!("<speak>{}<break time='1s'/></speak>", "a".repeat(1490));
    faults(&talk(&tagged), &[]);
    let tagged = format!("<speak>{}</speak>", "a".repeat(1501));
    faults(&talk(&tagged), &["error too-long /0/text 1:26+1518"]);
}

#[test]
fn connects() {
    let connect = |rest: &str| format!(r#"[{{"action":"connect",{rest}}}]"#);
    let phone = r#""endpoint":[{"type":"phone","number":"447700900001"}]"#;
    let with = |rest: &str| connect(&format!("{rest},{phone}"));
    faults(&connect(phone), &[]);
    faults(&connect(r#""from":"447700900000""#), &["error missing-option /0 1:2+42"]);
    faults(&connect(r#""endpoint":[]"#), &["error one-endpoint /0/endpoint 1:33+2"]);
    faults(&connect(r#""endpoint":"447700900001""#), &["error wrong-type /0/endpoint 1:33+14"]);
    faults(
        &connect(r#""endpoint":{"type":"phone","number":"447700900001"}"#),
        &["warning not-an-array /0/endpoint 1:33+40"],
    );
    faults(
        &connect(r#""endpoint":[{"number":"447700900001"}]"#),
        &["error missing-option /0/endpoint/0 1:34+25"],
    );
    faults(
        &connect(r#""endpoint":[{"type":"pstn"}]"#),
        &["error unknown-endpoint /0/endpoint/0/type 1:42+6"],
    );
    let number =
        |number: &str| connect(&format!(r#""endpoint":[{{"type":"phone","number":{number}}}]"#));
    for wrong in ["\"+447700900001\"", "\"00447700900001\"", "\"44 7700 900001\""] {
        let line = format!("error bad-number /0/endpoint/0/number 1:59+{}", wrong.len());
        faults(&number(wrong), &[&line]);
        suggests(&number(wrong), "did you mean `447700900001`?");
    }
    faults(&number("447700900001"), &["error wrong-type /0/endpoint/0/number 1:59+12"]);
    suggests(&number("447700900001"), "put it in quotes");
    faults(&with(r#""from":"+447700900000""#), &["warning bad-caller-id /0/from 1:29+15"]);
    faults(
        &with(r#""from":"447700900000","randomFromNumber":true"#),
        &["error exclusive-options /0/randomFromNumber 1:44+18"],
    );
    faults(&with(r#""timeout":"45","limit":"7200""#), &[]);
    faults(&with(r#""timeout":7201"#), &["error out-of-range /0/timeout 1:32+4"]);
    faults(&with(r#""eventType":"synchronus""#), &["error bad-value /0/eventType 1:34+12"]);
    faults(&with(r#""eventMethod":"get""#), &[]);
    faults(&with(r#""eventUrl":[]"#), &[]);
    faults(
        &with(r#""eventUrl":"https://x.example/e""#),
        &["warning not-an-array /0/eventUrl 1:33+21"],
    );
    faults(
        &with(r#""event_url":["https://x.example/e"]"#),
        &["warning unknown-option /0/event_url 1:22+11"],
    );
    suggests(&with(r#""event_url":["https://x.example/e"]"#), "did you mean `eventUrl`?");
    faults(&with(r#""eventUrl":["x.example/e"]"#), &["error bad-url /0/eventUrl/0 1:34+13"]);
    suggests(&with(r#""eventUrl":["x.example/e"]"#), "did you mean `https://x.example/e`?");
    suggests(
        &with(r#""eventUrl":["localhost:3000/e"]"#),
        "did you mean `http://localhost:3000/e`?",
    );
    suggests(&with(r#""eventUrl":["/e"]"#), "write the whole URL, with `https://` and the host");
    faults(&with(r#""ringbackTone":["https://x.example/t.mp3"]"#), &[]);
    faults(&with(r#""ringbackTone":"https://x.example/t.mp3""#), &[]);
    let with_more = |rest: &str| {
        connect(&format!(r#""endpoint":[{{"type":"phone","number":"447700900001",{rest}}}]"#))
    };
    faults(&with_more(r#""dtmfAnswer":"2p02p""#), &[]);
    faults(
        &with_more(r#""dtmfAnswer":"2x""#),
        &["error bad-value /0/endpoint/0/dtmfAnswer 1:87+4"],
    );
    faults(
        &with_more(r#""dtmfAnswer":"""#),
        &["warning empty-option /0/endpoint/0/dtmfAnswer 1:87+2"],
    );
    faults(
        &with_more(r#""shaken":"JWT;info=<https://x.example>;alg=ES256""#),
        &["warning no-effect /0/endpoint/0/shaken 1:83+40"],
    );
    // Of a list only the first counts, and only the first is looked at.
    faults(
        &with(r#""eventUrl":["https://x.example/e","none"]"#),
        &["warning extra-elements /0/eventUrl/1 1:56+6"],
    );
}

#[test]
fn other_endpoints() {
    let to = |endpoint: &str| format!(r#"[{{"action":"connect","endpoint":[{endpoint}]}}]"#);
    faults(
        &to(r#"{"type":"sip","uri":"sip:a@b.example","domain":"d"}"#),
        &["error exclusive-options /0/endpoint/0/domain 1:72+8"],
    );
    faults(
        &to(r#"{"type":"sip","user":"a"}"#),
        &["error missing-option /0/endpoint/0/user 1:48+6"],
    );
    faults(&to(r#"{"type":"sip"}"#), &["error missing-option /0/endpoint/0 1:34+14"]);
    faults(
        &to(r#"{"type":"sip","uri":"a@b.example"}"#),
        &["error bad-url /0/endpoint/0/uri 1:54+13"],
    );
    faults(&to(r#"{"type":"app","user":"Alice"}"#), &[]);
    faults(&to(r#"{"type":"app","user":""}"#), &["error empty-option /0/endpoint/0/user 1:55+2"]);
    faults(
        &to(r#"{"type":"websocket","uri":"https://x.example"}"#),
        &[
            "warning missing-option /0/endpoint/0 1:34+46",
            "error bad-url /0/endpoint/0/uri 1:60+19",
        ],
    );
    faults(
        &to(r#"{"type":"websocket","uri":"wss://x.example","content-type":"audio/l16"}"#),
        &["error bad-value /0/endpoint/0/content-type 1:93+11"],
    );
    faults(
        &to(
            r#"{"type":"phone","number":"447700900001","onAnswer":{"url":"https://x.example/a","ringback":"https://x.example/r.mp3"}}"#,
        ),
        &["warning deprecated-option /0/endpoint/0/onAnswer/ringback 1:114+10"],
    );
}

#[test]
fn a_user_of_a_client_sdk_sees_any_caller() {
    let text = r#"[{"action":"connect","from":"Alice","endpoint":[{"type":"app","user":"bob"}]}]"#;
    faults(text, &[]);
}

#[test]
fn rules_between_options() {
    faults(r#"[{"action":"record","channels":2}]"#, &["error missing-option /0/channels 1:32+1"]);
    faults(
        r#"[{"action":"conversation","name":"a","transcription":{}}]"#,
        &["error missing-option /0/transcription 1:38+15"],
    );
    faults(
        r#"[{"action":"conversation","name":"a","mute":true,"canSpeak":[]}]"#,
        &["error exclusive-options /0/mute 1:38+6"],
    );
    faults(
        r#"[{"action":"input","type":["dtmf"],"mode":"asynchronous","dtmf":{"maxDigits":1}}]"#,
        &["error exclusive-options /0/dtmf 1:65+15"],
    );
    faults(
        r#"[{"action":"input","type":["dtmf"],"mode":"asynchronous","maxDigits":1}]"#,
        &[
            "warning deprecated-option /0/maxDigits 1:58+11",
            "error exclusive-options /0/maxDigits 1:58+11",
        ],
    );
    faults(
        r#"[{"action":"input","type":["dtmf","speech"],"mode":"asynchronous"}]"#,
        &["error exclusive-options /0/type/1 1:35+8"],
    );
    faults(r#"[{"action":"conversation","name":"a","mute":false,"canSpeak":[]}]"#, &[]);
    faults(
        r#"[{"action":"transfer","conversationId":"f972836a"}]"#,
        &["warning bad-conversation-id /0/conversationId 1:40+10"],
    );
    faults(r#"[{"action":"input","type":["keys"]}]"#, &["error bad-value /0/type/0 1:28+6"]);
    faults(
        r#"[{"action":"input","type":["dtmf"],"dtmf":{"maxDigits":21}}]"#,
        &["error out-of-range /0/dtmf/maxDigits 1:56+2"],
    );
    faults(
        r#"[{"action":"notify","payload":{},"eventUrl":[]}]"#,
        &["error empty-option /0/eventUrl 1:45+2"],
    );
    faults(r#"[{"action":"wait","timeout":0.01}]"#, &["warning clamped /0/timeout 1:29+4"]);
    faults(r#"[{"action":"record","endOnKey":"12"}]"#, &["error bad-value /0/endOnKey 1:32+4"]);
}

#[test]
fn rules_between_actions() {
    let talk = r#"{"action":"talk","text":"a","bargeIn":true}"#;
    faults(&format!("[{talk}]"), &["error missing-input /0/bargeIn 1:30+9"]);
    faults(
        &format!("[{talk},\n{talk},\n{}]", r#"{"action":"record"}"#),
        &["error missing-input /0/bargeIn 1:30+9"],
    );
    faults(&format!("[{talk},\n{}]", r#"{"action":"input","type":["dtmf"]}"#), &[]);
    let after = r#"{"action":"talk","text":"b"}"#;
    faults(
        &format!("[{},\n{after}]", r#"{"action":"conversation","name":"a"}"#),
        &["warning never-runs /1 2:1+28"],
    );
    faults(
        &format!("[{},\n{after}]", r#"{"action":"talk","text":"a","loop":0}"#),
        &["warning never-runs /1 2:1+28"],
    );
}

#[test]
fn says_what_the_platform_says() {
    let says = |text: &str| check(text).platform();
    assert_eq!(says(""), Some("no NCCOs available"));
    assert_eq!(says("[]"), Some("no NCCOs available"));
    assert_eq!(says("{}"), Some("no NCCOs available"));
    assert_eq!(says("<html>"), Some("no NCCOs available"));
    let wrong = Some("Syntax error in NCCO. Invalid value type or action.");
    assert_eq!(says("[{\"action\": \"hangup\"}]"), wrong);
    assert_eq!(says("[{\"action\": \"talk\", \"text\": 1}]"), wrong);
    assert_eq!(says("[{]"), wrong);
    assert_eq!(says("[{\"action\": \"wait\"}]"), None);
    assert!(check("[]").is_nothing());
    assert!(!check("[{]").is_nothing());
}

#[test]
fn many_findings_are_counted() {
    let text = format!("[{}]", vec!["1"; 250].join(","));
    let report = check(&text);
    assert_eq!((report.findings.len(), report.omitted), (100, 150));
    assert!(!report.is_runnable());
}
