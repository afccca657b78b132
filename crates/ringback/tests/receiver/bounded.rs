//! Far more than the application can take: it waits on disk, then it is refused, and memory stays as it is.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    application::Application,
    process::Receiver,
    sender::{LIFE, Sender},
    setting,
};

/// What the application needs for an event; it is told of 64 at once.
const SLOW: Duration = Duration::from_millis(500);
/// So many events a second it takes.
const RATE: usize = 128;
/// How many may wait.
const BACKLOG: &str = "400";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_waits_on_disk_and_is_refused_beyond() {
    let seconds = setting("RINGBACK_SOAK_SECONDS", 6);
    let folder = tempfile::tempdir().unwrap();
    let journal = format!("sqlite:{}", folder.path().join("events.db").display());
    let application = Application::slow(SLOW).await;
    let receiver =
        Receiver::start(&journal, application.address, &["--max-backlog", BACKLOG]).await;
    let sender = Sender::default();
    let mut memory = Vec::new();
    let flood = sender.run(receiver.address, usize::MAX / 2);
    let watch = async {
        let end = Instant::now() + Duration::from_secs(seconds as u64);
        while Instant::now() < end {
            sleep(Duration::from_millis(250)).await;
            memory.push(receiver.memory());
        }
    };
    tokio::select! {
        () = flood => panic!("the receiver cut its connections"),
        () = watch => {}
    }
    let (taken, refused) = (sender.count(), sender.refused());
    // Once it is full, memory does not grow with what is still sent.
    let (early, late) = memory.split_at(memory.len() / 2);
    let (early, late) = (early.iter().max().unwrap(), late.iter().max().unwrap());
    println!(
        "{taken} taken, {refused} refused with 503 in {seconds} s; {early} KiB, later {late} KiB at most"
    );
    assert!(refused > 0, "nothing was refused");
    assert!(*late < early + early / 4 + 8 * 1024, "memory grew from {early} to {late} KiB");
    // Within seconds new events are taken again, and all that was acknowledged is dispatched.
    let begin = Instant::now();
    timeout(Duration::from_secs(5), sender.insist(&[receiver.address], "after", LIFE[0]))
        .await
        .expect("an event is taken within 5 s after the flood");
    println!("taken again after {} ms", begin.elapsed().as_millis());
    // By then it is at full speed: as many as the application takes in a second may come at once.
    sleep_until(begin + Duration::from_secs(5)).await;
    let before = sender.refused();
    sender.run(receiver.address, RATE).await;
    assert_eq!(sender.refused(), before, "5 s after the flood events are still refused");
    let acknowledged = sender.acknowledged();
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        let handed = application.by_event();
        if acknowledged.iter().all(|event| handed.contains_key(event)) {
            assert!(handed.values().all(|handed| handed.len() == 1), "an event came twice");
            break;
        }
        assert!(Instant::now() < patience, "acknowledged events are not dispatched");
        sleep(Duration::from_millis(200)).await;
    }
    assert!(receiver.stop().await);
}
