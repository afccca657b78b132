//! Which consumers this process holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
};

use tokio::task::JoinHandle;

use super::{holder::Post, keeper};
use crate::Error;

/// The consumers of this journal, each with a way to tell that it has to end.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Name>>>);

#[derive(Debug)]
enum Name {
    /// Somebody has it.
    Taken(Option<Arc<Post>>),
    /// Somebody had it, and is giving up what it has.
    Leaving(JoinHandle<()>),
}

impl Names {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a name that is free.
    pub(super) async fn take(&self, name: &str) -> Result<(), Error> {
        let before = {
            let mut names = self.lock();
            if let Some(Name::Taken(_)) = names.get(name) {
                return Err(Error::Refused {
                    code: "journal-consumer-held",
                    sentence: format!(
                        "the consumer {name:?} is in use in this process already; one holder is \
                         enough for any number of workers"
                    ),
                    source: None,
                });
            }
            names.insert(name.to_owned(), Name::Taken(None))
        };
        if let Some(Name::Leaving(task)) = before {
            // Who comes right after finds what was given up.
            drop(task.await);
        }
        Ok(())
    }

    /// Its holder is there.
    pub(super) fn held(&self, name: &str, post: &Arc<Post>) {
        self.lock().insert(name.to_owned(), Name::Taken(Some(Arc::clone(post))));
    }

    /// Its holder did not come.
    pub(super) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Its holder is going.
    pub(super) fn leaving(&self, name: String, task: JoinHandle<()>) {
        self.lock().insert(name, Name::Leaving(task));
    }

    /// Ends all of them.
    pub(super) async fn close(&self) {
        let posts: Vec<_> = {
            let names = self.lock();
            let post = |name: &Name| match name {
                Name::Taken(post) => post.clone(),
                Name::Leaving(_) => None,
            };
            names.values().filter_map(post).collect()
        };
        for post in posts {
            post.closed.store(true, Ordering::SeqCst);
            post.arrived.notify_waiters();
            keeper::leave(&post).await;
        }
        let leaving: Vec<_> = {
            let mut names = self.lock();
            let gone: Vec<_> = names
                .iter()
                .filter(|(_, name)| matches!(name, Name::Leaving(_)))
                .map(|(text, _)| text.clone())
                .collect();
            gone.into_iter().filter_map(|text| names.remove(&text)).collect()
        };
        for name in leaving {
            if let Name::Leaving(task) = name {
                drop(task.await);
            }
        }
    }
}
