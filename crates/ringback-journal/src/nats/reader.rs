//! Reads a partition's entries as they come.

use std::{sync::Weak, time::Duration};

use super::{
    desk::Item,
    holder::Post,
    wire::{self, Kept},
};
use crate::Error;

/// How many entries of a partition are at hand, settled ones not counted.
const WINDOW: usize = 256;
/// Without a word it is looked again after this.
const QUIET: Duration = Duration::from_secs(1);
/// What was told is looked for again after this, until it is there.
const SOON: Duration = Duration::from_millis(3);
/// What was told may be gone already: it is not looked for longer.
const TRIES: u32 = 100;

/// Reads from a sequence on, until the holder or the partition is gone.
pub(super) async fn read(post: Weak<Post>, part: u8, mut from: u64) {
    let Some(mut told) =
        post.upgrade().and_then(|post| Some(post.told.get(usize::from(part))?.subscribe()))
    else {
        return;
    };
    let mut tries = 0;
    loop {
        let last = *told.borrow_and_update();
        let Some(strong) = post.upgrade() else { return };
        match some(&strong, part, from).await {
            Ok(Found::Some(last)) => {
                from = last + 1;
                tries = 0;
            }
            // What was told is not yet on the replica that was asked.
            Ok(Found::Nothing) if last >= from && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(SOON).await;
            }
            Ok(Found::Nothing) => {
                tries = 0;
                let news = told.wait_for(|last| *last >= from);
                // An error here is that of a time that is over.
                drop(tokio::time::timeout(QUIET, news).await);
            }
            Ok(Found::Full) => {
                let Some(room) = strong.room.get(usize::from(part)) else { return };
                drop(tokio::time::timeout(QUIET, room.notified()).await);
            }
            Err(error) => {
                tracing::debug!(part, %error, "reading is tried again");
                tokio::time::sleep(SOON * 50).await;
            }
        }
    }
}

/// What came of a look.
enum Found {
    /// Entries up to this sequence.
    Some(u64),
    /// There is nothing.
    Nothing,
    /// There is no room.
    Full,
}

/// Reads what there is room for, the newest too, and says where to go on.
pub(super) async fn catch_up(post: &Post, part: u8, from: u64) -> Result<u64, Error> {
    let room = post.desk().room(part, WINDOW);
    let (cluster, filter) = (&post.cluster, post.cluster.of(part));
    let name = &cluster.settings.stream;
    let found = cluster.range(&cluster.events, name, &filter, from, room).await?;
    Ok(arrive(post, part, &found).map_or(from, |last| last + 1))
}

/// Reads what there is room for.
async fn some(post: &Post, part: u8, from: u64) -> Result<Found, Error> {
    let room = post.desk().room(part, WINDOW);
    if room == 0 {
        return Ok(Found::Full);
    }
    let cluster = &post.cluster;
    let found = cluster.some(&cluster.settings.stream, &cluster.of(part), from, room).await?;
    Ok(arrive(post, part, &found).map_or(Found::Nothing, Found::Some))
}

fn arrive(post: &Post, part: u8, found: &[Kept]) -> Option<u64> {
    let last = found.last()?.sequence;
    {
        let mut desk = post.desk();
        for kept in found {
            match wire::recorded(kept) {
                Some(recorded) => desk.arrive(part, Item { recorded, attempts: 0 }),
                None => tracing::warn!(position = kept.sequence, "a message that is no entry"),
            }
        }
    }
    post.arrived.notify_waiters();
    Some(last)
}
