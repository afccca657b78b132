//! Killed at random moments under load: nothing acknowledged is lost, nothing is dispatched twice without saying so.

use std::{collections::HashSet, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    application::Application,
    process::{Receiver, exported},
    sender::Sender,
    setting,
};

/// A little different each time, and the same in every run.
fn moment(round: usize) -> Duration {
    let drawn = (round as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    Duration::from_millis(100 + drawn % 700)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_every_kill() {
    let rounds = setting("RINGBACK_SOAK_ROUNDS", 5);
    let events = setting("RINGBACK_SOAK_EVENTS", 5_000);
    let folder = tempfile::tempdir().unwrap();
    let journal = format!("sqlite:{}", folder.path().join("events.db").display());
    let application = Application::start().await;
    let sender = Sender::default();
    let begin = Instant::now();
    let mut kills = 0;
    // As many rounds as are wanted, and more when they brought too few events.
    while kills < rounds || sender.count() < events {
        let receiver = Receiver::start(&journal, application.address, &[]).await;
        let load = sender.run(receiver.address, usize::MAX / 2);
        let killer = async {
            // Long runs need more events in a round than short ones.
            let share = events.saturating_sub(sender.count()) / rounds.saturating_sub(kills).max(1);
            let wanted = sender.count() + share;
            let latest = Instant::now() + Duration::from_secs(60);
            sleep(moment(kills)).await;
            while sender.count() < wanted && Instant::now() < latest {
                sleep(Duration::from_millis(5)).await;
            }
            receiver.kill().await;
        };
        tokio::join!(load, killer);
        kills += 1;
    }
    let acknowledged = sender.acknowledged();
    // The last one dispatches what is left, and stops well.
    let receiver = Receiver::start(&journal, application.address, &[]).await;
    let wanted = acknowledged.len();
    let latest = Instant::now() + Duration::from_secs(60 + wanted as u64 / 1_000);
    let missing = loop {
        let handed: HashSet<String> = application.by_event().into_keys().collect();
        let missing = acknowledged.difference(&handed).count();
        if missing == 0 || Instant::now() > latest {
            break missing;
        }
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(missing, 0, "acknowledged and never dispatched, of {wanted}");
    assert!(receiver.stop().await);

    let kept: Vec<String> = exported(&journal)
        .iter()
        .map(|line| format!("{} {}", line["leg"].as_str().unwrap(), line["kind"].as_str().unwrap()))
        .collect();
    let once: HashSet<&String> = kept.iter().collect();
    assert_eq!(once.len(), kept.len(), "an event is kept twice");
    let lost = acknowledged.iter().filter(|event| !once.contains(event)).count();

    let mut again = 0;
    for (event, handed) in application.by_event() {
        let attempts: Vec<u32> = handed.iter().map(|handed| handed.attempt).collect();
        // Only what a kill interrupted comes again, as the next attempt of the same delivery.
        assert!(attempts.windows(2).all(|pair| pair[0] < pair[1]), "{event}: {handed:?}");
        assert!(handed.iter().all(|other| other.delivery == handed[0].delivery), "{handed:?}");
        assert!(handed.iter().all(|handed| !handed.late), "{handed:?}");
        again += attempts.len() - 1;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{kills} kills, {wanted} acknowledged, {lost} lost, {} kept, {again} interrupted and dispatched again, \
         {} refused, {seconds:.0} s",
        kept.len(),
        sender.refused()
    );
    assert_eq!(lost, 0);
    // Each kill interrupts at most what was in a handler.
    assert!(again <= kills * 64, "{again} dispatched again");
}
