//! The journal in a file: what it acknowledged is there after a power cut.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ringback_journal::{Journal, SqliteSettings};
use ringback_power_cut::{Dice, Disk, Image, Power};
use tokio::{task, time};

use crate::{
    left::{self, FILE, NOW},
    load::Load,
    record::Record,
    setting::{Figures, Setting, cut},
};

/// How many rounds a journal goes through before a new one is begun.
const LIVES: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_power_cut() {
    let setting = Setting::new(20, 10_000);
    let (figures, wrong) = run(setting, false).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(figures.lost, 0);
    assert!(figures.thrown > 0, "there was nothing to lose");
    assert!(figures.settled > 0 && figures.carried > 0, "{figures}");
    assert!(figures.cuts >= setting.cuts && figures.acknowledged >= setting.events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_syncs_losses_are_found() {
    let (figures, _) = run(Setting::new(20, 10_000), true).await;
    assert!(figures.lost > 0, "a harness that finds nothing shows nothing");
}

/// Cuts until that was often enough, or something is wrong.
async fn run(setting: Setting, unsynced: bool) -> (Figures, Vec<String>) {
    let name = if unsynced { "journal-unsynced" } else { "journal" };
    let dice = setting.dice(name);
    let power = Power::new(name).unwrap();
    let settings = SqliteSettings::new().vfs(power.name()).unsynced(unsynced);
    let (image, record, figures) = Default::default();
    let mut rounds = Rounds { power, settings, image, record, dice, figures };
    let mut wrong = Vec::new();
    for round in 0..setting.cuts {
        // Without syncs a damaged file is no surprise, and not what is looked for.
        if round % LIVES == 0 || !wrong.is_empty() {
            wrong.clear();
            (rounds.image, rounds.record) = Default::default();
        }
        let events = setting.share(round, rounds.figures.acknowledged, &mut rounds.dice);
        let (before, settled) = (rounds.record.acknowledged(), rounds.record.settled());
        // Now and then it fails already while the journal is opened.
        let early = rounds.dice.often(250).then(|| rounds.dice.below(80));
        for early in early.map(Some).into_iter().chain([None]) {
            rounds.live(events, early).await;
            let mut left = left::check(&rounds.image, &rounds.record).await;
            rounds.figures.lost += left.lost;
            wrong.append(&mut left.wrong);
            if rounds.figures.lost > 0 || !wrong.is_empty() {
                break;
            }
        }
        rounds.figures.acknowledged += rounds.record.acknowledged() - before;
        rounds.figures.settled += rounds.record.settled() - settled;
        if rounds.figures.lost > 0 || (!unsynced && !wrong.is_empty()) {
            wrong.insert(0, format!("in round {round} with RINGBACK_SEED={}", setting.seed));
            break;
        }
    }
    println!("{name}: {}", rounds.figures);
    (rounds.figures, wrong)
}

/// What every round uses.
#[derive(Debug)]
struct Rounds {
    power: Power,
    settings: SqliteSettings,
    image: Image,
    record: Arc<Record>,
    dice: Dice,
    figures: Figures,
}

impl Rounds {
    /// Opens what is left, uses it until so many more are acknowledged, and cuts the power.
    async fn live(&mut self, events: u64, early: Option<u64>) {
        let folder = tempfile::tempdir().unwrap();
        self.image.write(folder.path()).unwrap();
        let disk = Arc::new(Disk::new(folder.path(), self.dice.split()).unwrap());
        self.power.plug_in(&disk);
        if let Some(changes) = early {
            disk.cut_after(changes);
        }
        match self.settings.open(disk.folder().join(FILE), || NOW) {
            Ok(journal) => self.load(Arc::new(journal), &disk, events).await,
            Err(error) => assert!(disk.is_off(), "{error}"),
        }
        self.power.unplug(&disk);
        self.image = disk.cut();
        self.figures.cuts += 1;
        self.figures.thrown += self.image.thrown();
        self.figures.carried += disk.syncs(FILE);
    }

    async fn load(&mut self, journal: Arc<dyn Journal>, disk: &Arc<Disk>, events: u64) {
        let enough = self.record.acknowledged() + events;
        let load = Load {
            journal,
            record: Arc::clone(&self.record),
            disk: Arc::clone(disk),
            is_over: Arc::default(),
        };
        let mut tasks = load.start(&mut self.dice);
        while self.record.acknowledged() < enough && !disk.is_off() {
            time::sleep(Duration::from_micros(500)).await;
        }
        let closes = self.dice.often(250);
        if closes {
            load.is_over.store(true, Ordering::Release);
        } else {
            let (disk, mut dice) = (Arc::clone(disk), self.dice.split());
            task::spawn_blocking(move || cut(&disk, &mut dice)).await.unwrap();
        }
        // Also what is acknowledged after the cut has to be there.
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        if closes {
            // While it is closed the log is carried over: the power fails in the middle of that,
            // or when it is over.
            if self.dice.often(500) {
                let most = 1 << self.dice.below(13);
                disk.cut_after(self.dice.below(most));
            }
            let closed = load.journal.close().await;
            assert!(closed.is_ok() || disk.is_off(), "{closed:?}");
        }
    }
}
