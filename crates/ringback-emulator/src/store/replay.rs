//! The past, repeated without its effects.

use std::collections::{BTreeMap, BTreeSet};

use ringback_exchange::{
    Effect, FetchId, Input, SocketCommand, SocketEvent, WebhookFailure, WebhookId, WebhookOutcome,
};
use ringback_model::{LegId, Timestamp, control::SeedRequest};

use super::{
    Store,
    database::Row,
    identity::Opened,
    wire::{self, Past, Rules},
};
use crate::{
    Error,
    core::Core,
    mask,
    start::Ready,
    webhook::{envelope::Sent, sender::Sending},
};

/// What those are told who waited for something when the emulator ended.
const STOPPED: &str = "the emulator was stopped while it waited";

/// What came of the past.
pub(crate) struct Replayed {
    pub(crate) store: Store,
    /// The application of the start, when it has been made.
    pub(crate) application: Option<Ready>,
    /// What was planted at the last start, with its keys, when something was.
    pub(crate) directory: Option<SeedRequest>,
    /// Whether nothing had happened yet.
    pub(crate) is_new: bool,
    /// What was under way and will never be heard of.
    pub(crate) lost: Lost,
}

/// What was under way when the emulator ended.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Webhooks with the time at which they set out.
    webhooks: BTreeMap<(WebhookId, u32), Timestamp>,
    fetches: BTreeSet<FetchId>,
    sockets: BTreeSet<LegId>,
}

/// Brings a core to where the last one ended, and keeps from now on what happens to it.
///
/// Nothing is sent, dialled or fetched: only what people are shown of the past is told again.
///
/// # Errors
/// When something that is kept cannot be read.
pub(crate) fn replay(opened: Opened, core: &mut Core) -> Result<Replayed, Error> {
    let Opened { database, application, directory } = opened;
    let found = database.read()?;
    let settings = core.exchange.settings().clone();
    let (now, mut then) = (Rules::of(&settings), None);
    let mut at = Timestamp::MIN;
    let mut is_new = found.snapshot.is_none();
    if let Some(snapshot) = &found.snapshot {
        core.restore(&snapshot.state).map_err(|error| {
            let problem = format!("the state after input {} cannot be read", snapshot.number);
            database.unreadable(problem, error)
        })?;
        core.history.go_on_after(snapshot.entries);
        at = Timestamp::from_millis(snapshot.at);
    }
    let mut lost = Lost::default();
    let mut since = (0, 0);
    for row in &found.rows {
        let past = wire::read(&row.input).map_err(|error| {
            database.unreadable(format!("input {} cannot be read", row.number), error)
        })?;
        match past {
            Past::Input(input) => {
                is_new = false;
                repeat(core, &mut lost, row, input);
            }
            Past::Rules(rules) => {
                let mut settings = settings.clone();
                rules.clone().apply(&mut settings);
                core.exchange.change_settings(settings);
                then = Some(rules);
            }
        }
        at = at.max(Timestamp::from_millis(row.at));
        if row.number > found.newest {
            since = (since.0 + 1, since.1 + row.input.len());
        }
    }
    let last = (found.last, core.history.last());
    let has_changed = then.as_ref() != Some(&now);
    let (store, mut journal) = Store::start(database, last.0, since, now).map_err(Error::Writer)?;
    if has_changed {
        journal.rules(last.1);
    }
    core.exchange.change_settings(settings);
    core.journal = Some(journal);
    // The platform's time never goes back, whatever the clock on the wall does.
    core.clock.skip_to(at);
    Ok(Replayed { store, application, directory, is_new, lost })
}

fn repeat(core: &mut Core, lost: &mut Lost, row: &Row, input: Input) {
    let at = Timestamp::from_millis(row.at);
    core.history.go_on_after(row.entries);
    lost.hears(core, at, &input);
    for effect in core.exchange.handle(at, input).effects {
        match effect {
            Effect::Note(note) => core.history.note(&core.exchange, note),
            Effect::Webhook(attempt) => {
                lost.webhooks.insert((attempt.id, attempt.attempt), at);
                let sent = Sent::from(*attempt);
                let url = mask::addresses(&sent.envelope.url).into();
                core.webhooks.begin(sent, url, at);
            }
            Effect::Fetch(fetch) => drop(lost.fetches.insert(fetch.id)),
            Effect::Socket { leg, command: SocketCommand::Open(_) } => {
                lost.sockets.insert(leg);
            }
            Effect::Socket { leg, command: SocketCommand::Close } => {
                lost.sockets.remove(&leg);
            }
            _ => {}
        }
    }
}

impl Lost {
    /// Something that was under way was heard of in its time.
    fn hears(&mut self, core: &mut Core, at: Timestamp, input: &Input) {
        match input {
            Input::Webhook { id, attempt, outcome } => {
                let sent = self.webhooks.remove(&(*id, *attempt)).unwrap_or(at);
                end(core, *id, *attempt, outcome.clone(), sent, at);
            }
            Input::Sound { id, .. } => drop(self.fetches.remove(id)),
            Input::Socket { leg, event } if *event != SocketEvent::Opened => {
                self.sockets.remove(leg);
            }
            _ => {}
        }
    }

    /// What is said about each: the call goes on as it does when a server breaks down.
    pub(crate) fn inputs(self, core: &mut Core, now: Timestamp) -> Vec<Input> {
        let mut inputs = Vec::new();
        for ((id, attempt), sent) in self.webhooks {
            let outcome = WebhookOutcome::Failed {
                failure: WebhookFailure::Connection,
                explanation: STOPPED.to_owned(),
            };
            end(core, id, attempt, outcome.clone(), sent, now);
            inputs.push(Input::Webhook { id, attempt, outcome });
        }
        let outcome = || Err(STOPPED.to_owned());
        inputs.extend(self.fetches.into_iter().map(|id| Input::Sound { id, outcome: outcome() }));
        let event = SocketEvent::Closed;
        inputs.extend(
            self.sockets.into_iter().map(|leg| Input::Socket { leg, event: event.clone() }),
        );
        inputs
    }
}

/// Tells the log of webhooks how an attempt ended.
fn end(
    core: &mut Core,
    id: WebhookId,
    attempt: u32,
    outcome: WebhookOutcome,
    sent: Timestamp,
    at: Timestamp,
) {
    let millis = u64::try_from(at.as_millis() - sent.as_millis()).unwrap_or_default();
    core.webhooks.end(id.0, attempt, &Sending { outcome, millis, sent });
}
