//! Forgetting what is old and settled, and counting what is not.

use std::collections::{BTreeMap, BTreeSet};

use async_nats::jetstream::stream::Stream;

use super::{
    cluster::{Cluster, partitions},
    fault::unreachable,
    keeper, lane,
    record::Record,
    wire::{self, Kept},
};
use crate::{Error, Position, State};

/// How many entries are looked at with one request.
const STEP: usize = 500;

/// What may not be forgotten.
#[derive(Debug, Default)]
struct Needed {
    open: BTreeSet<u64>,
    /// The lowest cursor of any consumer.
    cursors: BTreeMap<u8, u64>,
}

impl Cluster {
    /// Forgets entries that came before a time and that nobody needs.
    pub(super) async fn expire(&self, before: u64) -> Result<u64, Error> {
        let mut needed = Needed::default();
        let names = self.names().await?;
        for name in &names {
            needed.add(&self.records(name).await?);
            needed.open.extend(self.graves(name).await?.into_keys());
            for kept in self.scan(&format!("{name}.again.*.*")).await? {
                needed.open.extend(Self::end(&kept).parse::<u64>());
            }
            // One that was tried again meanwhile is open here before it is nowhere else.
            needed.add(&self.records(name).await?);
        }
        let last = self.info().await?.state.last_sequence;
        let (mut from, mut forgotten, mut begin) = (1, 0, true);
        while from <= last {
            let some =
                self.range(&self.events, &self.settings.stream, &self.all(), from, STEP).await?;
            let Some(end) = some.last().map(|kept| kept.sequence) else { break };
            from = end + 1;
            let old = |kept: &Kept| wire::recorded(kept).is_some_and(|r| r.entry.received < before);
            let may_go = |kept: &&Kept| old(kept) && !needed.has(kept);
            if begin {
                // What stands first goes with one request.
                let prefix: Vec<_> = some.iter().take_while(may_go).collect();
                if let Some(last) = prefix.last() {
                    purge(&self.events, last.sequence + 1).await?;
                }
                forgotten += prefix.len() as u64;
                begin = prefix.len() == some.len();
                let rest = some.get(prefix.len()..).unwrap_or_default();
                forgotten += self.forget(rest.iter().filter(may_go)).await?;
            } else {
                forgotten += self.forget(some.iter().filter(may_go)).await?;
            }
        }
        Ok(forgotten)
    }

    async fn forget(&self, each: impl Iterator<Item = &Kept>) -> Result<u64, Error> {
        let mut forgotten = 0;
        for kept in each {
            let gone = self.events.delete_message(kept.sequence).await;
            gone.map_err(|error| unreachable("forget an entry", error))?;
            forgotten += 1;
        }
        Ok(forgotten)
    }

    /// How it is now; why nothing can be appended, where that is so.
    pub(super) async fn state(&self) -> Result<State, Error> {
        let info = self.info().await?;
        if info.cluster.as_ref().is_some_and(|cluster| cluster.leader.is_none()) {
            return Err(unreachable("acknowledge entries", "the stream has no leader"));
        }
        let mut consumers = Vec::new();
        for name in self.names().await? {
            let records = self.records(&name).await?;
            let mut unsettled = 0;
            let each = partitions().map(|part| {
                let cursor = records.get(&part).map_or(0, |(_, record)| record.cursor);
                let filter = self.of(part);
                async move { self.count(&self.settings.stream, &filter, cursor + 1).await }
            });
            for count in futures_util::future::try_join_all(each).await? {
                unsettled += count;
            }
            unsettled += records.values().map(|(_, record)| record.open.len() as u64).sum::<u64>();
            unsettled += self.scan(&format!("{name}.again.*.*")).await?.len() as u64;
            let dead = self.graves(&name).await?.len() as u64;
            consumers.push((lane::text(&name), unsettled, dead));
        }
        Ok(State {
            last: Position(info.state.last_sequence),
            entries: info.state.messages,
            consumers,
        })
    }

    /// The consumers there are, as tokens.
    async fn names(&self) -> Result<Vec<String>, Error> {
        let known = self.scan("*.known").await?;
        let name = |kept: &Kept| kept.subject.rsplit('.').nth(1).map(str::to_owned);
        let mut names: Vec<_> = known.iter().filter_map(name).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn records(&self, name: &str) -> Result<BTreeMap<u8, (u64, Record)>, Error> {
        keeper::records(self, name, true).await
    }
}

impl Needed {
    fn add(&mut self, records: &BTreeMap<u8, (u64, Record)>) {
        for part in partitions() {
            let record = records.get(&part).map(|(_, record)| record);
            let cursor = record.map_or(0, |record| record.cursor);
            let lowest = self.cursors.entry(part).or_insert(cursor);
            *lowest = cursor.min(*lowest);
            let open = record.map(|record| record.open.as_slice()).unwrap_or_default();
            self.open.extend(open.iter().map(|(position, _)| *position));
        }
    }

    fn has(&self, kept: &Kept) -> bool {
        let part = kept.subject.rsplit('.').nth(1).and_then(|token| token.parse().ok());
        // Where there is no consumer, nobody needs anything.
        let cursor = part.and_then(|part: u8| self.cursors.get(&part));
        self.open.contains(&kept.sequence) || cursor.is_some_and(|cursor| kept.sequence > *cursor)
    }
}

async fn purge(stream: &Stream<()>, below: u64) -> Result<(), Error> {
    let purged = stream.purge().sequence(below).await;
    purged.map(drop).map_err(|error| unreachable("forget entries", error))
}
