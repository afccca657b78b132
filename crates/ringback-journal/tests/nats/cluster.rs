//! What only a cluster can get wrong.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ringback_journal::{Appended, Consumer, Entry, Handed, Journal, Nats, Position};

use crate::{
    servers::{self, Servers, say},
    suite::{all, append, entries, entry, soon, take},
};

/// A cluster has to serve again so soon after it lost a server.
const RESUMES: Duration = Duration::from_secs(10);

async fn open(servers: &Servers) -> Arc<Nats> {
    Arc::new(Nats::connect(&servers.addresses(), servers.settings()).await.unwrap())
}

/// A number that the long form of a test sets.
fn setting(name: &str, short: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test asks how long it is to be")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_servers_are_killed() {
    if servers::missing() {
        return;
    }
    let rounds = setting("RINGBACK_SOAK_ROUNDS", 2);
    let events = setting("RINGBACK_SOAK_EVENTS", 10_000);
    let mut servers = Servers::start(3).await;
    let journal = open(&servers).await;
    let load = Load::start(&journal, 64);
    let settled = Settled::default();
    let consumer: Arc<dyn Consumer> = journal.consumer("handler").await.unwrap().into();
    let worker = tokio::spawn(settle(consumer, settled.clone()));
    for round in 0..rounds {
        load.reach(events * round / rounds + events / rounds / 2).await;
        // The one that hurts most; another the next time.
        let victim = servers.leader().await;
        let killed = Instant::now();
        servers.kill(victim);
        let resumed = load.resumed(killed).await;
        say(&format!("round {round}: server {victim} killed, appends go on after {resumed:.1?}"));
        assert!(resumed < RESUMES, "{resumed:?}");
        servers.run(victim);
        healed(&servers).await;
    }
    load.reach(events).await;
    let (acknowledged, refused) = load.stop().await;
    let kept: BTreeSet<_> = all(&*journal, 1000).await.iter().map(|r| r.entry.key).collect();
    let lost = acknowledged.iter().filter(|number| !kept.contains(&entry(**number).key)).count();
    say(&format!(
        "{rounds} servers killed: {} acknowledged, {refused} refused, {lost} lost",
        acknowledged.len()
    ));
    assert_eq!(lost, 0);
    // Whatever was answered to the handler meanwhile, it has done each of them, and none twice.
    let end = Instant::now() + Duration::from_secs(60 + events / 500);
    while settled.lock().unwrap().len() < kept.len() {
        let so_far = settled.lock().unwrap().len();
        assert!(Instant::now() < end, "{so_far} of {} settled", kept.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!worker.is_finished());
    worker.abort();
}

/// Positions that were done.
type Settled = Arc<Mutex<BTreeSet<Position>>>;

/// Settles what it is handed, and gives back what cannot be said.
async fn settle(consumer: Arc<dyn Consumer>, settled: Settled) {
    while let Ok(handed) = consumer.next(512).await {
        let positions: Vec<_> = handed.iter().map(|handed| handed.recorded.position).collect();
        for position in &positions {
            assert!(!settled.lock().unwrap().contains(position), "{position} comes again");
        }
        let done = match consumer.begin(positions.clone()).await {
            Ok(()) => consumer.done(positions.clone()).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => settled.lock().unwrap().extend(positions),
            Err(error) => {
                say(&format!("a handler is told: {error}"));
                drop(consumer.release(positions).await);
            }
        }
    }
}

/// Waits until all three have everything.
async fn healed(servers: &Servers) {
    let end = Instant::now() + Duration::from_secs(60);
    while !servers.all_current().await {
        assert!(Instant::now() < end, "the servers do not come together again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Writers that append one entry after the other, and try again what is refused.
struct Load {
    next: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<Vec<(u64, Instant)>>>,
    refused: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    fn start(journal: &Arc<Nats>, writers: usize) -> Self {
        let mut load = Self {
            next: Arc::default(),
            acknowledged: Arc::default(),
            refused: Arc::default(),
            stop: Arc::default(),
            tasks: Vec::new(),
        };
        for _ in 0..writers {
            let (journal, next, stop) = (journal.clone(), load.next.clone(), load.stop.clone());
            let (acknowledged, refused) = (load.acknowledged.clone(), load.refused.clone());
            load.tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    while !stop.load(Ordering::SeqCst) {
                        match journal.append(entries([number])).await {
                            Ok(_) => {
                                acknowledged.lock().unwrap().push((number, Instant::now()));
                                break;
                            }
                            Err(_) => {
                                refused.fetch_add(1, Ordering::SeqCst);
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                        }
                    }
                }
            }));
        }
        load
    }

    async fn reach(&self, count: u64) {
        while (self.acknowledged.lock().unwrap().len() as u64) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The longest time after this without an acknowledgement, once they flow again.
    async fn resumed(&self, killed: Instant) -> Duration {
        // What was on its way may still be acknowledged: it flows when it has for a second.
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let after: Vec<_> = {
                let acknowledged = self.acknowledged.lock().unwrap();
                let late = acknowledged.iter().rev().take_while(|(_, at)| *at > killed);
                late.map(|(_, at)| at.duration_since(killed)).collect()
            };
            let (Some(last), Some(first)) = (after.first(), after.last()) else { continue };
            let flowing = *last > RESUMES || killed.elapsed() > Duration::from_secs(3);
            let gap = |pair: &[Duration]| pair[0].saturating_sub(pair[1]);
            let gap = after.windows(2).map(gap).max().unwrap_or_default().max(*first);
            if flowing && killed.elapsed().saturating_sub(*last) < Duration::from_millis(500) {
                return gap;
            }
        }
    }

    async fn stop(self) -> (Vec<u64>, u64) {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        let acknowledged = self.acknowledged.lock().unwrap();
        let numbers = acknowledged.iter().map(|(number, _)| *number).collect();
        (numbers, self.refused.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_copies_on_two_receivers_are_one_entry() {
    if servers::missing() {
        return;
    }
    let servers = Servers::start(3).await;
    let receivers = [open(&servers).await, open(&servers).await];
    let copies = (0..1000).map(|nth| {
        let journal = receivers[nth % 2].clone();
        tokio::spawn(async move { soon(journal.append(entries([7]))).await.unwrap() })
    });
    let mut new = 0;
    for copy in copies.collect::<Vec<_>>() {
        new += usize::from(matches!(copy.await.unwrap()[..], [Appended::New(_)]));
    }
    assert_eq!((new, all(&*receivers[0], 10).await.len()), (1, 1));
    a_forgotten_key_is_new_when_its_window_is_over(&servers).await;
}

async fn a_forgotten_key_is_new_when_its_window_is_over(servers: &Servers) {
    let settings = servers.settings().stream("SHORT").window(Duration::from_secs(1));
    let journal = Nats::connect(&servers.addresses(), settings).await.unwrap();
    append(&journal, [1]).await;
    assert_eq!(soon(journal.expire(u64::MAX)).await.unwrap(), 1);
    let end = Instant::now() + Duration::from_secs(20);
    while soon(journal.append(entries([1]))).await.unwrap() == [Appended::Known] {
        assert!(Instant::now() < end, "the key is never forgotten");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What holders were handed, in the order in which they were.
type Seen = Arc<Mutex<Vec<(usize, Handed)>>>;

fn work(nth: usize, consumer: Arc<dyn Consumer>, seen: Seen) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        while let Ok(handed) = consumer.next(16).await {
            let positions: Vec<Position> =
                handed.iter().map(|handed| handed.recorded.position).collect();
            if consumer.begin(positions.clone()).await.is_err() {
                continue;
            }
            seen.lock().unwrap().extend(handed.into_iter().map(|handed| (nth, handed)));
            if consumer.done(positions).await.is_err() {
                continue;
            }
        }
    })
}

fn lanes(numbers: std::ops::Range<u64>) -> Vec<Entry> {
    let lane = |mut entry: Entry, number: u64| {
        entry.lane = format!("CON-{}", number % 40).into();
        entry
    };
    numbers.map(|number| lane(entry(number), number)).collect()
}

async fn until(seen: &Seen, count: usize) {
    let end = Instant::now() + Duration::from_secs(30);
    while seen.lock().unwrap().len() < count {
        let so_far = seen.lock().unwrap().len();
        assert!(Instant::now() < end, "{so_far} of {count}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Each entry once, each lane in order.
fn whole(seen: &[(usize, Handed)], count: usize) {
    let mut lanes: HashMap<&str, u64> = HashMap::new();
    for (_, handed) in seen {
        assert_eq!(handed.attempts, 0);
        let last = lanes.entry(&handed.recorded.entry.lane).or_default();
        assert!(handed.recorded.position.0 > *last, "{:?}", handed.recorded.entry.lane);
        *last = handed.recorded.position.0;
    }
    assert_eq!(seen.len(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_holders_share_lanes_and_a_rolling_restart_is_quick() {
    if servers::missing() {
        return;
    }
    let servers = Servers::start(3).await;
    let seen = Seen::default();
    let journals = [open(&servers).await, open(&servers).await];
    let first: Arc<dyn Consumer> = journals[0].consumer("handler").await.unwrap().into();
    let second: Arc<dyn Consumer> = journals[1].consumer("handler").await.unwrap().into();
    let worker = work(0, first, seen.clone());
    drop(work(1, second, seen.clone()));
    for from in (0..2000).step_by(100) {
        soon(journals[0].append(lanes(from..from + 100))).await.unwrap();
    }
    until(&seen, 2000).await;
    whole(&seen.lock().unwrap(), 2000);
    // Shares are found within a few beats.
    let shared = |seen: &Seen| {
        let mut by: BTreeMap<usize, usize> = BTreeMap::new();
        for (nth, _) in seen.lock().unwrap().iter() {
            *by.entry(*nth).or_default() += 1;
        }
        by
    };
    say(&format!("shares: {:?}", shared(&seen)));
    let end = Instant::now() + Duration::from_secs(20);
    let mut count = 2000;
    while shared(&seen).len() < 2 {
        assert!(Instant::now() < end, "one of them is handed nothing");
        soon(journals[0].append(lanes(count..count + 100))).await.unwrap();
        count += 100;
        until(&seen, count as usize).await;
    }
    // One goes: the other has everything soon, and nothing twice.
    worker.abort();
    drop(worker.await);
    let begin = Instant::now();
    soon(journals[1].append(lanes(count..count + 200))).await.unwrap();
    count += 200;
    until(&seen, count as usize).await;
    let took = begin.elapsed();
    say(&format!("all was handed out {took:.1?} after one of two holders left"));
    whole(&seen.lock().unwrap(), count as usize);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_holder_that_is_killed_is_followed_with_its_attempts() {
    if servers::missing() {
        return;
    }
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let (own, other) = (runtime(), runtime());
    let servers = own.block_on(Servers::start(3));
    let given = other.block_on(async {
        let journal = open(&servers).await;
        let given = append(&*journal, 1..=4).await;
        let holder = journal.consumer("handler").await.unwrap();
        take(&*holder, 4).await;
        holder.begin(vec![given[0], given[1]]).await.unwrap();
        holder.done(vec![given[1]]).await.unwrap();
        // Nothing of it ends in an orderly way.
        Box::leak(Box::new((journal, holder)));
        given
    });
    other.shutdown_background();
    let killed = Instant::now();
    own.block_on(async {
        let journal = open(&servers).await;
        let holder = journal.consumer("handler").await.unwrap();
        let mut handed: Vec<_> = take(&*holder, 3)
            .await
            .into_iter()
            .map(|handed| (handed.recorded.position, handed.attempts))
            .collect();
        handed.sort();
        say(&format!("what a killed holder had came again after {:.1?}", killed.elapsed()));
        assert_eq!(handed, [(given[0], 1), (given[2], 0), (given[3], 0)]);
    });
    assert!(killed.elapsed() < Duration::from_secs(10));
}
