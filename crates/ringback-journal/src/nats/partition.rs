//! One partition of one consumer: taking it over, remembering what was done, giving it up.
//!
//! Its record is one value that only its holder writes: each write names the revision that it
//! replaces, so that one who was taken to be gone, and is not, can write nothing more.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::Instant;

use super::{
    cluster::Cluster,
    desk::{Change, Item, Saved},
    holder::Post,
    lane, range,
    record::{Grave, Record, gone},
    state::Put,
    wire,
};
use crate::Error;

/// A write is tried again while servers are electing a leader.
const PATIENCE: Duration = Duration::from_secs(9);
const PAUSE: Duration = Duration::from_millis(100);

/// The key of a partition's record.
pub(super) fn key(name: &str, part: u8) -> String {
    format!("{name}.part.{part}")
}

/// The key of an entry that was given up.
pub(super) fn grave(name: &str, part: u8, position: u64) -> String {
    format!("{name}.dead.{part}.{position}")
}

/// The key of an entry that is to be tried again.
pub(super) fn again(name: &str, part: u8, position: u64) -> String {
    format!("{name}.again.{part}.{position}")
}

/// Takes a partition over whose record has this revision; false when somebody else was faster.
pub(super) async fn claim(
    post: &Post,
    part: u8,
    revision: u64,
    before: Record,
) -> Result<bool, Error> {
    let record = Record { holder: post.id.clone(), ..before };
    let key = key(&post.name, part);
    let put = post.cluster.put(&key, Some(revision), record.bytes()).await;
    let revision = match put {
        Ok(Put::Kept(revision)) => revision,
        Ok(Put::Conflict) | Err(_) => match mine(post, &key).await? {
            Some(revision) => revision,
            None => return Ok(false),
        },
    };
    let open = open(&post.cluster, &post.name, part, &record).await?;
    post.desk().add(part, revision, record.cursor, open);
    Ok(true)
}

/// The revision of a record that this holder wrote.
async fn mine(post: &Post, key: &str) -> Result<Option<u64>, Error> {
    let Some((kept, _)) = post.cluster.get(key).await? else { return Ok(None) };
    let record = Record::read(&kept.payload).unwrap_or_default();
    Ok((record.holder == post.id).then_some(kept.sequence))
}

/// The entries that a record calls open.
async fn open(
    cluster: &Cluster,
    name: &str,
    part: u8,
    record: &Record,
) -> Result<Vec<Item>, Error> {
    if record.open.is_empty() {
        return Ok(Vec::new());
    }
    // One that has a grave was given up, and its holder died before it could say so here.
    let dead = cluster.scan(&format!("{name}.dead.{part}.*")).await?;
    let dead: BTreeSet<u64> =
        dead.iter().filter_map(|kept| Cluster::end(kept).parse().ok()).collect();
    let mut items = Vec::new();
    for some in record.open.chunks(32) {
        let each = some.iter().filter(|(position, _)| !dead.contains(position));
        let each = each.map(|(position, attempts)| item(cluster, *position, *attempts));
        let found = futures_util::future::try_join_all(each).await?;
        items.extend(found.into_iter().flatten());
    }
    Ok(items)
}

/// An entry that is not settled; none when it has expired.
async fn item(cluster: &Cluster, position: u64, attempts: u32) -> Result<Option<Item>, Error> {
    let kept = range::at(&cluster.events, position).await?;
    Ok(kept.and_then(|kept| wire::recorded(&kept).map(|recorded| Item { recorded, attempts })))
}

/// Waits until a change is durable. Changes that wait at once are one write.
pub(super) async fn save(post: &Post, (part, version): Change) -> Result<(), Error> {
    let saved = post.desk().saved(part).ok_or_else(gone)?;
    let mut saved = saved.lock().await;
    if saved.version >= version {
        return Ok(());
    }
    let (record, version) = post.desk().record(part, &post.id).ok_or_else(gone)?;
    write(post, part, &mut saved, &record).await?;
    saved.version = version;
    Ok(())
}

/// Gives a partition up, for anybody to take.
pub(super) async fn give_up(post: &Post, part: u8) -> Result<(), Error> {
    let Some(saved) = post.desk().saved(part) else { return Ok(()) };
    let mut saved = saved.lock().await;
    let Some((record, _)) = post.desk().record(part, "") else { return Ok(()) };
    let written = write(post, part, &mut saved, &record).await;
    post.desk().remove(part);
    written
}

/// Writes a record until it is known that it is kept, or that somebody else has the partition.
async fn write(post: &Post, part: u8, saved: &mut Saved, record: &Record) -> Result<(), Error> {
    let key = key(&post.name, part);
    let end = Instant::now() + PATIENCE;
    loop {
        let error = match post.cluster.put(&key, Some(saved.revision), record.bytes()).await {
            Ok(Put::Kept(revision)) => {
                saved.revision = revision;
                return Ok(());
            }
            // An earlier write of ours whose answer was lost, or somebody else.
            Ok(Put::Conflict) => match found(post, &key, record).await {
                Ok(Found::Same(revision)) => {
                    saved.revision = revision;
                    return Ok(());
                }
                Ok(Found::Mine(revision)) => {
                    saved.revision = revision;
                    continue;
                }
                Ok(Found::Other) => {
                    tracing::warn!(part, "another holder has this partition now");
                    post.desk().remove(part);
                    return Err(gone());
                }
                Err(error) => error,
            },
            Err(error) => error,
        };
        if Instant::now() >= end || error.is_refused() {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

enum Found {
    /// What was to be written.
    Same(u64),
    /// Something that this holder wrote before.
    Mine(u64),
    /// Somebody else's.
    Other,
}

async fn found(post: &Post, key: &str, record: &Record) -> Result<Found, Error> {
    let Some((kept, _)) = post.cluster.get(key).await? else { return Ok(Found::Mine(0)) };
    let there = Record::read(&kept.payload).unwrap_or_default();
    Ok(if there == *record {
        Found::Same(kept.sequence)
    } else if there.holder == post.id {
        Found::Mine(kept.sequence)
    } else {
        Found::Other
    })
}

/// Whether an entry is settled, as the cluster remembers it.
pub(super) async fn is_settled(post: &Post, position: u64) -> Result<bool, Error> {
    let Some(kept) = range::at(&post.cluster.events, position).await? else { return Ok(true) };
    let Some(recorded) = wire::recorded(&kept) else { return Ok(true) };
    let part = lane::partition(&recorded.entry.lane);
    let found = post.cluster.get(&key(&post.name, part)).await?;
    let record = found.and_then(|(kept, _)| Record::read(&kept.payload)).unwrap_or_default();
    Ok(position <= record.cursor && record.open.iter().all(|(open, _)| *open != position))
}

/// Takes up entries of this holder's partitions that are to be tried again.
pub(super) async fn take_up(post: &Post) -> Result<(), Error> {
    let cluster = &post.cluster;
    let mine = post.desk().parts();
    for kept in cluster.scan(&format!("{}.again.*.*", post.name)).await? {
        let mut tokens = kept.subject.rsplit('.');
        let position = tokens.next().and_then(|token| token.parse::<u64>().ok());
        let part = tokens.next().and_then(|token| token.parse::<u8>().ok());
        let (Some(position), Some(part)) = (position, part) else { continue };
        if !mine.contains_key(&part) {
            continue;
        }
        let (there, held) = post.desk().holds(part, position);
        if held {
            // It is just being given up, and comes back once it is.
            continue;
        }
        if !there {
            let attempts = Grave::read(&kept.payload).map_or(0, |grave| grave.attempts);
            if let Some(item) = item(cluster, position, attempts).await? {
                let Some(change) = post.desk().park(part, item) else { continue };
                save(post, change).await?;
            }
        }
        cluster.remove(&grave(&post.name, part, position)).await?;
        // It is handed out only after nothing asks for another try any more.
        cluster.remove(&again(&post.name, part, position)).await?;
        post.desk().unpark(part, position);
        post.arrived.notify_waiters();
    }
    Ok(())
}
