//! What was just kept, told to whoever waits for it.

use std::{collections::BTreeMap, iter};

use serde::{Deserialize, Serialize};

use tokio::time::{Duration, timeout};

use super::{cluster::Cluster, lane};
use crate::{Appended, Entry, Error};

/// News that waits longer is no news.
const PATIENCE: Duration = Duration::from_secs(1);

/// The last sequence that is new in each partition.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct News(BTreeMap<u8, u64>);

impl News {
    /// What is new by these answers to these entries.
    pub(super) fn of(entries: &[Entry], answers: &[Result<Appended, Error>]) -> Self {
        let mut last = BTreeMap::new();
        for (entry, answer) in iter::zip(entries, answers) {
            if let Ok(Appended::New(position)) = answer {
                let known = last.entry(lane::partition(&entry.lane)).or_insert(0);
                *known = position.0.max(*known);
            }
        }
        Self(last)
    }

    /// Nothing when it cannot be read: who waits looks by itself a little later.
    pub(super) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Tells it to all who wait.
    pub(super) async fn tell(&self, cluster: &Cluster) {
        if self.0.is_empty() {
            return;
        }
        // Numbers always are JSON.
        let bytes = serde_json::to_vec(&self.0).unwrap_or_default();
        // Who misses it looks by itself a little later. Where the connection is lost it would wait for that.
        let telling = cluster.client.publish(cluster.told("entries.new"), bytes.into());
        drop(timeout(PATIENCE, telling).await);
    }

    /// Partitions, each with its last sequence.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, u64)> {
        self.0.iter().map(|(part, sequence)| (*part, *sequence))
    }
}
