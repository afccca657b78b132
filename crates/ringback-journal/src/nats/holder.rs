//! One of those who share the work of a consumer.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time::Instant,
};

use super::{
    cluster::{Cluster, partitions},
    desk::{Change, Desk, Stopping},
    keeper, lane,
    names::Names,
    news::News,
    partition,
    record::{Grave, lost},
};
use crate::{Consumer, Error, Handed, Pending, Position};

/// What a holder's tasks share.
pub(super) struct Post {
    pub(super) cluster: Cluster,
    /// The consumer's name as a token.
    pub(super) name: String,
    /// Who this is.
    pub(super) id: String,
    desk: Mutex<Desk>,
    /// Something may be handed out.
    pub(super) arrived: Notify,
    /// There is something to look after before the next beat.
    pub(super) wake: Notify,
    /// The last sequence of each partition that was told.
    pub(super) told: Vec<watch::Sender<u64>>,
    /// There is room for more of each partition.
    pub(super) room: Vec<Notify>,
    /// Since when the cluster knows that this one is there.
    pub(super) heard: Mutex<Instant>,
    pub(super) closed: AtomicBool,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.desk().parts();
        f.debug_struct("Post").field("name", &self.name).field("parts", &parts).finish()
    }
}

impl Post {
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the others know that this one is there, so that nobody takes what it has.
    fn is_heard(&self) -> bool {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.elapsed() < self.cluster.settings.lease.mul_f64(0.8)
    }

    /// There is something new.
    pub(super) fn heard_of(&self, news: &News) {
        for (part, sequence) in news.iter() {
            if let Some(told) = self.told.get(usize::from(part)) {
                told.send_modify(|known| *known = sequence.max(*known));
            }
        }
    }

    async fn next(&self, limit: usize) -> Result<Vec<Handed>, Error> {
        loop {
            let arrived = self.arrived.notified();
            if self.closed.load(Ordering::SeqCst) {
                return Err(Error::Closed);
            }
            if self.is_heard() {
                let handed = self.desk().take(limit);
                if !handed.is_empty() {
                    return Ok(handed);
                }
            }
            arrived.await;
        }
    }

    async fn begin(&self, positions: Vec<Position>) -> Result<(), Error> {
        let changes = self.desk().count(&positions, 1).map_err(lost)?;
        let saved = self.save(changes).await;
        if saved.is_err() {
            // It may not begin, so it does not count; should it be saved all the same, it counts one
            // too many only if this holder dies before it saves anything else.
            drop(self.desk().count(&positions, -1));
        }
        saved
    }

    async fn done(&self, mut positions: Vec<Position>) -> Result<(), Error> {
        // What was done before is done.
        let mut other = self.desk().not_in_hands(&mut positions);
        while let Some(position) = other.pop() {
            if !partition::is_settled(self, position.0).await? {
                return Err(lost(position));
            }
        }
        let (changes, settled) = self.desk().settle(&positions).map_err(lost)?;
        let parts: Vec<_> = changes.iter().map(|(part, _)| usize::from(*part)).collect();
        let saved = self.save(changes).await;
        if saved.is_err() {
            self.desk().unsettle(|item| lane::partition(&item.recorded.entry.lane), settled);
            return saved;
        }
        for room in parts.into_iter().filter_map(|part| self.room.get(part)) {
            room.notify_one();
        }
        if self.desk().leaving() > 0 {
            self.wake.notify_one();
        }
        Ok(())
    }

    async fn bury(&self, position: Position, reason: String) -> Result<(), Error> {
        let (part, attempts) = self.desk().attempts(position).ok_or_else(|| lost(position))?;
        // The grave comes first: an entry that has one is not handed out again by anybody.
        let key = partition::grave(&self.name, part, position.0);
        self.cluster.put(&key, None, Grave { attempts, reason }.bytes()).await?;
        self.done(vec![position]).await
    }

    fn release(&self, positions: &[Position]) {
        self.desk().release(positions);
        self.arrived.notify_waiters();
        self.wake.notify_one();
    }

    async fn save(&self, changes: Vec<Change>) -> Result<(), Error> {
        let each = changes.into_iter().map(|change| partition::save(self, change));
        futures_util::future::try_join_all(each).await.map(drop)
    }
}

/// A holder; who drops it gives up what it has.
#[derive(Debug)]
pub(super) struct Holder {
    post: Arc<Post>,
    tasks: Vec<Stopping>,
    names: Names,
    runtime: Handle,
}

impl Holder {
    /// Joins those who share the work of the named consumer.
    pub(super) async fn join(cluster: Cluster, names: Names, name: &str) -> Result<Self, Error> {
        names.take(name).await?;
        let id = cluster.client.new_inbox().rsplit('.').next().unwrap_or_default().to_owned();
        let post = Arc::new(Post {
            name: lane::token(name),
            id,
            desk: Mutex::default(),
            arrived: Notify::new(),
            wake: Notify::new(),
            told: partitions().map(|_| watch::Sender::new(0)).collect(),
            room: partitions().map(|_| Notify::new()).collect(),
            heard: Mutex::new(Instant::now()),
            closed: AtomicBool::new(false),
            cluster,
        });
        match keeper::start(&post).await {
            Ok(tasks) => {
                names.held(name, &post);
                Ok(Self { post, tasks, names, runtime: Handle::current() })
            }
            Err(error) => {
                names.forget(name);
                Err(error)
            }
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let post = Arc::clone(&self.post);
        post.closed.store(true, Ordering::SeqCst);
        post.arrived.notify_waiters();
        self.tasks.clear();
        let leaving = Arc::clone(&post);
        let task = self.runtime.spawn(async move { keeper::leave(&leaving).await });
        self.names.leaving(lane::text(&post.name), task);
    }
}

impl Consumer for Holder {
    fn next(&self, limit: usize) -> Pending<'_, Vec<Handed>> {
        Box::pin(self.post.next(limit))
    }

    fn begin(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        self.run(|post| async move { post.begin(positions).await })
    }

    fn done(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        self.run(|post| async move { post.done(positions).await })
    }

    fn bury(&self, position: Position, reason: &str) -> Pending<'_, ()> {
        let reason = reason.to_owned();
        self.run(move |post| async move { post.bury(position, reason).await })
    }

    fn release(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        self.run(|post| async move {
            post.release(&positions);
            Ok(())
        })
    }
}

impl Holder {
    /// In a task of its own, so that what has begun goes on when the caller does not.
    fn run<F: Future<Output = Result<(), Error>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Post>) -> F + Send + 'static,
    ) -> Pending<'_, ()> {
        let post = Arc::clone(&self.post);
        Box::pin(async move {
            if post.closed.load(Ordering::SeqCst) {
                return Err(Error::Closed);
            }
            tokio::spawn(work(post)).await.unwrap_or(Err(Error::Closed))
        })
    }
}
