use std::sync::Mutex as StdMutex;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use ringback_jwt::{WebhookSigner, WebhookVerifier};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::*;
use crate::{Mapping, edge::WallClock};

const SECRET: &str = "test-signature-secret-0123456789abcdef";
const APPLICATION: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
/// The documented example.
const GREETING: &str = r#"{"event":"websocket:connected","content-type":"audio/l16;rate=16000","language":"en-GB","caller-id":"447700900123"}"#;

/// The application's end.
type Server = WebSocketStream<TcpStream>;

struct Peer {
    commands: mpsc::Sender<SocketCommand>,
    reports: mpsc::UnboundedReceiver<Report>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Dials as the platform does.
    fn dial(maps: Vec<Mapping>, opening: SocketOpening) -> Self {
        let signer = WebhookSigner::new(&SecretString::from(SECRET), "a1b2c3d4").unwrap();
        let sender = Sender::new(signer, maps, WallClock::system(), Trust::System).unwrap();
        let sockets = Sockets::new(Trust::System).unwrap();
        let (commands, waiting) = mpsc::channel(16);
        let (tell, reports) = mpsc::unbounded_channel();
        let dial = Dial::new(&sockets.client, &sender, opening);
        let task = tokio::spawn(serve(dial, waiting, move |report| drop(tell.send(report))));
        Self { commands, reports, task }
    }

    async fn tell(&self, command: SocketCommand) {
        self.commands.send(command).await.unwrap();
    }

    async fn event(&mut self) -> SocketEvent {
        loop {
            if let Report::Event(event) = self.reports.recv().await.unwrap() {
                return event;
            }
        }
    }
}

fn opening(uri: &str) -> SocketOpening {
    SocketOpening {
        application: APPLICATION.into(),
        uri: uri.into(),
        rate: 16_000,
        greeting: GREETING.to_owned(),
        authorization: SocketAuthorization::Absent,
        timeout: 5_000,
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    (listener, address)
}

/// Takes a connection and reads the head of its request.
async fn head(listener: &TcpListener) -> (TcpStream, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (own, value) = line.split_once(": ")?;
        own.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Takes a connection as a server of websockets does.
async fn accept(listener: &TcpListener) -> (Server, String) {
    let (mut stream, head) = head(listener).await;
    let accept = open::accept(field(&head, "sec-websocket-key").unwrap());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {accept}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    (WebSocketStream::from_raw_socket(stream, Role::Server, None).await, head)
}

async fn connected() -> (Server, Peer) {
    let (listener, address) = listen().await;
    let mut peer = Peer::dial(vec![], opening(&format!("{address}/socket")));
    let (mut server, _) = accept(&listener).await;
    assert_eq!(text(&mut server).await, GREETING);
    assert_eq!(peer.event().await, SocketEvent::Opened);
    (server, peer)
}

async fn next(server: &mut Server) -> Message {
    server.next().await.unwrap().unwrap()
}

/// The next text frame, whatever sound comes before it.
async fn text(server: &mut Server) -> String {
    loop {
        if let Message::Text(text) = next(server).await {
            return text.to_string();
        }
    }
}

async fn say(server: &mut Server, text: &str) {
    server.send(Message::text(text)).await.unwrap();
}

#[tokio::test]
async fn the_handshake_is_the_documented_one() {
    let check = async |authorization: SocketAuthorization| {
        let (listener, address) = listen().await;
        let opening =
            SocketOpening { authorization, ..opening(&format!("{address}/socket?caller=1")) };
        let mut peer = Peer::dial(vec![], opening);
        let (mut server, head) = accept(&listener).await;
        assert!(head.starts_with("GET /socket?caller=1 HTTP/1.1\r\n"), "{head}");
        let host = address.trim_start_matches("ws://");
        for (name, expected) in [
            ("host", Some(host)),
            ("upgrade", Some("websocket")),
            ("sec-websocket-version", Some("13")),
            ("sec-websocket-extensions", None),
            ("sec-websocket-protocol", None),
        ] {
            assert_eq!(field(&head, name), expected, "{name}: {head}");
        }
        // The first message is the greeting, and sound follows.
        assert_eq!(next(&mut server).await, Message::text(GREETING));
        assert_eq!(peer.event().await, SocketEvent::Opened);
        field(&head, "authorization").map(str::to_owned)
    };
    assert_eq!(check(SocketAuthorization::Absent).await, None);
    let custom = SocketAuthorization::Custom("Token planted-1".into());
    assert_eq!(check(custom).await.as_deref(), Some("Token planted-1"));
    let token = check(SocketAuthorization::Platform).await.unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    let verifier = WebhookVerifier::new([&SecretString::from(SECRET)])
        .unwrap()
        .api_key("a1b2c3d4")
        .application_id(APPLICATION);
    verifier.verify_body(token, b"", WallClock::system().now().as_secs()).unwrap();
}

#[tokio::test]
async fn silence_comes_in_frames_until_the_leg_hears_nobody() {
    for (rate, size) in [(8_000, 320), (16_000, 640), (24_000, 960)] {
        let (listener, address) = listen().await;
        let peer = Peer::dial(vec![], SocketOpening { rate, ..opening(&address) });
        let (mut server, _) = accept(&listener).await;
        assert_eq!(next(&mut server).await, Message::text(GREETING));
        for _ in 0..3 {
            let silence = Message::Binary(Bytes::from(vec![0; size]));
            assert_eq!(next(&mut server).await, silence, "{rate}");
        }
        peer.tell(SocketCommand::Hear(false)).await;
        peer.tell(SocketCommand::Send(r#"{"event":"websocket:media:update"}"#.into())).await;
        assert!(text(&mut server).await.contains("media:update"));
        // Three frames take three ticks to be played, and none brings sound.
        for _ in 0..3 {
            server.send(Message::Binary(Bytes::from(vec![1; size]))).await.unwrap();
        }
        say(&mut server, r#"{"action":"notify","payload":{"n":1}}"#).await;
        let notify = r#"{"event":"websocket:notify","payload":{"n":1}}"#;
        assert_eq!(next(&mut server).await, Message::text(notify));
        peer.tell(SocketCommand::Hear(true)).await;
        assert!(matches!(next(&mut server).await, Message::Binary(_)));
    }
}

#[tokio::test]
async fn what_the_application_says_is_played_and_its_commands_are_answered() {
    let (mut server, mut peer) = connected().await;
    for _ in 0..3 {
        server.send(Message::Binary(Bytes::from(vec![1; 640]))).await.unwrap();
    }
    say(&mut server, r#"{"action":"notify","payload":{"customKey":"customValue"}}"#).await;
    assert_eq!(
        text(&mut server).await,
        r#"{"event":"websocket:notify","payload":{"customKey":"customValue"}}"#
    );
    assert_eq!(peer.reports.recv().await, Some(Report::Speaking(true)));
    assert_eq!(peer.reports.recv().await, Some(Report::Speaking(false)));
    // A second of sound: it is not over before it is dropped.
    for _ in 0..50 {
        server.send(Message::Binary(Bytes::from(vec![1; 640]))).await.unwrap();
    }
    say(&mut server, r#"{"action":"notify","payload":{"lost":true}}"#).await;
    say(&mut server, r#"{"action":"clear"}"#).await;
    assert_eq!(text(&mut server).await, r#"{"event":"websocket:cleared"}"#);
    assert_eq!(peer.reports.recv().await, Some(Report::Speaking(true)));
    assert_eq!(peer.reports.recv().await, Some(Report::Speaking(false)));
    server.send(Message::Binary(Bytes::from(vec![1; 641]))).await.unwrap();
    say(&mut server, "stop").await;
    for expected in ["641 bytes", "`stop` is neither"] {
        let warning = loop {
            if let Report::Warning(warning) = peer.reports.recv().await.unwrap() {
                break warning;
            }
        };
        assert!(warning.contains(expected), "{warning}");
    }
    server.send(Message::Ping("are you there".into())).await.unwrap();
    let pong = loop {
        if let Message::Pong(pong) = next(&mut server).await {
            break pong;
        }
    };
    assert_eq!(pong, "are you there");
}

#[tokio::test]
async fn either_side_closes_it() {
    let (mut server, mut peer) = connected().await;
    server.close(None).await.unwrap();
    assert_eq!(peer.event().await, SocketEvent::Closed);
    while server.next().await.is_some() {}
    drop(server);
    peer.task.await.unwrap();

    let (server, mut peer) = connected().await;
    drop(server);
    assert_eq!(peer.event().await, SocketEvent::Closed);
    peer.task.await.unwrap();

    let (mut server, mut peer) = connected().await;
    peer.tell(SocketCommand::Send(
        r#"{"event":"websocket:dtmf","digit":"5","duration":260}"#.into(),
    ))
    .await;
    peer.tell(SocketCommand::Close).await;
    assert!(text(&mut server).await.contains("dtmf"));
    let close = loop {
        if let Message::Close(close) = next(&mut server).await {
            break close.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 1000);
    while server.next().await.is_some() {}
    drop(server);
    peer.task.await.unwrap();
    assert_eq!(peer.reports.recv().await, None);
}

#[tokio::test]
async fn one_that_falls_behind_with_commands_is_closed_and_says_so() {
    let (mut server, Peer { commands, mut reports, task }) = connected().await;
    drop(commands);
    assert_eq!(reports.recv().await, Some(Report::Event(SocketEvent::Closed)));
    while !matches!(next(&mut server).await, Message::Close(_)) {}
    drop(server);
    task.await.unwrap();

    let (listener, address) = listen().await;
    let Peer { commands, mut reports, task } = Peer::dial(vec![], opening(&address));
    let (_stream, _) = head(&listener).await;
    drop(commands);
    assert_eq!(reports.recv().await, Some(Report::Event(SocketEvent::Closed)));
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_not_made_up_for() {
    let (stream, server) = tokio::io::duplex(1024 * 1024);
    let (_commands, mut waiting) = mpsc::channel(1);
    tokio::spawn(async move {
        session::run(stream, GREETING.to_owned(), 16_000, Vec::new(), &mut waiting, |_| {}).await;
    });
    let mut server = WebSocketStream::from_raw_socket(server, Role::Server, None).await;
    assert_eq!(server.next().await.unwrap().unwrap(), Message::text(GREETING));
    server.next().await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    let (after, mut frames) = (tokio::time::Instant::now(), 0);
    // Time moves on only when there is nothing left to read.
    while after.elapsed() < Duration::from_millis(100) {
        server.next().await.unwrap().unwrap();
        frames += 1;
    }
    assert!(frames <= 8, "{frames} frames in 100 ms");
}

#[tokio::test]
async fn a_socket_that_does_not_open_says_why() {
    let refused = async |uri: &str| match Peer::dial(vec![], opening(uri)).event().await {
        SocketEvent::Refused(why) => why,
        other => panic!("{uri}: {other:?}"),
    };
    for uri in ["nothing", "ftp://127.0.0.1/", "ws://"] {
        let why = refused(uri).await;
        assert!(why.contains("does not begin with ws:// or wss://"), "{why}");
    }
    let (listener, address) = listen().await;
    let answer = async |answer: &'static str| {
        let (mut stream, _) = head(&listener).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
    };
    for (text, expected) in [
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "with status 404"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-accept: bm9uZQ==\r\n\r\n",
            "Sec-WebSocket-Accept",
        ),
    ] {
        let (why, ()) = tokio::join!(refused(&address), answer(text));
        assert!(why.contains(expected) && why.contains(&address), "{why}");
    }
    let secure = address.replace("ws:", "wss:");
    let plain = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    };
    let (why, ()) = tokio::join!(refused(&secure), plain);
    assert!(why.contains("does not speak TLS"), "{why}");
    // Connects and hears nothing.
    let silent = SocketOpening { timeout: 50, ..opening(&address) };
    assert_eq!(Peer::dial(vec![], silent).event().await, SocketEvent::TimedOut);
    drop(listener);
    let why = refused(&address).await;
    assert!(why.contains("nothing listens at ws://127.0.0.1"), "{why}");
}

#[tokio::test]
async fn the_end_of_the_leg_does_not_wait_for_the_handshake() {
    let (listener, address) = listen().await;
    let mut peer = Peer::dial(vec![], opening(&address));
    let (stream, _) = head(&listener).await;
    peer.tell(SocketCommand::Hear(false)).await;
    peer.tell(SocketCommand::Close).await;
    (&mut peer.task).await.unwrap();
    assert_eq!(peer.reports.recv().await, None);
    drop(stream);
}

#[tokio::test]
async fn public_addresses_are_mapped() {
    let (listener, address) = listen().await;
    let map = format!("https://bot.example={}", address.replace("ws:", "http:"));
    let mut peer =
        Peer::dial(vec![Mapping::parse(&map).unwrap()], opening("wss://bot.example/socket?a=b"));
    let (_server, head) = accept(&listener).await;
    assert!(head.starts_with("GET /socket?a=b "), "{head}");
    assert_eq!(peer.event().await, SocketEvent::Opened);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_cut_off() {
    let (stream, server) = tokio::io::duplex(4096);
    let (_commands, mut waiting) = mpsc::channel(1);
    let reports = StdMutex::new(Vec::new());
    let tell = |report| reports.lock().unwrap().push(report);
    session::run(stream, GREETING.to_owned(), 16_000, Vec::new(), &mut waiting, tell).await;
    let reports = reports.into_inner().unwrap();
    assert!(
        matches!(&reports[..], [Report::Event(SocketEvent::Opened), Report::Warning(why), Report::Event(SocketEvent::Closed)]
            if why.contains("does not read")),
        "{reports:?}"
    );
    drop(server);
}
