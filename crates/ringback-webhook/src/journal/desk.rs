//! What many ask the journal at about the same time, asked with one call.

use std::{fmt, iter::zip, mem};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use ringback_journal::{Error, Pending};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

/// So many share a call at most.
const MANY: usize = 1_024;
/// So many bytes share a call at most, or one that has more.
const BYTES: usize = 4 << 20;
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
    /// A call has an answer for each that it asks for, in their order; what is asked weighs so many bytes.
    pub(super) fn start(
        weigh: fn(&T) -> usize,
        call: impl Fn(Vec<T>) -> Pending<'static, Vec<R>> + Send + Sync + 'static,
    ) -> Self {
        let (asked, asking) = mpsc::unbounded_channel();
        tokio::spawn(run(weigh, call, asking));
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
    weigh: fn(&T) -> usize,
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
                while !heard.is_empty() {
                    let rest = heard.split_off(share(&heard, weigh));
                    calls.push(answer(&call, mem::replace(&mut heard, rest)));
                }
            }
        }
    }
}

/// How many of these share a call.
fn share<T, R>(asked: &[Asked<T, R>], weigh: fn(&T) -> usize) -> usize {
    let mut bytes = 0;
    let fits = |(what, _): &&Asked<T, R>| {
        bytes += weigh(what);
        bytes <= BYTES
    };
    asked.iter().take_while(fits).count().max(1)
}

/// One call for all of them; when that is refused, one for each, because it may be for one that all are refused.
async fn answer<T: Clone, R>(
    call: &impl Fn(Vec<T>) -> Pending<'static, Vec<R>>,
    these: Vec<Asked<T, R>>,
) {
    let told = match these.len() {
        1 => None,
        many => together(call(these.iter().map(|(what, _)| what.clone()).collect()), many).await,
    };
    let Some(told) = told else {
        let alone = these.into_iter().map(|(what, answer)| {
            let asking = call(vec![what]);
            async move {
                let told = asking.await;
                tell(answer, told.and_then(|told| told.into_iter().next().ok_or(Error::Closed)));
            }
        });
        join_all(alone).await;
        return;
    };
    for (nth, ((_, answer), told)) in zip(these, told).enumerate() {
        tell(answer, told);
        if nth % GROUP == GROUP - 1 {
            yield_now().await;
        }
    }
}

/// What one call says to each of so many; none when each is to be asked for alone.
async fn together<R>(
    asking: Pending<'static, Vec<R>>,
    many: usize,
) -> Option<Vec<Result<R, Error>>> {
    match asking.await {
        Ok(told) => Some(told.into_iter().map(Ok).collect()),
        Err(error) if is_of_one(&error) => None,
        // Asking again for each would only take as long again.
        Err(error) => Some((0..many).map(|_| Err(error.clone())).collect()),
    }
}

/// Whether another call, without the one that it is about or for fewer, may be answered.
fn is_of_one(error: &Error) -> bool {
    error.is_refused() || error.is_lost() || error.is_busy()
}

/// Whoever asked may be gone.
fn tell<R>(answer: oneshot::Sender<Result<R, Error>>, told: Result<R, Error>) {
    drop(answer.send(told));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Called = Arc<Mutex<Vec<Vec<usize>>>>;

    /// Doubles what it is asked, is refused whatever has a 2 in it, and cannot whatever has a 9 in it.
    fn doubling() -> (Desk<usize, usize>, Called) {
        let called = Called::default();
        let remembered = Arc::clone(&called);
        let desk = Desk::start(
            |what| *what,
            move |these| {
                remembered.lock().unwrap().push(these.clone());
                let error = |code| {
                    let (sentence, source) = (String::new(), None);
                    match code {
                        "2" => Error::Refused { code, sentence, source },
                        _ => Error::Unavailable { code, sentence, source },
                    }
                };
                Box::pin(async move {
                    match (these.contains(&2), these.contains(&9)) {
                        (true, _) => Err(error("2")),
                        (_, true) => Err(error("9")),
                        _ => Ok(these.into_iter().map(|this| this * 2).collect()),
                    }
                })
            },
        );
        (desk, called)
    }

    #[tokio::test]
    async fn what_is_asked_at_once_is_one_call_and_a_refusal_concerns_one() {
        let (desk, called) = doubling();
        let (one, three) = tokio::join!(desk.ask(1), desk.ask(3));
        assert_eq!((one.unwrap(), three.unwrap()), (2, 6));
        let (one, two, three) = tokio::join!(desk.ask(1), desk.ask(2), desk.ask(3));
        assert!(two.is_err());
        assert_eq!((one.unwrap(), three.unwrap()), (2, 6));
        let expected = [vec![1, 3], vec![1, 2, 3], vec![1], vec![2], vec![3]];
        assert_eq!(*called.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn what_nobody_can_have_is_not_asked_for_again() {
        let (desk, called) = doubling();
        let (one, nine) = tokio::join!(desk.ask(1), desk.ask(9));
        assert_eq!((one.unwrap_err().code(), nine.unwrap_err().code()), ("9", "9"));
        assert_eq!(*called.lock().unwrap(), [vec![1, 9]]);
    }

    #[tokio::test]
    async fn what_is_heavy_has_a_call_of_its_own() {
        let (desk, called) = doubling();
        let asked = tokio::join!(desk.ask(1), desk.ask(BYTES), desk.ask(3), desk.ask(BYTES * 2));
        assert!(asked.0.is_ok() && asked.1.is_ok() && asked.2.is_ok() && asked.3.is_ok());
        let expected = [vec![1], vec![BYTES], vec![3], vec![BYTES * 2]];
        assert_eq!(*called.lock().unwrap(), expected);
    }
}
