//! The websockets of applications: legs whose far end is a server of theirs.

mod open;
mod playback;
mod session;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use reqwest::Client;
use ringback_exchange::{Input, SocketAuthorization, SocketCommand, SocketEvent, SocketOpening};
use ringback_http::{Settings, Trust, Versions};
use ringback_model::{LegId, control};
use tokio::sync::mpsc;
use url::Url;

use crate::{Error, mask, platform::Platform, webhook::sender::Sender};
use session::Report;

/// How many commands may wait for a websocket; one that lets more wait is cut off.
const COMMANDS: usize = 1_024;

/// The websockets that are open, or about to be.
#[derive(Debug)]
pub(crate) struct Sockets {
    client: Client,
    open: Mutex<HashMap<LegId, mpsc::Sender<SocketCommand>>>,
}

impl Sockets {
    pub(crate) fn new(trust: Trust) -> Result<Self, Error> {
        let settings = Settings::new()
            .versions(Versions::Http1)
            .connect_timeout(Duration::from_secs(120))
            .timeout(None)
            .trust(trust);
        let client =
            ringback_http::client(&settings).map_err(|error| Error::Sender(error.into()))?;
        Ok(Self { client, open: Mutex::default() })
    }

    /// Forgets all of them: whoever carried them has been cancelled, and cannot say so.
    pub(crate) fn forget(&self) {
        self.open().clear();
    }

    fn open(&self) -> MutexGuard<'_, HashMap<LegId, mpsc::Sender<SocketCommand>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what the exchange asks about the websocket of a leg.
pub(crate) fn command(platform: &Arc<Platform>, epoch: u64, leg: LegId, command: SocketCommand) {
    let mut open = platform.sockets.open();
    if let SocketCommand::Open(opening) = command {
        let (tell, commands) = mpsc::channel(COMMANDS);
        if let Some(other) = open.insert(leg.clone(), tell.clone()) {
            // It ends as asked for: what it has to say is of an earlier one.
            drop(other.try_send(SocketCommand::Close));
        }
        let work = Leg { platform: Arc::clone(platform), epoch, leg, tell };
        platform.spawn(async move { work.run(*opening, commands).await });
        return;
    }
    let is_last = matches!(command, SocketCommand::Close);
    let is_lost = open.get(&leg).is_some_and(|socket| socket.try_send(command).is_err());
    // Without a sender it closes, and says so when nobody asked for that.
    if is_last || is_lost {
        open.remove(&leg);
    }
}

/// The websocket of one leg.
struct Leg {
    platform: Arc<Platform>,
    epoch: u64,
    leg: LegId,
    tell: mpsc::Sender<SocketCommand>,
}

impl Leg {
    async fn run(self, opening: SocketOpening, commands: mpsc::Receiver<SocketCommand>) {
        let Self { platform, epoch, leg, tell } = self;
        let tell = tell.downgrade();
        // Sound takes the time it takes: the clock skips nothing while the socket is open.
        let is_held = AtomicBool::new(true);
        let report = |report: Report| match report {
            Report::Event(event) => {
                tracing::debug!(%leg, ?event, "websocket");
                let ends = event != SocketEvent::Opened && is_held.swap(false, Ordering::Relaxed);
                platform.report(
                    epoch,
                    Input::Socket { leg: leg.clone(), event },
                    |activity, now| {
                        if ends {
                            activity.errand_ends(now);
                        }
                    },
                );
            }
            Report::Warning(warning) => warn(&platform, epoch, &leg, warning),
            Report::Speaking(speaks) => platform.active(epoch, |activity, now| match speaks {
                true => activity.errand_begins(now),
                false => activity.errand_ends(now),
            }),
        };
        let dial = Dial::new(&platform.sockets.client, &platform.sender, opening);
        serve(dial, commands, report).await;
        if is_held.load(Ordering::Relaxed) {
            platform.active(epoch, |activity, now| activity.errand_ends(now));
        }
        // Another one may have been opened for the leg meanwhile.
        let mut open = platform.sockets.open();
        let is_own = |socket: &mpsc::Sender<SocketCommand>| {
            tell.upgrade().is_some_and(|tell| tell.same_channel(socket))
        };
        if open.get(&leg).is_some_and(is_own) {
            open.remove(&leg);
        }
    }
}

/// What has to be known to open a websocket.
struct Dial {
    client: Client,
    target: Result<(Url, Option<HeaderValue>), String>,
    opening: SocketOpening,
}

impl Dial {
    fn new(client: &Client, sender: &Sender, opening: SocketOpening) -> Self {
        let address = open::http_address(&opening.uri).and_then(|url| sender.target(&url));
        let no_address = || {
            let uri: String = mask::addresses(&opening.uri).chars().take(200).collect();
            format!("the address `{uri}` does not begin with ws:// or wss:// and a host")
        };
        let target = address.ok_or_else(no_address).and_then(|url| {
            let authorization = match &opening.authorization {
                SocketAuthorization::Platform => Some(sender.token(&opening.application, &[])?),
                SocketAuthorization::Custom(value) => {
                    let mut value = HeaderValue::from_str(value.expose()).map_err(|_| {
                        "the value of its authorization cannot stand in a header".to_owned()
                    })?;
                    value.set_sensitive(true);
                    Some(value)
                }
                _ => None,
            };
            Ok((url, authorization))
        });
        Self { client: client.clone(), target, opening }
    }
}

/// Opens a websocket and carries it to its end.
async fn serve(dial: Dial, mut commands: mpsc::Receiver<SocketCommand>, report: impl Fn(Report)) {
    let Dial { client, target, opening } = dial;
    let (url, authorization) = match target {
        Ok(target) => target,
        Err(why) => return report(Report::Event(SocketEvent::Refused(why))),
    };
    let limit = Duration::from_millis(opening.timeout);
    let opened = tokio::time::timeout(limit, open::open(&client, url, authorization));
    tokio::pin!(opened);
    // Commands may come before it is open; only the end of the leg does not wait for that.
    let mut early = Vec::new();
    let opened = loop {
        tokio::select! {
            opened = &mut opened => break opened,
            command = commands.recv() => match command {
                Some(SocketCommand::Close) => return,
                None => return report(Report::Event(SocketEvent::Closed)),
                Some(command) => early.push(command),
            },
        }
    };
    let stream = match opened {
        Ok(Ok(stream)) => stream,
        Ok(Err(event)) => return report(Report::Event(event)),
        Err(_) => return report(Report::Event(SocketEvent::TimedOut)),
    };
    session::run(stream, opening.greeting, opening.rate, early, &mut commands, report).await;
}

/// Tells of something in the transcript of the leg's call.
fn warn(platform: &Platform, epoch: u64, leg: &LegId, warning: String) {
    tracing::warn!(%leg, warning, "websocket");
    let at = platform.now();
    let mut core = platform.core();
    if core.epoch != epoch {
        return;
    }
    let kind = control::TranscriptKind::Error;
    let mut entry = control::TranscriptEntry::new(0, at, kind, "websocket").detail(warning);
    entry.call = core.exchange.call_of(leg);
    entry.leg = Some(leg.clone());
    platform.note(&mut core, entry);
}

#[cfg(test)]
mod tests;
