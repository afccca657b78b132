//! Turns: how many requests are on their way at once, in all and to each origin.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::{Semaphore, SemaphorePermit};
use url::{Origin, Url};

/// From how many origins on those are looked for that nobody needs any more.
const KNOWN: usize = 1_000;

/// Turns for requests: a server that hangs holds up no other.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Fair, as those of each origin are: who waits longest is next.
    all: Semaphore,
    each: usize,
    origins: Mutex<HashMap<Origin, Weak<Semaphore>>>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    _own: Option<SemaphorePermit<'a>>,
    _all: Option<SemaphorePermit<'a>>,
}

impl Turns {
    /// So many in all, and so many to each origin.
    pub(crate) fn new(all: usize, each: usize) -> Self {
        Self { all: Semaphore::new(all), each, origins: Mutex::default() }
    }

    /// The turns of the origin of an address; they go with the last who holds them.
    pub(crate) fn share(&self, url: &Url) -> Arc<Semaphore> {
        let origin = url.origin();
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = origins.get(&origin).and_then(Weak::upgrade) {
            return share;
        }
        if origins.len() >= KNOWN {
            origins.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.each));
        origins.insert(origin, Arc::downgrade(&share));
        share
    }

    /// Waits for a turn among those of an origin, and then among all.
    pub(crate) async fn take<'a>(&'a self, share: &'a Semaphore) -> Turn<'a> {
        // Neither is ever closed, and without a turn it would be sent all the same.
        let own = share.acquire().await.ok();
        let all = self.all.acquire().await.ok();
        Turn { _own: own, _all: all }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn each_origin_has_its_share_of_all() {
        let turns = Turns::new(3, 2);
        let share = |url: &str| turns.share(&Url::parse(url).unwrap());
        let (one, other) = (share("http://one.test/a"), share("http://other.test/"));
        assert!(Arc::ptr_eq(&one, &share("http://one.test:80/b?c")));
        assert!(!Arc::ptr_eq(&one, &share("https://one.test/a")));
        let first = turns.take(&one).now_or_never();
        let second = turns.take(&one).now_or_never();
        assert!(first.is_some() && second.is_some());
        assert!(turns.take(&one).now_or_never().is_none());
        let third = turns.take(&other).now_or_never();
        assert!(third.is_some());
        // Its share has room, and there is none in all.
        assert!(turns.take(&other).now_or_never().is_none());
        drop(first);
        assert!(turns.take(&other).now_or_never().is_some());
        assert!(turns.take(&one).now_or_never().is_some());
    }

    #[test]
    fn origins_that_nobody_needs_are_forgotten() {
        let turns = Turns::new(1, 1);
        let share =
            |number: usize| turns.share(&Url::parse(&format!("http://{number}.test/")).unwrap());
        let held = share(0);
        for number in 1..3 * KNOWN {
            share(number);
        }
        assert!(turns.origins.lock().unwrap().len() <= KNOWN);
        assert!(Arc::ptr_eq(&held, &share(0)));
    }
}
