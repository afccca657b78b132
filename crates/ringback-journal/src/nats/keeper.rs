//! Keeps a holder alive to the others, and shares the partitions among all.
//!
//! Each holder writes a word of its own every fifth of the lease.
//! One whose word has not changed for the length of the lease, by the watch of who looks, is gone, and
//! its partitions are free.
//! No clocks are compared, and one that was wrongly taken to be gone can write nothing more.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
};

use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{
    cluster::{Cluster, partitions},
    desk::Stopping,
    holder::Post,
    lane::{self, PARTITIONS},
    news::News,
    partition, reader,
    record::Record,
};
use crate::Error;

/// What a keeper knows of the others.
#[derive(Debug, Default)]
struct View {
    /// The last word of each, and since when it has not changed.
    words: HashMap<String, (u64, Instant)>,
    beats: u64,
}

/// Joins the others, takes what is free, and goes on with that.
pub(super) async fn start(post: &Arc<Post>) -> Result<Vec<Stopping>, Error> {
    let cluster = &post.cluster;
    cluster.put(&format!("{}.known", post.name), None, "{}").await?;
    let hear = tokio::spawn(hear(Arc::downgrade(post)));
    let mut tasks = vec![Stopping(hear)];
    let mut view = View::default();
    beat(post, &mut view).await?;
    tasks.push(Stopping(tokio::spawn(keep(Arc::downgrade(post), view))));
    Ok(tasks)
}

/// Gives everything up, so that the others need not wait for the end of the lease.
pub(super) async fn leave(post: &Post) {
    let parts = post.desk().parts();
    let each = parts.keys().map(|part| partition::give_up(post, *part));
    for gone in futures_util::future::join_all(each).await {
        if let Err(error) = gone {
            tracing::warn!(%error, "a partition is not given up; it is free after the lease");
        }
    }
    let word = format!("{}.member.{}", post.name, post.id);
    if let Err(error) = post.cluster.remove(&word).await {
        tracing::debug!(%error, "the last word of a holder stays");
    }
    tell_free(post).await;
}

async fn tell_free(post: &Post) {
    let subject = post.cluster.told(&format!("free.{}", post.name));
    // Who misses it looks by itself a little later.
    drop(post.cluster.client.publish(subject, "".into()).await);
    drop(post.cluster.client.flush().await);
}

/// Hears what those who append and the others tell.
async fn hear(post: Weak<Post>) {
    let Some(cluster) = post.upgrade().map(|post| post.cluster.clone()) else { return };
    let subject = cluster.told(">");
    let Ok(mut heard) = cluster.client.subscribe(subject).await else { return };
    while let Some(message) = heard.next().await {
        let Some(post) = post.upgrade() else { return };
        let mut tokens = message.subject.rsplit('.');
        let (last, what) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
        match what {
            "entries" => post.heard_of(&News::read(&message.payload)),
            "free" | "again" if last == post.name => post.wake.notify_one(),
            _ => {}
        }
    }
}

/// Beats until the holder is gone.
async fn keep(post: Weak<Post>, mut view: View) {
    loop {
        let Some(strong) = post.upgrade() else { return };
        let pause = strong.cluster.settings.lease / 5;
        // An error here is that of a time that is over.
        drop(tokio::time::timeout(pause, strong.wake.notified()).await);
        if strong.closed.load(Ordering::SeqCst) {
            return;
        }
        if let Err(error) = beat(&strong, &mut view).await {
            tracing::debug!(%error, "a beat of a holder is tried again");
        }
    }
}

/// Says that this one is there, looks at the others, and takes or gives up what is due.
async fn beat(post: &Arc<Post>, view: &mut View) -> Result<(), Error> {
    let begin = Instant::now();
    let word = format!("{}.member.{}", post.name, post.id);
    post.cluster.put(&word, None, view.beats.to_string()).await?;
    *post.heard.lock().unwrap_or_else(PoisonError::into_inner) = begin;
    post.arrived.notify_waiters();
    let first = view.beats == 0;
    view.beats += 1;
    let members = post.cluster.glance(&format!("{}.member.*", post.name)).await?;
    view.look(members.iter().map(|kept| (Cluster::end(kept).to_owned(), kept.sequence)));
    let records = records(&post.cluster, &post.name, first).await?;
    drop_lost(post, &records);
    let live = view.live(post);
    share(post, view, &records, live, first).await?;
    partition::take_up(post).await
}

/// The records of all partitions, with their revisions.
pub(super) async fn records(
    cluster: &Cluster,
    name: &str,
    newest: bool,
) -> Result<BTreeMap<u8, (u64, Record)>, Error> {
    let keys = format!("{name}.part.*");
    let found = if newest { cluster.scan(&keys).await? } else { cluster.glance(&keys).await? };
    let read = |kept: &super::wire::Kept| {
        let record = Record::read(&kept.payload).unwrap_or_default();
        Some((Cluster::end(kept).parse().ok()?, (kept.sequence, record)))
    };
    Ok(found.iter().filter_map(read).collect())
}

/// What somebody else has taken is not ours.
fn drop_lost(post: &Post, records: &BTreeMap<u8, (u64, Record)>) {
    let mut desk = post.desk();
    for part in desk.parts().into_keys() {
        let Some((revision, record)) = records.get(&part) else { continue };
        let Some(saved) = desk.saved(part) else { continue };
        // While it is being written it is known to be ours, or will be known not to be.
        let Ok(saved) = saved.try_lock() else { continue };
        // A replica that is behind shows an older one.
        if *revision > saved.revision && record.holder != post.id {
            drop(saved);
            tracing::warn!(part, "another holder has this partition now");
            desk.remove(part);
        }
    }
}

/// Takes free partitions up to a fair share, and leaves what is more than that.
async fn share(
    post: &Arc<Post>,
    view: &View,
    records: &BTreeMap<u8, (u64, Record)>,
    live: usize,
    first: bool,
) -> Result<(), Error> {
    let fair = usize::from(PARTITIONS).div_ceil(live.max(1));
    let mine = post.desk().parts();
    let leaving = post.desk().leaving();
    let over = (mine.len() - leaving.min(mine.len())).saturating_sub(fair);
    if over > 0 {
        let mut by_hands: Vec<_> = mine.iter().map(|(part, hands)| (*hands, *part)).collect();
        by_hands.sort_unstable();
        let mut desk = post.desk();
        for (_, part) in by_hands.into_iter().take(over + leaving) {
            desk.leave(part);
        }
    }
    let left = post.desk().left();
    for part in &left {
        partition::give_up(post, *part).await?;
    }
    if !left.is_empty() {
        tell_free(post).await;
    }
    let want = fair.saturating_sub(mine.len());
    if want == 0 {
        return Ok(());
    }
    // Two that begin at once begin at different ends.
    let start = (lane::hash(&post.id) % u64::from(PARTITIONS)) as u8;
    let order = partitions().map(|nth| (nth + start) % PARTITIONS);
    let free: Vec<_> = order
        .filter(|part| !mine.contains_key(part))
        .filter(|part| match records.get(part) {
            None => true,
            // One of ours that is not at hand was not read in the end.
            Some((_, record)) => record.holder == post.id || view.is_gone(&record.holder, post),
        })
        .take(want)
        .collect();
    let claims = free.into_iter().map(|part| take(post, view, part, records.get(&part), first));
    futures_util::future::try_join_all(claims).await.map(drop)
}

/// Takes a partition, once its leader too says that it is free.
async fn take(
    post: &Arc<Post>,
    view: &View,
    part: u8,
    seen: Option<&(u64, Record)>,
    newest: bool,
) -> Result<(), Error> {
    if post.closed.load(Ordering::SeqCst) {
        return Ok(());
    }
    let (revision, record) = if newest {
        seen.cloned().unwrap_or_default()
    } else {
        match post.cluster.get(&partition::key(&post.name, part)).await? {
            Some((kept, _)) => (kept.sequence, Record::read(&kept.payload).unwrap_or_default()),
            None => Default::default(),
        }
    };
    if !record.holder.is_empty() && record.holder != post.id {
        let word = format!("{}.member.{}", post.name, record.holder);
        let last = post.cluster.get(&word).await?.map(|(kept, _)| kept.sequence);
        let known = view.words.get(&record.holder).map(|(revision, _)| *revision);
        if last.is_some() && last != known {
            return Ok(());
        }
    }
    let from = record.cursor + 1;
    if partition::claim(post, part, revision, record).await? {
        // What is there already is at hand before anything is handed out: oldest first.
        let from = reader::catch_up(post, part, from).await?;
        let task = tokio::spawn(reader::read(Arc::downgrade(post), part, from));
        post.desk().read_by(part, Stopping(task));
        post.arrived.notify_waiters();
    }
    Ok(())
}

impl View {
    fn look(&mut self, members: impl Iterator<Item = (String, u64)>) {
        let now = Instant::now();
        let mut words = HashMap::new();
        for (id, revision) in members {
            let since = match self.words.get(&id) {
                Some((known, since)) if *known == revision => *since,
                _ => now,
            };
            words.insert(id, (revision, since));
        }
        self.words = words;
    }

    fn is_gone(&self, holder: &str, post: &Post) -> bool {
        // Who has no word has left; that is asked again before anything is taken.
        holder != post.id
            && self
                .words
                .get(holder)
                .is_none_or(|(_, since)| since.elapsed() >= post.cluster.settings.lease)
    }

    /// How many share the work, this one too.
    fn live(&self, post: &Post) -> usize {
        let others = self.words.keys().filter(|id| **id != post.id);
        others.filter(|id| !self.is_gone(id, post)).count() + 1
    }
}
