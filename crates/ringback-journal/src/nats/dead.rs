//! What consumers gave up: shown, and tried again.

use std::collections::BTreeMap;

use super::{
    cluster::Cluster,
    lane, partition, range,
    record::Grave,
    state::Put,
    wire::{self, Kept},
};
use crate::{Dead, Error, Position};

impl Cluster {
    /// What a consumer gave up after a position.
    pub(super) async fn dead(
        &self,
        consumer: &str,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Dead>, Error> {
        let mut dead = Vec::new();
        for (position, kept) in self.graves(&lane::token(consumer)).await? {
            if position <= after.0 {
                continue;
            }
            if dead.len() == limit {
                break;
            }
            let Some(grave) = Grave::read(&kept.payload) else { continue };
            // The time is that of the servers.
            let Some((_, since)) = range::last(&self.state, &kept.subject).await? else { continue };
            let Some(entry) = range::at(&self.events, position).await? else { continue };
            let Some(recorded) = wire::recorded(&entry) else { continue };
            dead.push(Dead::new(recorded, grave.attempts, grave.reason, since));
        }
        Ok(dead)
    }

    /// Has a consumer try again what it gave up.
    pub(super) async fn redrive(
        &self,
        consumer: &str,
        positions: &[Position],
    ) -> Result<u64, Error> {
        let name = lane::token(consumer);
        let graves = self.graves(&name).await?;
        let mut redriven = 0;
        for position in positions {
            let Some(kept) = graves.get(&position.0) else { continue };
            let Some(part) = part_of(kept) else { continue };
            // The wish comes before the grave goes: what is in neither is settled.
            let again = partition::again(&name, part, position.0);
            if self.put(&again, Some(0), kept.payload.clone()).await? != Put::Conflict {
                redriven += 1;
            }
            self.remove(&partition::grave(&name, part, position.0)).await?;
        }
        let told = self.told(&format!("again.{name}"));
        // Holders look by themselves a little later, too.
        drop(self.client.publish(told, "".into()).await);
        Ok(redriven)
    }

    /// The graves of a consumer by position.
    pub(super) async fn graves(&self, name: &str) -> Result<BTreeMap<u64, Kept>, Error> {
        let found = self.scan(&format!("{name}.dead.*.*")).await?;
        let by_position = |kept: Kept| Some((Self::end(&kept).parse().ok()?, kept));
        Ok(found.into_iter().filter_map(by_position).collect())
    }
}

fn part_of(kept: &Kept) -> Option<u8> {
    kept.subject.rsplit('.').nth(1)?.parse().ok()
}
