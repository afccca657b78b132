//! Key pairs, made in the background so that nobody waits for them.

use ringback_jwt::KeyPair;
use tokio::sync::{Mutex, mpsc};

/// A small pool of fresh key pairs.
#[derive(Debug)]
pub(crate) struct KeyPool {
    spare: usize,
    /// None stands for a pair that could not be made.
    sender: mpsc::Sender<Option<KeyPair>>,
    ready: Mutex<mpsc::Receiver<Option<KeyPair>>>,
}

impl KeyPool {
    /// A pool that keeps so many pairs; with none, each is made when it is asked for.
    pub(crate) fn new(spare: usize) -> Self {
        let (sender, ready) = mpsc::channel(spare.max(1));
        Self { spare, sender, ready: Mutex::new(ready) }
    }

    /// Makes pairs until every place is taken.
    pub(crate) fn fill(&self) {
        for _ in 0..self.spare {
            // A place is taken first, so that there are never more pairs than places.
            let Ok(place) = self.sender.clone().try_reserve_owned() else { return };
            tokio::spawn(async move { place.send(generate().await) });
        }
    }

    /// A pair that nobody had before; none when the system gives no random numbers.
    pub(crate) async fn take(&self) -> Option<KeyPair> {
        if self.spare == 0 {
            return generate().await;
        }
        self.fill();
        // Whichever is made first: how long a pair takes differs a lot.
        let pair = self.ready.lock().await.recv().await.flatten();
        self.fill();
        pair
    }
}

/// Makes one pair on a thread where it disturbs nobody.
pub(crate) async fn generate() -> Option<KeyPair> {
    match tokio::task::spawn_blocking(KeyPair::generate).await {
        Ok(Ok(pair)) => Some(pair),
        Ok(Err(error)) => {
            tracing::error!(%error, "no key pair can be made");
            None
        }
        Err(_) => None,
    }
}
