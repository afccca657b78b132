//! What begins and what is done, said to the consumer for many events at once.

use std::sync::Arc;

use futures_util::{
    StreamExt,
    future::{BoxFuture, join_all},
    stream::FuturesUnordered,
};
use ringback_journal::{Consumer, Error, Position};
use tokio::sync::{mpsc, oneshot};

/// So many are said with one call at most.
const MANY: usize = 1_024;

type Answer = oneshot::Sender<Result<(), Error>>;

/// What is said of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Begins,
    Done,
}

/// An event, what is said of it, and who waits until that is durable.
type Said = (Word, Position, Answer);

/// Says to the consumer what begins and what is done.
///
/// Events whose handlers end at about the same time share a call: waking whoever waits for a call costs more than
/// writing what it says.
#[derive(Clone, Debug)]
pub(super) struct Clerk {
    desk: mpsc::UnboundedSender<Said>,
}

impl Clerk {
    /// Spawns the task that calls the consumer; it ends when the last clone of this is dropped and all is said.
    pub(super) fn start(consumer: Arc<dyn Consumer>) -> Self {
        let (desk, said) = mpsc::unbounded_channel();
        tokio::spawn(run(consumer, said));
        Self { desk }
    }

    /// An attempt begins, durably when this ends.
    pub(super) async fn begin(&self, position: Position) -> Result<(), Error> {
        self.say(Word::Begins, position).await
    }

    /// An event is done, durably when this ends.
    pub(super) async fn done(&self, position: Position) -> Result<(), Error> {
        self.say(Word::Done, position).await
    }

    async fn say(&self, word: Word, position: Position) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        self.desk.send((word, position, answer)).map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }
}

async fn run(consumer: Arc<dyn Consumer>, mut said: mpsc::UnboundedReceiver<Said>) {
    let mut calls: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
    let mut heard = Vec::new();
    let mut is_open = true;
    while is_open || !calls.is_empty() {
        tokio::select! {
            Some(()) = calls.next() => {}
            // Everybody who runs before this does has put something here.
            count = said.recv_many(&mut heard, MANY), if is_open => {
                is_open = count > 0;
                let (begin, done): (Vec<_>, Vec<_>) =
                    heard.drain(..).partition(|(word, ..)| *word == Word::Begins);
                for (word, these) in [(Word::Begins, begin), (Word::Done, done)] {
                    if !these.is_empty() {
                        calls.push(Box::pin(call(&*consumer, word, these)));
                    }
                }
            }
        }
    }
}

/// One call for all of them; when that is refused, one for each, because it may be for one that all are refused.
async fn call(consumer: &dyn Consumer, word: Word, these: Vec<Said>) {
    let say = |positions| match word {
        Word::Begins => consumer.begin(positions),
        Word::Done => consumer.done(positions),
    };
    if these.len() > 1 {
        let positions = these.iter().map(|(_, position, _)| *position).collect();
        if say(positions).await.is_ok() {
            return these.into_iter().for_each(|(.., answer)| tell(answer, Ok(())));
        }
    }
    let alone = |(_, position, answer): Said| {
        let saying = say(vec![position]);
        async move { tell(answer, saying.await) }
    };
    join_all(these.into_iter().map(alone)).await;
}

/// Whoever asked may be gone.
fn tell(answer: Answer, outcome: Result<(), Error>) {
    drop(answer.send(outcome));
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ringback_journal::{Handed, Pending};

    use super::*;

    /// Remembers what it is told, and refuses whatever has position 2 in it.
    #[derive(Debug, Default)]
    struct Told(Mutex<Vec<(char, Vec<u64>)>>);

    impl Told {
        fn told(&self, word: char, positions: &[Position]) -> Pending<'_, ()> {
            let positions: Vec<u64> = positions.iter().map(|position| position.0).collect();
            let refused = positions.contains(&2);
            self.0.lock().unwrap().push((word, positions));
            Box::pin(async move { if refused { Err(Error::Closed) } else { Ok(()) } })
        }
    }

    impl Consumer for Told {
        fn next(&self, _: usize) -> Pending<'_, Vec<Handed>> {
            Box::pin(std::future::pending())
        }
        fn begin(&self, positions: Vec<Position>) -> Pending<'_, ()> {
            self.told('b', &positions)
        }
        fn done(&self, positions: Vec<Position>) -> Pending<'_, ()> {
            self.told('d', &positions)
        }
        fn bury(&self, _: Position, _: &str) -> Pending<'_, ()> {
            Box::pin(std::future::pending())
        }
        fn release(&self, _: Vec<Position>) -> Pending<'_, ()> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn what_is_said_at_once_is_one_call_and_a_refusal_concerns_one() {
        let told = Arc::new(Told::default());
        let clerk = Clerk::start(told.clone());
        let begin = |position| clerk.begin(Position(position));
        let (one, three, four) = tokio::join!(begin(1), begin(3), clerk.done(Position(4)));
        assert!(one.is_ok() && three.is_ok() && four.is_ok());
        let (one, two, three) = tokio::join!(begin(1), begin(2), begin(3));
        assert!(one.is_ok() && two.is_err() && three.is_ok());
        let told = told.0.lock().unwrap();
        let all = [('b', vec![1, 3]), ('d', vec![4]), ('b', vec![1, 2, 3])];
        assert_eq!(told[..3], all);
        assert_eq!(told[3..], [('b', vec![1]), ('b', vec![2]), ('b', vec![3])]);
    }
}
