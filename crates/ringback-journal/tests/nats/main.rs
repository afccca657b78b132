//! The suite of every backend over three servers, and what only a cluster can get wrong.
//!
//! `RINGBACK_NATS_SERVER` names the `nats-server` to start; without it nothing is tested here, and
//! `cargo xtask test` says so.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a cluster that does not start fails its test"
)]

mod cluster;
mod servers;
#[path = "../suite/mod.rs"]
#[macro_use]
mod suite;
mod wrong;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ringback_journal::{Journal, Nats, NatsSettings};
use servers::{Servers, say};
use suite::Store;

/// The servers of the suite, which has many streams.
static SHARED: Mutex<Option<Arc<Servers>>> = Mutex::new(None);

/// A stream of its own for each behaviour.
#[derive(Debug)]
struct Stream {
    servers: Arc<Servers>,
    settings: NatsSettings,
}

impl Store for Stream {
    const REMEMBERS: bool = true;

    async fn new() -> Self {
        static NTH: AtomicUsize = AtomicUsize::new(0);
        let servers = SHARED.lock().unwrap().clone().unwrap();
        let name = format!("SUITE_{}", NTH.fetch_add(1, Ordering::SeqCst));
        let settings = servers.settings().stream(&name);
        Self { servers, settings }
    }

    async fn open(&self) -> Arc<dyn Journal> {
        let settings = self.settings.clone();
        Arc::new(Nats::connect(&self.servers.addresses(), settings).await.unwrap())
    }
}

suite!(in_one Stream);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_behaviour_of_a_journal() {
    if servers::missing() {
        return;
    }
    // Taken out again whatever happens, so that the servers end.
    struct Held;
    impl Drop for Held {
        fn drop(&mut self) {
            drop(SHARED.lock().unwrap().take());
        }
    }
    *SHARED.lock().unwrap() = Some(Arc::new(Servers::start(3).await));
    let _held = Held;
    every_behaviour().await;
}
