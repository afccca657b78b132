//! The options of every action and endpoint, as the platform documents them.
//!
//! Ranges are in the model's table of limits.

use crate::schema::{
    Kind::{
        AnyCase, Bool, CallerId, Clamped, Decimal, Ear, Endpoints, FirstUrl, Inner, Key, Keys,
        Loose, Name, Number, Object, OneText, Room, Sip, Socket, Speech, Text, Texted, Texts, Url,
        Urls, Voice, Whole, Word, Words,
    },
    Opt, Shape,
};

const METHODS: &[&str] = &["GET", "POST"];

/// Every action by its name.
pub(crate) static ACTIONS: &[(&str, Shape)] = &[
    ("talk", TALK),
    ("stream", STREAM),
    ("input", INPUT),
    ("record", RECORD),
    ("conversation", CONVERSATION),
    ("connect", CONNECT),
    ("notify", NOTIFY),
    ("wait", WAIT),
    ("transfer", TRANSFER),
];

/// Every endpoint by its type.
pub(crate) static ENDPOINTS: &[(&str, Shape)] =
    &[("phone", PHONE), ("app", APP), ("websocket", WEBSOCKET), ("sip", SIP), ("vbc", VBC)];

const TALK: Shape = Shape {
    owner: "Talk",
    noun: "`talk`",
    tag: "action",
    options: &[
        Opt::new("text", Speech).required(),
        Opt::new("bargeIn", Bool),
        Opt::new("loop", Whole),
        Opt::new("level", Decimal),
        Opt::new("language", Voice),
        Opt::new("style", Whole),
        Opt::new("premium", Bool),
        Opt::new("voiceName", Text).instead("use `language` and `style`"),
    ],
};

const STREAM: Shape = Shape {
    owner: "Stream",
    noun: "`stream`",
    tag: "action",
    options: &[
        Opt::new("streamUrl", Urls).required(),
        Opt::new("level", Decimal),
        Opt::new("bargeIn", Bool),
        Opt::new("loop", Whole),
    ],
};

const INPUT: Shape = Shape {
    owner: "Input",
    noun: "`input`",
    tag: "action",
    options: &[
        Opt::new("type", Words(&["dtmf", "speech"])),
        Opt::new("dtmf", Inner(&DTMF)),
        Opt::new("speech", Inner(&SPEECH)),
        Opt::new("eventUrl", Urls),
        Opt::new("eventMethod", AnyCase(METHODS)),
        Opt::new("mode", Word(&["synchronous", "asynchronous"])),
        Opt::new("timeOut", Whole).instead("put it into `dtmf`"),
        Opt::new("maxDigits", Whole).instead("put it into `dtmf`"),
        Opt::new("submitOnHash", Bool).instead("put it into `dtmf`"),
    ],
};

static DTMF: Shape = Shape {
    owner: "DtmfSettings",
    noun: "`dtmf`",
    tag: "",
    options: &[
        Opt::new("timeOut", Whole),
        Opt::new("maxDigits", Whole),
        Opt::new("submitOnHash", Bool),
    ],
};

static SPEECH: Shape = Shape {
    owner: "SpeechSettings",
    noun: "`speech`",
    tag: "",
    options: &[
        Opt::new("uuid", OneText),
        Opt::new("endOnSilence", Decimal),
        Opt::new("language", Ear),
        Opt::new("context", Texts),
        Opt::new("startTimeout", Whole),
        Opt::new("maxDuration", Whole),
        Opt::new("saveAudio", Bool),
        Opt::new("sensitivity", Whole),
    ],
};

const RECORD: Shape = Shape {
    owner: "Record",
    noun: "`record`",
    tag: "action",
    options: &[
        Opt::new("format", Word(&["mp3", "wav", "ogg"])),
        Opt::new("split", Word(&["conversation"])),
        Opt::new("channels", Whole),
        Opt::new("endOnSilence", Whole),
        Opt::new("endOnKey", Key),
        Opt::new("timeOut", Whole),
        Opt::new("beepStart", Bool),
        Opt::new("eventUrl", Urls),
        Opt::new("eventMethod", AnyCase(METHODS)),
        Opt::new("transcription", Inner(&TRANSCRIPTION)),
    ],
};

static TRANSCRIPTION: Shape = Shape {
    owner: "Transcription",
    noun: "`transcription`",
    tag: "",
    options: &[
        Opt::new("language", Ear),
        Opt::new("eventUrl", Urls),
        Opt::new("eventMethod", AnyCase(METHODS)),
        Opt::new("sentimentAnalysis", Bool),
    ],
};

const CONVERSATION: Shape = Shape {
    owner: "Conversation",
    noun: "`conversation`",
    tag: "action",
    options: &[
        Opt::new("name", Name).required(),
        Opt::new("musicOnHoldUrl", FirstUrl),
        Opt::new("startOnEnter", Bool),
        Opt::new("endOnExit", Bool),
        Opt::new("record", Bool),
        Opt::new("canSpeak", Texts),
        Opt::new("canHear", Texts),
        Opt::new("mute", Bool),
        Opt::new("transcription", Inner(&TRANSCRIPTION)),
        Opt::new("eventUrl", Urls),
        Opt::new("eventMethod", AnyCase(METHODS)),
    ],
};

const CONNECT: Shape = Shape {
    owner: "Connect",
    noun: "`connect`",
    tag: "action",
    options: &[
        Opt::new("endpoint", Endpoints).required(),
        Opt::new("from", CallerId),
        Opt::new("randomFromNumber", Bool),
        Opt::new("eventType", Word(&["synchronous"])),
        Opt::new("timeout", Whole),
        Opt::new("limit", Whole),
        Opt::new("machineDetection", Word(&["continue", "hangup"])),
        Opt::new("advancedMachineDetection", Inner(&DETECTION)),
        Opt::new("eventUrl", Urls),
        Opt::new("eventMethod", AnyCase(METHODS)),
        Opt::new("ringbackTone", FirstUrl),
    ],
};

static DETECTION: Shape = Shape {
    owner: "AdvancedMachineDetection",
    noun: "`advancedMachineDetection`",
    tag: "",
    options: &[
        Opt::new("behavior", Word(&["continue", "hangup"])),
        Opt::new("mode", Word(&["default", "detect", "detect_beep"])),
        Opt::new("beep_timeout", Whole),
    ],
};

const PHONE: Shape = Shape {
    owner: "PhoneEndpoint",
    noun: "a `phone` endpoint",
    tag: "type",
    options: &[
        Opt::new("number", Number).required(),
        Opt::new("dtmfAnswer", Keys),
        Opt::new("onAnswer", Inner(&ON_ANSWER)),
        Opt::new("shaken", Text),
    ],
};

static ON_ANSWER: Shape = Shape {
    owner: "OnAnswer",
    noun: "`onAnswer`",
    tag: "",
    options: &[Opt::new("url", Url).required(), Opt::new("ringbackTone", Url).also("ringback")],
};

const APP: Shape = Shape {
    owner: "AppEndpoint",
    noun: "an `app` endpoint",
    tag: "type",
    options: &[Opt::new("user", Name).required()],
};

const WEBSOCKET: Shape = Shape {
    owner: "WebsocketEndpoint",
    noun: "a `websocket` endpoint",
    tag: "type",
    options: &[
        Opt::new("uri", Socket).required(),
        Opt::new(
            "content-type",
            Word(&["audio/l16;rate=8000", "audio/l16;rate=16000", "audio/l16;rate=24000"]),
        ),
        Opt::new("headers", Object),
        Opt::new("authorization", Inner(&AUTHORIZATION)),
    ],
};

static AUTHORIZATION: Shape = Shape {
    owner: "WebsocketAuthorization",
    noun: "`authorization`",
    tag: "",
    options: &[Opt::new("type", Word(&["vonage", "custom"])), Opt::new("value", Text)],
};

const SIP: Shape = Shape {
    owner: "SipEndpoint",
    noun: "a `sip` endpoint",
    tag: "type",
    options: &[
        Opt::new("uri", Sip),
        Opt::new("domain", Name),
        Opt::new("user", Name),
        Opt::new("headers", Texted),
        Opt::new("standardHeaders", Texted).also("standard_headers"),
    ],
};

const VBC: Shape = Shape {
    owner: "VbcEndpoint",
    noun: "a `vbc` endpoint",
    tag: "type",
    options: &[Opt::new("extension", Loose).required()],
};

const NOTIFY: Shape = Shape {
    owner: "Notify",
    noun: "`notify`",
    tag: "action",
    options: &[
        Opt::new("payload", Object).required(),
        Opt::new("eventUrl", Urls).required(),
        Opt::new("eventMethod", AnyCase(METHODS)),
    ],
};

const WAIT: Shape = Shape {
    owner: "Wait",
    noun: "`wait`",
    tag: "action",
    options: &[Opt::new("timeout", Clamped)],
};

const TRANSFER: Shape = Shape {
    owner: "Transfer",
    noun: "`transfer`",
    tag: "action",
    options: &[
        Opt::new("conversationId", Room).required(),
        Opt::new("mute", Bool),
        Opt::new("canHear", Texts),
        Opt::new("canSpeak", Texts),
    ],
};
