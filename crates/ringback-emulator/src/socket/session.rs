//! An open websocket: silence out every 20 ms, the application's sound and commands in.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use ringback_exchange::{SocketCommand, SocketEvent};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::{Instant, MissedTickBehavior},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::playback::Playback;

/// How often a frame goes each way.
const FRAME: Duration = Duration::from_millis(20);
/// How many messages wait for a reader: five seconds of frames.
const BEHIND: usize = 256;
/// The largest message that is read, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What comes of a websocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// For the exchange.
    Event(SocketEvent),
    /// The application does something wrong, in one sentence.
    Warning(String),
    /// Whether the application speaks: its frames wait to be played.
    Speaking(bool),
}

/// Greets, and carries frames until either side closes.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    greeting: String,
    rate: u32,
    early: Vec<SocketCommand>,
    commands: &mut mpsc::Receiver<SocketCommand>,
    report: impl Fn(Report),
) {
    let limits =
        WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(limits)).await;
    let greeted = tokio::time::timeout(FAREWELL, socket.send(Message::text(greeting))).await;
    report(Report::Event(SocketEvent::Opened));
    if !matches!(greeted, Ok(Ok(()))) {
        report(Report::Event(SocketEvent::Closed));
        return;
    }
    let (sink, mut incoming) = socket.split();
    let (outbox, waiting) = mpsc::channel(BEHIND);
    let writing = write(sink, waiting);
    tokio::pin!(writing);

    let mut line = Line { playback: Playback::new(rate), hears: true, outbox, report };
    let silence = Bytes::from(vec![0; line.playback.frame_size()]);
    for command in early {
        // There is room for them: nothing has been sent yet, and nobody closes early.
        let _done = line.command(Some(command));
    }
    let mut ticks = tokio::time::interval_at(Instant::now(), FRAME);
    // What was missed is not made up for: the burst would be taken for one who does not read.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let end = loop {
        let goes_on = tokio::select! {
            () = &mut writing => Err(End::Theirs),
            _ = ticks.tick() => line.tick(&silence),
            message = incoming.next() => line.message(message),
            command = commands.recv() => line.command(command),
        };
        if let Err(end) = goes_on {
            break end;
        }
    };
    if line.playback.is_playing() {
        (line.report)(Report::Speaking(false));
    }
    if end != End::Ours {
        (line.report)(Report::Event(SocketEvent::Closed));
    }
    if end != End::Theirs {
        let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        // One who does not read is not told either.
        drop(line.outbox.try_send(Message::Close(Some(normal))));
    }
    drop(line);
    // Reading on sends the answer to a close, and waits for the one to ours.
    let farewell = async {
        writing.await;
        while let Some(Ok(_)) = incoming.next().await {}
    };
    drop(tokio::time::timeout(FAREWELL, farewell).await);
}

/// Who ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The exchange asked for it.
    Ours,
    /// The application ended it, or does not read.
    Theirs,
    /// There are more commands than it takes: the exchange does not know yet.
    Lost,
}

struct Line<F> {
    playback: Playback,
    /// Whether the leg hears the others.
    hears: bool,
    outbox: mpsc::Sender<Message>,
    report: F,
}

impl<F: Fn(Report)> Line<F> {
    fn tick(&mut self, silence: &Bytes) -> Result<(), End> {
        let played = self.playback.is_playing();
        for event in self.playback.play() {
            self.send(Message::text(event))?;
        }
        if played && !self.playback.is_playing() {
            (self.report)(Report::Speaking(false));
        }
        match self.hears {
            true => self.send(Message::Binary(silence.clone())),
            false => Ok(()),
        }
    }

    fn message(&mut self, message: Option<Result<Message, tungstenite::Error>>) -> Result<(), End> {
        let played = self.playback.is_playing();
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                if let Some(warning) = self.playback.frame(bytes.len()) {
                    (self.report)(Report::Warning(warning));
                }
            }
            Some(Ok(Message::Text(text))) => match self.playback.command(&text) {
                Ok(Some(event)) => self.send(Message::text(event))?,
                Ok(None) | Err(None) => {}
                Err(Some(warning)) => (self.report)(Report::Warning(warning)),
            },
            // Pings are answered by whoever reads them.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Theirs),
        }
        if played != self.playback.is_playing() {
            (self.report)(Report::Speaking(!played));
        }
        Ok(())
    }

    fn command(&mut self, command: Option<SocketCommand>) -> Result<(), End> {
        match command {
            Some(SocketCommand::Send(text)) => self.send(Message::text(text)),
            Some(SocketCommand::Hear(hears)) => {
                self.hears = hears;
                Ok(())
            }
            Some(SocketCommand::Close) => Err(End::Ours),
            None => Err(End::Lost),
            // It is open already, and there is nothing else to do.
            Some(_) => Ok(()),
        }
    }

    /// Never waits: who is too far behind is cut off.
    fn send(&self, message: Message) -> Result<(), End> {
        self.outbox.try_send(message).map_err(|_| {
            let behind = format!("the application does not read: {BEHIND} messages wait for it");
            (self.report)(Report::Warning(behind));
            End::Theirs
        })
    }
}

/// Writes until there is nothing more to write, or nobody who takes it.
async fn write<S: Sink<Message> + Unpin>(mut sink: S, mut waiting: mpsc::Receiver<Message>) {
    while let Some(message) = waiting.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
}
