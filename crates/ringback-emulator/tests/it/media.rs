//! Sounds, websockets and recordings of calls, over real sockets.

use std::sync::Arc;

use axum::{Router, extract::Request, response::IntoResponse as _};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use crate::harness::{App, Hook, Platform};

/// Ten frames of 36 ms: MPEG-2, 16 kHz, 32 kbit/s, mono.
async fn sounds() -> String {
    let mut frame = [0; 144];
    frame[..4].copy_from_slice(&[0xFF, 0xF3, 0x48, 0xC4]);
    let sound = Arc::new(frame.repeat(10));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(move |request: Request| {
        let sound = Arc::clone(&sound);
        async move {
            match request.uri().path() {
                "/hello.mp3" => sound.to_vec().into_response(),
                _ => (reqwest::StatusCode::NOT_FOUND, "none").into_response(),
            }
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

async fn transcript(platform: &Platform, call: &Value) -> String {
    let id = call["id"].as_str().unwrap();
    platform.get(&format!("/_ringback/calls/{id}/transcript")).await.text
}

fn ends(hooks: &[Hook]) -> Value {
    hooks.iter().find(|hook| hook.name() == "completed inbound").unwrap().json()
}

#[tokio::test]
async fn sounds_are_fetched_and_play_as_long_as_they_are() {
    let platform = Platform::auto().await;
    let url = sounds().await;
    let ncco = json!([
        {"action": "stream", "streamUrl": [format!("{url}/hello.mp3")], "loop": 10},
        {"action": "stream", "streamUrl": [format!("{url}/none.mp3")]},
    ]);
    let mut app = App::start(ncco, 200).await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let hooks = app.wait_for("completed inbound", 1).await;
    // Ten times 360 ms.
    let duration = ends(&hooks)["duration"].as_str().unwrap().parse::<u32>().unwrap();
    assert!((3..=5).contains(&duration), "{duration}");
    let transcript = transcript(&platform, &call).await;
    assert!(transcript.contains("its server answers with status 404"), "{transcript}");
}

/// An application's server of one websocket.
struct Bot {
    socket: WebSocketStream<TcpStream>,
    head: String,
}

impl Bot {
    async fn accept(listener: &TcpListener) -> Self {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap();
        let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
        let accept = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
        Self { socket: WebSocketStream::from_raw_socket(stream, Role::Server, None).await, head }
    }

    async fn text(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

/// A call to a bot, as far as its greeting.
async fn bot_call(more: Value) -> (Platform, App, Bot, Value) {
    let platform = Platform::auto().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut endpoint = json!({
        "type": "websocket",
        "uri": format!("ws://{}/socket", listener.local_addr().unwrap()),
        "content-type": "audio/l16;rate=16000",
        "headers": {"language": "en-GB", "caller-id": "447700900123"},
    });
    for (name, value) in more.as_object().unwrap() {
        endpoint[name] = value.clone();
    }
    let app = App::start(json!([{"action": "connect", "endpoint": [endpoint]}]), 200).await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let bot = Bot::accept(&listener).await;
    (platform, app, bot, call)
}

#[tokio::test]
async fn a_caller_talks_to_a_bot() {
    let (platform, mut app, mut bot, call) =
        bot_call(json!({"authorization": {"type": "vonage"}})).await;
    assert!(bot.head.contains("\r\nauthorization: Bearer ey"), "{}", bot.head);
    // The documented example.
    let greeting = json!({
        "event": "websocket:connected", "content-type": "audio/l16;rate=16000",
        "language": "en-GB", "caller-id": "447700900123",
    });
    assert_eq!(bot.text().await, greeting);
    let Message::Binary(silence) = bot.socket.next().await.unwrap().unwrap() else {
        panic!("no sound after the greeting")
    };
    assert_eq!(silence, vec![0; 640]);
    app.wait_for("answered inbound", 1).await;
    bot.socket.send(Message::Binary(vec![1; 700].into())).await.unwrap();
    let notify = r#"{"action":"notify","payload":{"customKey":"customValue"}}"#;
    bot.socket.send(Message::text(notify)).await.unwrap();
    let notified = json!({"event": "websocket:notify", "payload": {"customKey": "customValue"}});
    assert_eq!(bot.text().await, notified);
    let transcript = transcript(&platform, &call).await;
    assert!(transcript.contains("700 bytes came and is cut"), "{transcript}");

    let id = call["id"].as_str().unwrap();
    platform.control(Method::POST, &format!("/_ringback/calls/{id}/hangup"), None).await;
    let close = loop {
        if let Message::Close(close) = bot.socket.next().await.unwrap().unwrap() {
            break close.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 1000);
    app.wait_for("completed inbound", 1).await;
    app.wait_for("completed outbound", 1).await;
}

#[tokio::test]
async fn a_bot_that_goes_is_told_as_disconnected() {
    let (_platform, mut app, mut bot, _call) = bot_call(json!({})).await;
    bot.text().await;
    app.wait_for("answered inbound", 1).await;
    bot.socket.close(None).await.unwrap();
    let hooks = app.wait_for("completed inbound", 1).await;
    let gone = hooks.iter().filter(|hook| !hook.path.ends_with("/answer")).map(Hook::json);
    let gone = gone.into_iter().find(|event| event["status"] == "disconnected").unwrap();
    assert_eq!(gone["headers"]["caller-id"], "447700900123", "{gone}");
    assert!(gone.get("direction").is_none(), "{gone}");
}

#[tokio::test]
async fn nobody_at_the_websocket_is_a_failure() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/socket", nobody.local_addr().unwrap());
    drop(nobody);
    let platform = Platform::auto().await;
    let endpoint = json!({"type": "websocket", "uri": uri, "content-type": "audio/l16;rate=8000"});
    let mut app = App::start(json!([{"action": "connect", "endpoint": [endpoint]}]), 200).await;
    platform.connect(&app).await;
    let call = platform.call().await;
    app.wait_for("failed outbound", 1).await;
    app.wait_for("completed inbound", 1).await;
    let transcript = transcript(&platform, &call).await;
    assert!(transcript.contains("nothing listens at ws://127.0.0.1"), "{transcript}");
}

#[tokio::test]
async fn recordings_are_files_of_their_length() {
    for (format, content_type, first) in
        [("wav", "audio/wav", b"RIFF".as_slice()), ("mp3", "audio/mpeg", &[0xFF, 0xF3, 0x48, 0xC4])]
    {
        let platform = Platform::auto().await;
        let ncco = json!([
            {"action": "record", "format": format, "endOnSilence": 3},
            {"action": "talk", "text": "Thank you"},
        ]);
        let mut app = App::start(ncco, 200).await;
        platform.connect(&app).await;
        platform.call().await;
        // The webhook of a recording has neither status nor direction.
        let hooks = app.wait_for(" ", 1).await;
        let event = hooks.iter().find(|hook| hook.name() == " ").unwrap().json();
        let (url, size) =
            (event["recording_url"].as_str().unwrap(), event["size"].as_u64().unwrap());
        assert!(
            url.starts_with(&format!("{}/api.nexmo.com/v1/files/", platform.emulator.url())),
            "{url}"
        );
        let get = |method| platform.client.request(method, url).bearer_auth(platform.token());
        let head = get(Method::HEAD).send().await.unwrap();
        let length = |reply: &reqwest::Response| {
            reply.headers()["content-length"].to_str().unwrap().parse::<u64>().unwrap()
        };
        assert_eq!((head.status().as_u16(), length(&head)), (200, size));
        let file = get(Method::GET).send().await.unwrap();
        assert_eq!(
            (length(&file), &file.headers()["content-type"]),
            (size, &content_type.parse().unwrap())
        );
        let bytes = file.bytes().await.unwrap();
        assert!(bytes.starts_with(first) && bytes.len() as u64 == size, "{} {size}", bytes.len());
        let nobody = platform.client.get(url).send().await.unwrap();
        assert_eq!(nobody.status(), 401);
    }
}
