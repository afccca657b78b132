//! Two receivers on one cluster: events once between them, whichever of them stops, dies or starts.

use std::{
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    application::Application,
    process::Receiver,
    sender::{LIFE, Sender},
    servers::{self, Servers},
    setting,
};

/// Three servers, an application, and two receivers between them.
struct Site {
    servers: Servers,
    application: Application,
    receivers: Vec<Option<Receiver>>,
    addresses: Vec<SocketAddr>,
}

impl Site {
    async fn start() -> Self {
        let servers = Servers::start(3).await;
        let application = Application::start().await;
        // A receiver that starts again listens where it did before.
        let held: Vec<_> = (0..2).map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
        let addresses = held.iter().map(|held| held.local_addr().unwrap()).collect();
        drop(held);
        let mut site = Self { servers, application, receivers: vec![None, None], addresses };
        for nth in 0..2 {
            site.run(nth).await;
        }
        site
    }

    async fn run(&mut self, nth: usize) {
        let listen = self.addresses[nth].to_string();
        let mut more = vec!["--listen".to_owned(), listen];
        for monitor in self.servers.monitors() {
            more.extend(["--journal-monitor".to_owned(), monitor]);
        }
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let journal = self.servers.addresses();
        let receiver = Receiver::start(&journal, self.application.address, &more).await;
        self.receivers[nth] = Some(receiver);
    }

    async fn stop(&mut self, nth: usize) {
        assert!(self.receivers[nth].take().unwrap().stop().await, "receiver {nth} stops well");
    }

    async fn kill(&mut self, nth: usize) {
        self.receivers[nth].take().unwrap().kill().await;
    }

    /// Whole legs, a few at a time, each event until it is acknowledged by one or the other.
    fn load(&self, sender: &Sender, prefix: &'static str, legs: usize) -> JoinSet<()> {
        let mut load = JoinSet::new();
        for lane in 0..16 {
            let (sender, addresses) = (sender.clone(), self.addresses.clone());
            load.spawn(async move {
                for leg in (lane..legs).step_by(16) {
                    for status in LIFE {
                        sender.insist(&addresses, &format!("{prefix}{leg}"), status).await;
                    }
                }
            });
        }
        load
    }

    /// Waits until everything that was acknowledged was dispatched, and a little longer.
    async fn all_dispatched(&self, sender: &Sender) {
        let acknowledged = sender.acknowledged();
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let handed = self.application.by_event();
            let missing = acknowledged.iter().filter(|event| !handed.contains_key(*event)).count();
            if missing == 0 {
                break;
            }
            assert!(Instant::now() < patience, "{missing} of {} are lost", acknowledged.len());
            sleep(Duration::from_millis(100)).await;
        }
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_for_two_receivers_are_one_event() {
    if servers::missing() {
        return;
    }
    let site = Site::start().await;
    let sender = Sender::default();
    let mut copies = JoinSet::new();
    for copy in 0..1_000 {
        let (sender, mut addresses) = (sender.clone(), site.addresses.clone());
        addresses.rotate_left(copy % 2);
        copies.spawn(async move { sender.insist(&addresses, "a", LIFE[0]).await });
    }
    copies.join_all().await;
    site.all_dispatched(&sender).await;
    let handed = site.application.handed();
    assert_eq!(handed.len(), 1, "{handed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_nothing_and_repeats_nothing() {
    if servers::missing() {
        return;
    }
    let mut site = Site::start().await;
    let sender = Sender::default();
    let legs = setting("RINGBACK_SOAK_EVENTS", 1_200) / LIFE.len();
    let mut load = site.load(&sender, "leg", legs);
    for _ in 0..setting("RINGBACK_SOAK_ROUNDS", 1) {
        for nth in 0..2 {
            sleep(Duration::from_millis(500)).await;
            site.stop(nth).await;
            sleep(Duration::from_millis(200)).await;
            site.run(nth).await;
        }
    }
    while load.join_next().await.is_some() {}
    site.all_dispatched(&sender).await;
    let by_event = site.application.by_event();
    servers::say(&format!("{} acknowledged over rolling restarts", sender.count()));
    assert_eq!(by_event.len(), legs * LIFE.len());
    for (event, handed) in by_event {
        assert_eq!(handed.len(), 1, "{event}: {handed:?}");
        assert_eq!((handed[0].attempt, handed[0].late), (1, false), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_receiver_leaves_is_taken_over() {
    if servers::missing() {
        return;
    }
    let mut site = Site::start().await;
    let sender = Sender::default();
    let legs = 200;
    let mut load = site.load(&sender, "leg", legs);
    sleep(Duration::from_secs(1)).await;
    site.kill(0).await;
    while load.join_next().await.is_some() {}
    site.all_dispatched(&sender).await;
    let mut again = 0;
    for (event, handed) in site.application.by_event() {
        // Only what the kill interrupted comes again, as the next attempt of the same delivery.
        let attempts: Vec<_> = handed.iter().map(|handed| handed.attempt).collect();
        assert!(attempts.windows(2).all(|pair| pair[0] < pair[1]), "{event}: {handed:?}");
        assert!(handed.iter().all(|other| other.delivery == handed[0].delivery), "{handed:?}");
        again += attempts.len() - 1;
    }
    servers::say(&format!(
        "{} acknowledged, {again} interrupted and dispatched again",
        sender.count()
    ));
    assert!(again <= 64, "{again} dispatched again");
}
