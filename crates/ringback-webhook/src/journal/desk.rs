//! What many ask the journal at about the same time, asked with one call.

use std::{fmt, iter::zip};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use ringback_journal::{Error, Pending};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

/// So many share a call at most.
const MANY: usize = 1_024;
/// So many are answered before others have their turn: each may have much to do then.
const GROUP: usize = 32;

/// What one asks, and who waits for the answer.
type Asked<T, R> = (T, oneshot::Sender<Result<R, Error>>);

/// Asks for many with one call, and answers each.
///
/// Waking whoever waits for a call costs more than writing what it is about.
pub(super) struct Desk<T, R> {
    asked: mpsc::UnboundedSender<Asked<T, R>>,
}

impl<T: Clone + Send + 'static, R: Send + 'static> Desk<T, R> {
    /// Spawns the task that calls; it ends when the desk is dropped and everybody is answered.
    ///
    /// A call has an answer for each that it asks for, in their order.
    pub(super) fn start(
        call: impl Fn(Vec<T>) -> Pending<'static, Vec<R>> + Send + Sync + 'static,
    ) -> Self {
        let (asked, asking) = mpsc::unbounded_channel();
        tokio::spawn(run(call, asking));
        Self { asked }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, what: T) -> Result<R, Error> {
        let (answer, answered) = oneshot::channel();
        self.asked.send((what, answer)).map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }
}

impl<T, R> fmt::Debug for Desk<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

async fn run<T: Clone, R>(
    call: impl Fn(Vec<T>) -> Pending<'static, Vec<R>>,
    mut asking: mpsc::UnboundedReceiver<Asked<T, R>>,
) {
    let mut calls = FuturesUnordered::new();
    let mut heard = Vec::new();
    let mut is_open = true;
    while is_open || !calls.is_empty() {
        tokio::select! {
            Some(()) = calls.next() => {}
            // Everybody who runs before this does has put something here.
            count = asking.recv_many(&mut heard, MANY), if is_open => {
                is_open = count > 0;
                calls.push(answer(&call, heard.split_off(0)));
            }
        }
    }
}

/// One call for all of them; when that is refused, one for each, because it may be for one that all are refused.
async fn answer<T: Clone, R>(
    call: &impl Fn(Vec<T>) -> Pending<'static, Vec<R>>,
    these: Vec<Asked<T, R>>,
) {
    if these.len() > 1
        && let Ok(told) = call(these.iter().map(|(what, _)| what.clone()).collect()).await
    {
        for (nth, ((_, answer), told)) in zip(these, told).enumerate() {
            tell(answer, Ok(told));
            if nth % GROUP == GROUP - 1 {
                yield_now().await;
            }
        }
        return;
    }
    let alone = these.into_iter().map(|(what, answer)| {
        let asking = call(vec![what]);
        async move {
            let told = asking.await;
            tell(answer, told.and_then(|told| told.into_iter().next().ok_or(Error::Closed)));
        }
    });
    join_all(alone).await;
}

/// Whoever asked may be gone.
fn tell<R>(answer: oneshot::Sender<Result<R, Error>>, told: Result<R, Error>) {
    drop(answer.send(told));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn what_is_asked_at_once_is_one_call_and_a_refusal_concerns_one() {
        let called = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&called);
        // Doubles what it is asked, and refuses whatever has a 2 in it.
        let desk = Desk::start(move |these: Vec<u32>| {
            remembered.lock().unwrap().push(these.clone());
            Box::pin(async move {
                match these.contains(&2) {
                    true => Err(Error::Closed),
                    false => Ok(these.into_iter().map(|this| this * 2).collect()),
                }
            })
        });
        let (one, three) = tokio::join!(desk.ask(1), desk.ask(3));
        assert_eq!((one.unwrap(), three.unwrap()), (2, 6));
        let (one, two, three) = tokio::join!(desk.ask(1), desk.ask(2), desk.ask(3));
        assert!(two.is_err());
        assert_eq!((one.unwrap(), three.unwrap()), (2, 6));
        let expected = [vec![1, 3], vec![1, 2, 3], vec![1], vec![2], vec![3]];
        assert_eq!(*called.lock().unwrap(), expected);
    }
}
