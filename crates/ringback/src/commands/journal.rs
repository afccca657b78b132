//! What a receiver keeps, and what it gave up.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use ringback_journal::{Dead, Journal, Location, Position, Recorded};
use ringback_model::Timestamp;
use ringback_webhook::{EventFilter, EventId, KeptEvent};

use crate::{
    context::Context,
    errors::Complaint,
    journal,
    output::{Column, Format, note, print},
    signals,
};

/// A journal.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List events
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        filter: Filter,
        /// Only those that were given up, with the reason
        #[arg(long)]
        dead: bool,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        limit: usize,
    },
    /// Show an event: the whole of it, and what became of it
    Show {
        #[command(flatten)]
        place: Place,
        /// Its position or delivery id
        #[arg(value_name = "POSITION|DELIVERY")]
        event: EventId,
    },
    /// Print events as they come, until Ctrl-C
    Tail {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        filter: Filter,
        /// Begin with so many that are there already
        #[arg(long, value_name = "COUNT", default_value_t = 10)]
        last: u64,
    },
    /// Have events that were given up dispatched again
    Redrive {
        #[command(flatten)]
        place: Place,
        /// Which, by position or delivery id
        #[arg(value_name = "POSITION|DELIVERY", required_unless_present = "all")]
        events: Vec<EventId>,
        /// All of them
        #[arg(long, conflicts_with = "events")]
        all: bool,
    },
    /// Print events as lines of JSON, all there are
    Export {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        filter: Filter,
    },
}

/// Where the journal is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The journal: sqlite:FILE or nats://SERVER,SERVER,SERVER
    #[arg(long, value_name = "URL", env = "RINGBACK_JOURNAL", hide_env_values = true)]
    journal: Location,
    /// The name under which a receiver remembers what it dispatched
    #[arg(long, value_name = "NAME", default_value = "events")]
    consumer: String,
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Of this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// Of this leg
    #[arg(long, value_name = "ID")]
    leg: Option<String>,
    /// From or to this number
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// Of this kind: a status, or input, record, notify, transfer, error, fallback
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Received at this time or later, such as 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Received before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

const EVENTS: &[Column] = &[
    ("POSITION", &["/position"]),
    ("RECEIVED", &["/received"]),
    ("KIND", &["/kind"]),
    ("FROM", &["/from"]),
    ("TO", &["/to"]),
    ("LEG", &["/leg"]),
    ("CONVERSATION", &["/conversation"]),
    ("VERIFIED", &["/verification"]),
];

const DEAD: &[Column] = &[
    ("POSITION", &["/position"]),
    ("RECEIVED", &["/received"]),
    ("KIND", &["/kind"]),
    ("LEG", &["/leg"]),
    ("ATTEMPTS", &["/given_up/attempts"]),
    ("GIVEN UP", &["/given_up/since"]),
    ("REASON", &["/given_up/reason"]),
];

/// How many entries are read at a time.
const PAGE: usize = 1_000;
/// How often `tail` looks for more.
const LOOK: Duration = Duration::from_millis(250);

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { place, filter, dead: true, limit } => {
                let journal = place.open().await?;
                let filter = EventFilter::from(filter);
                let mut rows = Vec::new();
                each_dead(&*journal, &place.consumer, |dead| {
                    if rows.len() < limit && filter.matches(&dead.recorded) {
                        rows.push(serde_json::to_string(&KeptEvent::of_dead(dead))?);
                    }
                    Ok(rows.len() < limit)
                })
                .await?;
                context.output.list(&rows, DEAD)?;
            }
            Command::List { place, filter, limit, .. } => {
                let journal = place.open().await?;
                let filter = EventFilter::from(filter);
                let mut rows = Vec::new();
                each(&*journal, Position(0), |recorded| {
                    if rows.len() < limit && filter.matches(recorded) {
                        rows.push(serde_json::to_string(&KeptEvent::of(recorded))?);
                    }
                    Ok(rows.len() < limit)
                })
                .await?;
                if rows.len() == limit && context.output.format == Format::Table {
                    note(&format!("the first {limit}; there may be more, see --limit"))?;
                }
                context.output.list(&rows, EVENTS)?;
            }
            Command::Show { place, event } => {
                let journal = place.open().await?;
                context.output.value(&show(&*journal, &place.consumer, event).await?)?;
            }
            Command::Tail { place, filter, last } => {
                let journal = place.open().await?;
                tail(&*journal, &filter.into(), last, context).await?;
            }
            Command::Redrive { place, events, all } => {
                let journal = place.open().await?;
                let count = redrive(&*journal, &place.consumer, &events, all).await?;
                note(&format!("{count} dispatched again"))?;
            }
            Command::Export { place, filter } => {
                let journal = place.open().await?;
                let filter = EventFilter::from(filter);
                each(&*journal, Position(0), |recorded| {
                    if filter.matches(recorded) {
                        print(&line(&KeptEvent::of(recorded))?)?;
                    }
                    Ok(true)
                })
                .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

impl Place {
    async fn open(&self) -> anyhow::Result<Arc<dyn Journal>> {
        journal::attach(&self.journal).await
    }
}

impl From<Filter> for EventFilter {
    fn from(filter: Filter) -> Self {
        let millis = |time: Timestamp| u64::try_from(time.as_millis()).unwrap_or(0);
        let mut wanted = Self::new();
        (wanted.conversation, wanted.leg) = (filter.conversation, filter.leg);
        (wanted.number, wanted.kind) = (filter.number, filter.kind);
        (wanted.since, wanted.until) = (filter.since.map(millis), filter.until.map(millis));
        wanted
    }
}

/// Each entry after a position, until told that it is enough; says where it stopped.
async fn each(
    journal: &dyn Journal,
    mut after: Position,
    mut with: impl FnMut(&Recorded) -> anyhow::Result<bool>,
) -> anyhow::Result<Position> {
    loop {
        let page = journal.read(after, PAGE).await.map_err(journal::complaint)?;
        let Some(last) = page.last() else { return Ok(after) };
        after = last.position;
        for recorded in &page {
            if !with(recorded)? {
                return Ok(after);
            }
        }
    }
}

async fn each_dead(
    journal: &dyn Journal,
    consumer: &str,
    mut with: impl FnMut(&Dead) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let mut after = Position(0);
    loop {
        let page = journal.dead(consumer, after, PAGE).await.map_err(journal::complaint)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.recorded.position;
        for dead in &page {
            if !with(dead)? {
                return Ok(());
            }
        }
    }
}

/// The event, with why it was given up if it was.
async fn show(journal: &dyn Journal, consumer: &str, id: EventId) -> anyhow::Result<KeptEvent> {
    let mut found = None;
    each_dead(journal, consumer, |dead| {
        found = id.names(&dead.recorded).then(|| KeptEvent::of_dead(dead));
        Ok(found.is_none())
    })
    .await?;
    // A position says where to look.
    let before = match id {
        EventId::Position(position) => Position(position.0.saturating_sub(1)),
        _ => Position(0),
    };
    if found.is_none() {
        each(journal, before, |recorded| {
            found = id.names(recorded).then(|| KeptEvent::of(recorded));
            Ok(found.is_none() && !matches!(id, EventId::Position(_)))
        })
        .await?;
    }
    found.ok_or_else(|| {
        Complaint::failure("there is no such event in the journal")
            .fix("see `ringback journal list`; events are forgotten 72 h after they came")
            .into()
    })
}

async fn tail(
    journal: &dyn Journal,
    filter: &EventFilter,
    last: u64,
    context: &Context,
) -> anyhow::Result<()> {
    let state = journal.state().await.map_err(journal::complaint)?;
    let mut after = Position(state.last.0.saturating_sub(last));
    let mut stop = Box::pin(signals::stop());
    loop {
        after = each(journal, after, |recorded| {
            if filter.matches(recorded) {
                let event = KeptEvent::of(recorded);
                match context.output.format {
                    Format::Table => print(&short(&event))?,
                    _ => print(&line(&event)?)?,
                }
            }
            Ok(true)
        })
        .await?;
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn redrive(
    journal: &dyn Journal,
    consumer: &str,
    events: &[EventId],
    all: bool,
) -> anyhow::Result<u64> {
    let mut positions = Vec::new();
    let mut missing = events.to_vec();
    each_dead(journal, consumer, |dead| {
        if all || events.iter().any(|id| id.names(&dead.recorded)) {
            positions.push(dead.recorded.position);
        }
        missing.retain(|id| !id.names(&dead.recorded));
        Ok(true)
    })
    .await?;
    if let Some(id) = missing.first() {
        return Err(Complaint::failure(format!("event {id} was not given up"))
            .fix("`ringback journal list --dead` lists those that were")
            .into());
    }
    journal
        .redrive(consumer, positions)
        .await
        .map_err(journal::complaint)
        .context("nothing changed")
}

fn line(event: &KeptEvent) -> anyhow::Result<String> {
    Ok(serde_json::to_string(event)? + "\n")
}

fn short(event: &KeptEvent) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let received = event.received;
    format!(
        "{:>8}  {received}  {:<10}  {} -> {}  leg {}  {}\n",
        event.position,
        event.kind,
        text(&event.from),
        text(&event.to),
        text(&event.leg),
        text(&event.conversation),
    )
}
