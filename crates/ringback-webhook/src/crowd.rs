//! Who is connected, and who goes when there is no more room.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::{sync::Notify, task::Id, time::Instant};

use crate::turns::Turn;

/// No request, or not the whole head of one.
const WAITING: u8 = 0;
/// The body of a request is not complete.
const RECEIVING: u8 = 1;
/// A request is being handled.
const HANDLING: u8 = 2;
/// To be closed.
const CUT: u8 = 3;
/// A request began, and is not looked at before its turn.
const QUEUED: u8 = 4;

/// How long a connection may wait, and how long its body may take, before it goes for another.
///
/// Short, for those at the door wait as long; long enough that a reply is on its way.
const PATIENCE: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];

/// The connections that are open.
pub(crate) struct Crowd {
    seats: HashMap<Id, Arc<Seat>>,
    /// How many go at once, so that not each newcomer has to look at all.
    batch: usize,
    /// How many were told to go and are still here.
    going: usize,
    begin: Instant,
    warned: Option<Instant>,
}

impl Crowd {
    pub(crate) fn new(limit: usize) -> Self {
        let batch = (limit / 64).max(1);
        Self { seats: HashMap::new(), batch, going: 0, begin: Instant::now(), warned: None }
    }

    /// A seat for a connection that has sent nothing yet.
    pub(crate) fn seat(&self) -> Arc<Seat> {
        let seat = Seat {
            state: AtomicU8::new(WAITING),
            since: AtomicU64::new(0),
            begin: self.begin,
            read: AtomicU64::new(0),
            done: AtomicU64::new(0),
            cut: Notify::new(),
            announced: AtomicBool::new(false),
            turn: Mutex::default(),
        };
        seat.touch();
        Arc::new(seat)
    }

    pub(crate) fn enter(&mut self, id: Id, seat: Arc<Seat>) {
        self.seats.insert(id, seat);
    }

    pub(crate) fn leave(&mut self, id: Id) {
        let seat = self.seats.remove(&id);
        if seat.is_some_and(|seat| seat.state.load(Ordering::Acquire) == CUT) {
            self.going = self.going.saturating_sub(1);
        }
    }

    /// Whether a request waits for its turn.
    pub(crate) fn has_queue(&self) -> bool {
        self.seats.values().any(|seat| seat.state.load(Ordering::Acquire) == QUEUED)
    }

    /// Tells those to go that can be missed most, and says how many those are.
    pub(crate) fn make_room(&mut self) -> u64 {
        if self.going > 0 {
            return 0;
        }
        let now = millis(self.begin.elapsed());
        let mut idle: Vec<(u8, bool, u64, &Arc<Seat>)> = Vec::new();
        for seat in self.seats.values() {
            let (state, since) = (seat.state.load(Ordering::Acquire), seat.since());
            let patience = PATIENCE.get(usize::from(state)).copied().map(millis);
            if patience.is_some_and(|patience| now.saturating_sub(since) >= patience) {
                // Who had a reply before is no stranger, and will ask again.
                idle.push((state, seat.replied() > 0, since, seat));
            }
        }
        idle.sort_unstable_by_key(|(state, known, since, _)| (*state, *known, *since));
        let go = idle.iter().take(self.batch);
        let gone = go.filter(|(state, _, _, seat)| seat.cut(*state)).count();
        self.going = gone;
        let quiet = self.warned.is_none_or(|warned| warned.elapsed() >= Duration::from_secs(1));
        if gone > 0 && quiet {
            self.warned = Some(Instant::now());
            let open = self.seats.len();
            tracing::warn!(
                code = "connections-crowded",
                open,
                "idle connections are closed to make room"
            );
        }
        u64::try_from(gone).unwrap_or_default()
    }
}

/// One connection, as its own task and the one that accepts see it.
pub(crate) struct Seat {
    state: AtomicU8,
    /// Milliseconds from `begin` to the last change of the state.
    since: AtomicU64,
    begin: Instant,
    /// Bytes that came in, in all and until the last reply.
    read: AtomicU64,
    done: AtomicU64,
    cut: Notify,
    /// Whether a request is read whose handling has not begun.
    announced: AtomicBool,
    /// The turn of the request that is being read, until its handler takes it or there is none.
    turn: Mutex<Option<Turn>>,
}

impl Seat {
    /// A request was read.
    pub(crate) fn announce(&self) {
        self.announced.store(true, Ordering::Relaxed);
    }

    /// A request begins; false when the connection has to go.
    pub(crate) fn begin(&self, complete: bool) -> bool {
        self.announced.store(false, Ordering::Relaxed);
        self.change(WAITING, if complete { HANDLING } else { RECEIVING })
    }

    /// The reply is there.
    pub(crate) fn done(&self) {
        self.done.store(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
        // One that is cut stays so.
        let _cut = self.change(HANDLING, WAITING) || self.change(RECEIVING, WAITING);
    }

    /// More bytes came in.
    pub(crate) fn read(&self, bytes: usize) {
        self.read.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
    }

    /// How many bytes had come in by the last reply.
    pub(crate) fn replied(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// A request waits for its turn; false when the connection has to go.
    pub(crate) fn queue(&self) -> bool {
        self.change(WAITING, QUEUED)
    }

    /// Its turn has come.
    pub(crate) fn call(&self, turn: Option<Turn>) {
        *self.turn() = turn;
        let _queued = self.change(QUEUED, WAITING);
    }

    /// The turn that was given to what is being read; gives it back when dropped.
    pub(crate) fn take_turn(&self) -> Option<Turn> {
        self.turn().take()
    }

    fn turn(&self) -> MutexGuard<'_, Option<Turn>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what comes in next is the beginning of a request.
    pub(crate) fn is_fresh(&self) -> bool {
        self.state.load(Ordering::Acquire) == WAITING
            && self.read.load(Ordering::Relaxed) == self.replied()
            && !self.announced.load(Ordering::Relaxed)
    }

    /// Whether a head began to come in, and is not a request yet.
    pub(crate) fn has_begun(&self) -> bool {
        self.state.load(Ordering::Acquire) == WAITING
            && self.read.load(Ordering::Relaxed) > self.replied()
            && !self.announced.load(Ordering::Relaxed)
    }

    /// Ends when the connection has to go.
    pub(crate) async fn left(&self) {
        self.cut.notified().await;
    }

    fn cut(&self, state: u8) -> bool {
        let cut = self.change(state, CUT);
        if cut {
            self.cut.notify_one();
        }
        cut
    }

    fn change(&self, from: u8, to: u8) -> bool {
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let changed = self.state.compare_exchange(from, to, order.0, order.1).is_ok();
        if changed {
            self.touch();
        }
        changed
    }

    fn since(&self) -> u64 {
        self.since.load(Ordering::Relaxed)
    }

    fn touch(&self) {
        self.since.store(millis(self.begin.elapsed()), Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The body of a request, which tells its seat when it is complete.
pub(crate) struct Arriving {
    body: Incoming,
    seat: Arc<Seat>,
}

impl Arriving {
    pub(crate) fn new(body: Incoming, seat: &Arc<Seat>) -> Self {
        Self { body, seat: Arc::clone(seat) }
    }
}

impl Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        let complete = matches!(frame, Poll::Ready(None)) || self.body.is_end_stream();
        if complete
            && !self.seat.change(RECEIVING, HANDLING)
            && self.seat.state.load(Ordering::Acquire) == CUT
        {
            // What is cut must not be acknowledged; its task ends at once.
            return Poll::Pending;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
