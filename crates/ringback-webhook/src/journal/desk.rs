//! What many ask the journal at about the same time, asked with one call.

use std::{
    collections::VecDeque,
    fmt,
    iter::zip,
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use ringback_journal::{Error, Pending};
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

/// So many calls are under way at once: what is asked meanwhile shares the next one.
const CALLS: usize = 4;
/// So many are a call; for fewer it is waited as long as others come.
const ENOUGH: usize = 128;
/// So many share a call at most.
const MANY: usize = 1_024;
/// So many bytes share a call at most, or one that has more.
const BYTES: usize = 4 << 20;
/// So many are answered before others have their turn: each may have much to do then.
const GROUP: usize = 16;

/// What one asks, and who waits for the answer.
struct Asked<T, R> {
    what: T,
    answer: Answer<R>,
}

/// Who waits for an answer, and what is held for it until then.
struct Answer<R> {
    to: oneshot::Sender<Result<R, Error>>,
    _held: Held,
}

/// What is answered, and not told yet.
type Told<R> = (Answer<R>, Result<R, Error>);

/// Asks for many with one call, and answers each.
///
/// Waking whoever waits for a call costs more than writing what it is about.
pub(super) struct Desk<T, R> {
    asked: mpsc::UnboundedSender<Asked<T, R>>,
    scales: Scales<T>,
    held: Arc<AtomicUsize>,
}

/// What something weighs in bytes, and how many of those may wait.
#[derive(Debug)]
pub(super) struct Scales<T> {
    pub(super) weigh: fn(&T) -> usize,
    pub(super) room: usize,
}

impl<T> Scales<T> {
    /// For what has no weight, and always finds room.
    pub(super) const LIGHT: Self = Self { weigh: |_| 0, room: usize::MAX };
}

impl<T: Clone + Send + 'static, R: Send + 'static> Desk<T, R> {
    /// Spawns the task that calls; it ends when the desk is dropped and everybody is answered.
    ///
    /// A call has an answer for each that it asks for, in their order.
    pub(super) fn start(
        scales: Scales<T>,
        call: impl Fn(Vec<T>) -> Pending<'static, Vec<R>> + Send + Sync + 'static,
    ) -> Self {
        let (asked, asking) = mpsc::unbounded_channel();
        tokio::spawn(run(scales.weigh, call, asking));
        Self { asked, scales, held: Arc::default() }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, what: T) -> Result<R, Error> {
        let (to, answered) = oneshot::channel();
        let answer = Answer { to, _held: self.hold((self.scales.weigh)(&what))? };
        self.asked.send(Asked { what, answer }).map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    fn hold(&self, weight: usize) -> Result<Held, Error> {
        let before = self.held.fetch_add(weight, Ordering::Relaxed);
        let held = Held { weight, of: Arc::clone(&self.held) };
        match before.saturating_add(weight) > self.scales.room {
            true => Err(Error::Busy { waiting: before }),
            false => Ok(held),
        }
    }
}

/// The weight of something that is not answered.
struct Held {
    weight: usize,
    of: Arc<AtomicUsize>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.fetch_sub(self.weight, Ordering::Relaxed);
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
    let mut waiting = Vec::new();
    let mut told = VecDeque::new();
    let (mut is_open, mut is_still) = (true, true);
    while is_open || !(waiting.is_empty() && calls.is_empty() && told.is_empty()) {
        let goes = |waiting: &Vec<_>| waiting.len() >= ENOUGH || is_still && !waiting.is_empty();
        while calls.len() < CALLS && goes(&waiting) {
            let rest = waiting.split_off(share(&waiting, weigh));
            calls.push(answers(&call, mem::replace(&mut waiting, rest)));
        }
        tokio::select! {
            biased;
            Some(answers) = calls.next() => {
                let was_quiet = told.is_empty();
                told.extend(answers);
                if was_quiet {
                    tell(&mut told);
                }
            }
            // Everybody who runs before this does has put something here.
            count = asking.recv_many(&mut waiting, MANY), if is_open => {
                is_open = count > 0;
                is_still = !is_open;
                // Whoever asked has run meanwhile.
                tell(&mut told);
            }
            () = yield_now(), if !told.is_empty() || !is_still => {
                tell(&mut told);
                is_still = true;
            }
        }
    }
}

/// How many of these share a call.
fn share<T, R>(asked: &[Asked<T, R>], weigh: fn(&T) -> usize) -> usize {
    let mut bytes = 0;
    let fits = |asked: &&Asked<T, R>| {
        bytes += weigh(&asked.what);
        bytes <= BYTES
    };
    asked.iter().take(MANY).take_while(fits).count().max(1)
}

/// Tells some what they asked; whoever asked may be gone.
fn tell<R>(told: &mut VecDeque<Told<R>>) {
    for (answer, told) in told.drain(..told.len().min(GROUP)) {
        drop(answer.to.send(told));
    }
}

/// One call for all of them; when that is refused, one for each, because it may be for one that all are refused.
async fn answers<T: Clone, R>(
    call: &impl Fn(Vec<T>) -> Pending<'static, Vec<R>>,
    these: Vec<Asked<T, R>>,
) -> Vec<Told<R>> {
    let (whats, answers): (Vec<T>, Vec<Answer<R>>) =
        these.into_iter().map(|asked| (asked.what, asked.answer)).unzip();
    let told = match whats.len() {
        1 => None,
        many => together(call(whats.clone()), many).await,
    };
    let told = match told {
        Some(told) => told,
        None => join_all(whats.into_iter().map(|what| alone(call(vec![what])))).await,
    };
    zip(answers, told).collect()
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

async fn alone<R>(asking: Pending<'static, Vec<R>>) -> Result<R, Error> {
    asking.await?.pop().ok_or(Error::Closed)
}

/// Whether another call, without the one that it is about or for fewer, may be answered.
fn is_of_one(error: &Error) -> bool {
    error.is_refused() || error.is_lost() || error.is_busy()
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
        let desk = Desk::start(Scales { weigh: |what| *what, room: 4 * BYTES }, move |these| {
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
        });
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
    async fn a_call_waits_as_long_as_others_come() {
        let (desk, called) = doubling();
        let later = async |what: usize, yields: usize| {
            for _ in 0..yields {
                yield_now().await;
            }
            desk.ask(what).await.unwrap()
        };
        let told = tokio::join!(later(1, 0), later(3, 1), later(4, 2), later(5, 20));
        assert_eq!(told, (2, 6, 8, 10));
        assert_eq!(*called.lock().unwrap(), [vec![1, 3, 4], vec![5]]);
    }

    #[tokio::test]
    async fn there_is_room_for_so_much() {
        let (desk, _) = doubling();
        let (first, second) = tokio::join!(desk.ask(4 * BYTES), desk.ask(1));
        assert!(first.is_ok() && second.unwrap_err().is_busy());
        assert_eq!(desk.ask(1).await.unwrap(), 2);
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
