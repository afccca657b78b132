//! Right scripts: those of the documentation, and those that the platform's own SDKs write.

use ringback_model::Json;
use ringback_model::ncco::{
    Action, AppEndpoint, Connect, Conversation, DtmfSettings, Input, InputType, Notify,
    PhoneEndpoint, Record, SipEndpoint, Stream, Talk, Transfer, VbcEndpoint, Wait,
    WebsocketEndpoint,
};
use ringback_ncco::{
    Error, Script, Severity, Style, check, check_actions, check_value, connect, parse,
};

/// The script that the tutorial's webhook server returns, as its JSON encoder writes it.
const TUTORIAL: &str = r#"[
  {
    "action": "connect", 
    "endpoint": [
      {
        "number": "447700000003", 
        "type": "phone"
      }
    ]
  }
]
"#;

#[track_caller]
fn valid(text: &str) {
    let report = check(text);
    assert!(report.findings.is_empty(), "{}", report.render("script", text, Style::plain()));
    assert!(report.is_runnable(), "{text}");
}

#[test]
fn tutorial() {
    valid(TUTORIAL);
    let actions = parse(TUTORIAL.as_bytes()).unwrap();
    let [Action::Connect(connect)] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(connect.endpoint.len(), 1);
}

#[test]
fn documented_examples() {
    valid(
        r#"[{"action":"talk","text":"Connecting you","bargeIn":false},
        {"action":"connect","from":"447700900000","timeout":20,"eventType":"synchronous",
         "eventUrl":["https://x.test/fb"],"endpoint":[{"type":"phone","number":"447700900001"}]}]"#,
    );
    valid(
        r#"[{"action":"talk","text":"1 or 2?","bargeIn":true},
        {"action":"input","type":["dtmf"],"dtmf":{"maxDigits":1,"timeOut":5},"eventUrl":["https://x.test/ivr"]}]"#,
    );
    valid(
        r#"[{"action":"conversation","name":"room-1","startOnEnter":false,"musicOnHoldUrl":["https://x.test/m.mp3"]}]"#,
    );
    valid(
        r#"[{"action":"wait","timeout":0.5},
        {"action":"transfer","conversationId":"CON-f972836a-550f-45fa-956c-12a2ab5b7d22","mute":true}]"#,
    );
}

#[test]
fn what_the_sdks_write() {
    // Numbers as texts.
    valid(r#"[{"action":"talk","text":"a","level":"-0.5","style":"1"}]"#);
    valid(
        r#"[{"action":"connect","timeout":"60","limit":"7200","endpoint":[{"type":"phone","number":"447700900001"}]}]"#,
    );
    valid(r#"[{"action":"record","endOnSilence":"3","timeOut":"60"}]"#);
    // Nothing was given, and it is written nevertheless.
    valid(r#"[{"action":"input","type":["dtmf"],"eventUrl":[]}]"#);
    valid(r#"[{"action":"input","type":["speech"],"speech":{"saveAudio":false}}]"#);
    valid(
        r#"[{"action":"connect","endpoint":[{"type":"sip","uri":"sip:a@b.example","headers":{},"standard_headers":{}}]}]"#,
    );
    // Settings that are as they would be without them.
    valid(
        r#"[{"action":"conversation","name":"a","mute":false,"canSpeak":["63f61863-4a51-4f6b-86e1-46edebcf9356"]}]"#,
    );
    valid(r#"[{"action":"record","split":"conversation","channels":4,"format":"wav"}]"#);
    // Text or list: the documentation has both.
    valid(r#"[{"action":"conversation","name":"a","musicOnHoldUrl":"https://x.test/m.mp3"}]"#);
    // A list where a text is documented.
    valid(
        r#"[{"action":"connect","ringbackTone":["https://x.test/r.mp3"],"endpoint":[{"type":"phone","number":"447700900001"}]}]"#,
    );
}

/// Every option of the documentation's tables, with values that are accepted there.
const OPTIONS: &[(&str, &str)] = &[
    ("talk", r#""text":"<speak>a<break time='1s'/></speak>","loop":0,"level":-1"#),
    ("talk", r#""text":"a","language":"cy-GB","style":0,"premium":true,"bargeIn":false"#),
    ("stream", r#""streamUrl":["https://x.test/a.wav"],"level":"1","bargeIn":false,"loop":2"#),
    (
        "input",
        r#""type":["dtmf","speech"],"dtmf":{"timeOut":0,"maxDigits":20,"submitOnHash":true}"#,
    ),
    ("input", r#""type":["speech"],"speech":{"uuid":LEG,"endOnSilence":0.4,"language":"en-gb"}"#),
    ("input", r#""type":["speech"],"speech":{"context":["a"],"startTimeout":60,"maxDuration":1}"#),
    ("input", r#""type":["speech"],"speech":{"saveAudio":true,"sensitivity":10}"#),
    ("input", r#""type":["dtmf"],"mode":"synchronous","eventUrl":URL,"eventMethod":"GET""#),
    ("input", r#""type":["dtmf"],"mode":"asynchronous","dtmf":{}"#),
    ("record", r#""format":"ogg","split":"conversation","channels":2,"endOnSilence":10"#),
    ("record", r#""endOnKey":"*","timeOut":7200,"beepStart":true,"eventUrl":URL"#),
    ("record", r#""endOnKey":7,"transcription":{"language":"en-US","sentimentAnalysis":false}"#),
    ("record", r#""transcription":{"eventUrl":URL,"eventMethod":"POST"},"eventMethod":"POST""#),
    ("conversation", r#""name":"a","musicOnHoldUrl":URL,"startOnEnter":false,"endOnExit":true"#),
    ("conversation", r#""name":"a","canSpeak":[],"canHear":LEG"#),
    ("conversation", r#""name":"a","mute":true,"canHear":[]"#),
    ("conversation", r#""name":"a","record":true,"transcription":{},"eventUrl":URL"#),
    (
        "connect",
        r#""endpoint":[PHONE],"from":"447700900000","eventType":"synchronous","timeout":0"#,
    ),
    ("connect", r#""endpoint":[PHONE],"limit":7200,"machineDetection":"hangup""#),
    ("connect", r#""endpoint":[PHONE],"ringbackTone":"https://x.test/r.mp3""#),
    ("connect", r#""endpoint":[PHONE],"randomFromNumber":true,"eventUrl":URL,"eventMethod":"GET""#),
    ("connect", r#""endpoint":[PHONE],"advancedMachineDetection":{"mode":"detect_beep"}"#),
    ("connect", r#""endpoint":[PHONE],"advancedMachineDetection":{"beep_timeout":30}"#),
    ("connect", r#""endpoint":[PHONE],"advancedMachineDetection":{"behavior":"hangup"}"#),
    ("connect", r#""endpoint":[{"type":"phone","number":"447700900001","dtmfAnswer":"2p02p"}]"#),
    ("connect", r#""endpoint":[{"type":"phone","number":"447700900001","onAnswer":ON}]"#),
    ("connect", r#""endpoint":[SOCKET,"content-type":"audio/l16;rate=24000"}]"#),
    (
        "connect",
        r#""endpoint":[SOCKET,"content-type":"audio/l16;rate=8000","headers":{"a":[{"b":1}]}}]"#,
    ),
    (
        "connect",
        r#""endpoint":[SOCKET,"content-type":"audio/l16;rate=16000","authorization":{"type":"vonage"}}]"#,
    ),
    (
        "connect",
        r#""endpoint":[SOCKET,"content-type":"audio/l16;rate=16000","authorization":{"type":"custom","value":"x"}}]"#,
    ),
    (
        "connect",
        r#""endpoint":[{"type":"sip","uri":"sips:a@b.example:5061;transport=tls;media=srtp"}]"#,
    ),
    (
        "connect",
        r#""endpoint":[{"type":"sip","domain":"trunk","user":"a","headers":{"location":"x"}}]"#,
    ),
    (
        "connect",
        r#""endpoint":[{"type":"sip","domain":"trunk","standardHeaders":{"User-to-User":"34;encoding=hex"}}]"#,
    ),
    ("connect", r#""endpoint":[{"type":"vbc","extension":"111"}]"#),
    ("connect", r#""endpoint":[{"type":"app","user":"bob"}],"from":"Alice""#),
    ("notify", r#""payload":{"foo":"bar"},"eventUrl":URL,"eventMethod":"GET""#),
    ("wait", r#""timeout":"0.5""#),
    ("wait", ""),
    ("transfer", r#""conversationId":"CON-f972836a-550f-45fa-956c-12a2ab5b7d22","canSpeak":[]"#),
    ("transfer", r#""conversationId":"CON-f972836a-550f-45fa-956c-12a2ab5b7d22","canHear":LEG"#),
];

#[test]
fn every_documented_option() {
    for (action, options) in OPTIONS {
        let options = options
            .replace("LEG", r#"["63f61863-4a51-4f6b-86e1-46edebcf9356"]"#)
            .replace(":URL", r#":["https://x.test/e"]"#)
            .replace(
                ":ON}",
                r#":{"url":"https://x.test/a","ringbackTone":"https://x.test/r.mp3"}}"#,
            )
            .replace("PHONE", r#"{"type":"phone","number":"447700900001"}"#)
            .replace("SOCKET", r#"{"type":"websocket","uri":"ws://x.test/s""#);
        let comma = if options.is_empty() { "" } else { "," };
        valid(&format!(r#"[{{"action":"{action}"{comma}{options}}}]"#));
    }
}

#[test]
fn build_writes_what_check_takes() {
    let scripts = [
        Script::new().talk("Hello").connect(PhoneEndpoint::new("447700900001")),
        Script::new().then(Talk::new("Hello").level("0.5").language("en-GB").style(2)),
        Script::new().then(connect(PhoneEndpoint::new("447700900001")).timeout(20).limit(60)),
        Script::new()
            .stream("https://x.test/a.mp3")
            .then(Stream::new(vec!["https://x.test/b.mp3".into()]).level("-1")),
        Script::new().then(Talk::new("1?").barge_in(true)).then(
            Input::new().kinds(vec![InputType::Dtmf]).dtmf(DtmfSettings::new().max_digits(1)),
        ),
        Script::new().then(Record::new().beep_start(true)).conversation("room"),
        Script::new().then(Conversation::new("room").can_speak(vec![])),
        Script::new().notify(Json::parse("{\"a\":1}").unwrap(), "https://x.test/n"),
        Script::new()
            .then(Notify::new(Json::parse("{}").unwrap(), vec!["https://x.test/n".into()])),
        Script::new().wait("0.5").then(Wait::new()).then(Transfer::new("CON-1")),
        Script::new().connect(AppEndpoint::new("alice")).connect(VbcEndpoint::new("111")),
        Script::new().connect(SipEndpoint::new().uri("sip:a@b.example")),
        Script::new()
            .connect(WebsocketEndpoint::new("wss://x.test/s").content_type("audio/l16;rate=16000")),
    ];
    for script in scripts {
        let json = script.build().unwrap();
        let report = check(&json);
        assert!(report.is_valid(), "{json}\n{:?}", report.findings);
        assert_eq!(report.count(Severity::Warning), 0, "{json}\n{:?}", report.findings);
    }
}

#[test]
fn builds_strictly() {
    let json = Script::new().then(Talk::new("a").level("0.5")).wait("2").build().unwrap();
    assert_eq!(json, r#"[{"action":"talk","text":"a","level":0.5},{"action":"wait","timeout":2}]"#);
    let json = Script::new()
        .then(
            connect(PhoneEndpoint::new("447700900001")).event_url(vec!["https://x.test/e".into()]),
        )
        .build()
        .unwrap();
    assert_eq!(
        json,
        r#"[{"action":"connect","endpoint":[{"type":"phone","number":"447700900001"}],"eventUrl":["https://x.test/e"]}]"#
    );
}

#[test]
fn refuses_to_build_what_is_faulty() {
    let faulty = [
        (Script::new(), "the call script is faulty: the script has no actions"),
        (
            Script::new().connect(PhoneEndpoint::new("+447700900001")),
            "the call script is faulty: `+447700900001` is not a telephone number",
        ),
        (
            Script::new().then(Connect::new(vec![])),
            "the call script is faulty: `endpoint` is empty",
        ),
    ];
    for (script, expected) in faulty {
        let error = script.build().unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::Faulty(_)));
    }
}

#[test]
fn checks_values_and_actions() {
    let value = serde_json::json!([{"action": "talk", "text": "a"}, {"action": "hold"}]);
    let report = check_value(&value);
    assert_eq!(report.findings[0].pointer, "/1/action");
    assert_eq!(report.findings[0].position, None);
    assert_eq!(report.findings[0].seen.as_deref(), Some("\"hold\""));
    assert!(check_actions(&[Talk::new("a").into()]).is_runnable());
}
