//! Entries that three NATS servers acknowledge, against the bare client on the same servers.

#[path = "../../../crates/ringback-journal/tests/nats/servers.rs"]
#[expect(dead_code, clippy::panic, reason = "the tests need more of it, and may panic")]
mod servers;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use async_nats::jetstream::{
    Context,
    stream::{Config, StorageType},
};
use futures_util::future::join_all;
use ringback_journal::{Entry, Journal as _, Key, Nats};
use ringback_tests::measure::{Goal, Line, Pair, median};
use servers::Servers;

/// How many entries are on their way at once.
const IN_FLIGHT: u64 = 512;
/// How many a turn appends.
const TURN: u64 = 20_000;

/// Appends that are acknowledged, for each second.
pub(crate) fn appends() {
    let line = Line {
        name: "jetstream-appends",
        what: "journal on three NATS servers that sync, acknowledged appends a second, 512 in flight",
        against: "bare async-nats, publish with acknowledgement, same servers and replicas",
        goal: Goal::AtLeast(0.85),
    };
    if servers::program().is_none() {
        return line.print_left_out("RINGBACK_NATS_SERVER names no nats-server");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let servers = runtime.block_on(Servers::start(3));
    let journal = runtime
        .block_on(async { Nats::connect(&servers.addresses(), servers.settings()).await.unwrap() });
    let bare = runtime.block_on(bare(&servers));
    let next = AtomicU64::new(0);
    let ours = || runtime.block_on(append(&journal, &next));
    let theirs = || runtime.block_on(publish(&bare));
    // Once each, so that both have leaders and files.
    let _warm: (f64, f64) = (ours(), theirs());
    let pair = Pair::of(7, ours, theirs);
    let each_second = |seconds: &[f64]| 1.0 / median(seconds.to_vec());
    ringback_tests::measure::print(&format!(
        "{:.0} acknowledged appends a second here, {:.0} of the bare client",
        each_second(&pair.ours),
        each_second(&pair.theirs),
    ));
    line.print(pair.speed(), "x", &pair);
}

/// Seconds for each append.
async fn append(journal: &Nats, next: &AtomicU64) -> f64 {
    let begin = Instant::now();
    let writer = async || {
        for _ in 0..TURN / IN_FLIGHT {
            let number = next.fetch_add(1, Ordering::Relaxed);
            journal.append(vec![entry(number)]).await.unwrap();
        }
    };
    join_all((0..IN_FLIGHT).map(|_| writer())).await;
    each(begin)
}

/// Seconds for each publish.
async fn publish(context: &Context) -> f64 {
    let begin = Instant::now();
    let writer = async |nth: u64| {
        for _ in 0..TURN / IN_FLIGHT {
            let sent = context.publish(format!("bare.{nth}"), body(nth).into()).await.unwrap();
            sent.await.unwrap();
        }
    };
    join_all((0..IN_FLIGHT).map(writer)).await;
    each(begin)
}

fn each(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64() / (TURN / IN_FLIGHT * IN_FLIGHT) as f64
}

async fn bare(servers: &Servers) -> Context {
    let context = servers.bare().await.unwrap();
    let config = Config {
        name: "BARE".to_owned(),
        subjects: vec!["bare.*".to_owned()],
        storage: StorageType::File,
        num_replicas: 3,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    context
}

fn entry(number: u64) -> Entry {
    let mut key = [0; 16];
    key[8..].copy_from_slice(&number.to_be_bytes());
    Entry {
        key: Key(key),
        lane: format!("CON-{:08}", number % IN_FLIGHT).into(),
        received: 1_795_348_800_000 + number,
        about: r#"{"kind":"answered"}"#.into(),
        body: body(number).into(),
    }
}

/// An event as the platform sends it, in size.
fn body(number: u64) -> String {
    format!(
        r#"{{"from":"447700000001","to":"447700000002","uuid":"{number:032x}","conversation_uuid":"CON-bc643220-2542-499a-892e-c982c4150c06","status":"answered","direction":"inbound","timestamp":"2026-11-22T12:00:00.000Z","network":null}}"#
    )
}
