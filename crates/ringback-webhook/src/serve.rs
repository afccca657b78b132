//! Serving a router with limits that hold before a request is one.

use std::{
    convert::Infallible, future::poll_fn, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration,
};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{Request, StatusCode},
    response::Response,
};
use hyper::{
    body::{Body as _, Incoming},
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    Gauge, Limits, Metrics,
    crowd::{Arriving, Crowd, Seat},
    meters::{Meters, Refusal},
    stream::Counted,
    turns::Turns,
};

/// How many connections the system may keep for us until they are accepted; its own limit may be lower.
///
/// Listeners begin with 128, and a burst of more is reset by Linux, which the senders take for a failure.
const QUEUE: i32 = 4096;

/// How a server stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Connections that were cut because their request was not done in time.
    pub connections_cut: usize,
    /// Acknowledged events whose handler was not done in time.
    pub events_left: usize,
    /// Handlers of events from a journal that were not done in time; their events are dispatched again at the next start.
    pub handlers_cut: usize,
}

impl Stopped {
    /// Whether everything was finished.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.connections_cut == 0 && self.events_left == 0 && self.handlers_cut == 0
    }
}

/// Serves a router over HTTP/1 until the future ends; then finishes what runs, within [`Limits::stop`].
///
/// Thousands of connections may come at once: those wait at the listener until they are accepted.
/// Heads that are slow or large are cut.
/// When there are as many connections as the limit allows, those that never asked anything go, then those that have
/// asked nothing for the longest time, then those whose body has not arrived.
/// One whose request is being handled, or waits for its turn, is never cut for that.
/// Dropping the future stops at once.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    metrics: &Metrics,
    shutdown: impl Future<Output = ()>,
) -> Stopped {
    serve_in_turn(listener, router, limits, metrics, None, shutdown).await
}

/// The same with turns for those that bring events.
pub(crate) async fn serve_in_turn(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    metrics: &Metrics,
    turns: Option<Turns>,
    shutdown: impl Future<Output = ()>,
) -> Stopped {
    let meters = Arc::new(Meters::new(metrics));
    let http = http(limits);
    if let Err(error) = SockRef::from(&listener).listen(QUEUE) {
        tracing::debug!(%error, "the queue of the listener stays as it is");
    }
    let graceful = GracefulShutdown::new();
    let mut crowd = Crowd::new(limits.connections);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let room = connections.len() < limits.connections.max(1);
        if !room {
            meters.cut.of(&["crowded"]).add(crowd.make_room());
        }
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next_with_id() => crowd.leave(match &ended {
                Ok((id, ())) => *id,
                Err(error) => error.id(),
            }),
            (stream, peer) = accept(&listener), if room => {
                let seat = crowd.seat();
                let service = service(router.clone(), peer, &seat, &meters);
                let io = TokioIo::new(Counted::new(stream, &seat, turns.clone(), limits.head_time));
                let connection = graceful.watch(http.serve_connection(io, service));
                let guest = guest(connection, Arc::clone(&seat), peer, Arc::clone(&meters));
                crowd.enter(connections.spawn(guest).id(), seat);
            }
            // By then somebody may have nothing to do.
            () = sleep(Duration::from_millis(5)), if !room => {}
        }
    }
    drop(listener);
    if let Some(turns) = &turns {
        // To the connection a request that waits for its turn is none, and would not be finished.
        turns.open();
        let end = Instant::now() + limits.stop / 4;
        while crowd.has_queue() && Instant::now() < end {
            sleep(Duration::from_millis(1)).await;
        }
    }
    let finished = timeout(limits.stop, graceful.shutdown()).await;
    while connections.try_join_next().is_some() {}
    let connections_cut = if finished.is_ok() { 0 } else { connections.len() };
    meters.cut.of(&["stopping"]).add(u64::try_from(connections_cut).unwrap_or_default());
    connections.shutdown().await;
    Stopped { connections_cut, ..Stopped::default() }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // From the last reply on; the time of a head is counted from its first byte.
        .header_read_timeout(limits.idle_time.max(limits.head_time))
        .max_headers(limits.headers)
        .max_header_size(limits.head)
        // What a connection may hold of a body that nobody has asked for yet.
        .max_buf_size(limits.head.saturating_mul(2).max(32 << 10));
    http
}

/// One connection, from the first byte to the last.
async fn guest(
    connection: impl Future<Output = hyper::Result<()>>,
    seat: Arc<Seat>,
    peer: SocketAddr,
    meters: Arc<Meters>,
) {
    let _open = Open::new(&meters);
    let mut connection = pin!(connection);
    let in_turn = poll_fn(|cx| {
        let polled = connection.as_mut().poll(cx);
        // A whole head has its handler by now, which has taken the turn; for another nobody waits.
        drop(seat.take_turn());
        polled
    });
    let ended = tokio::select! {
        biased;
        () = seat.left() => return,
        ended = in_turn => ended,
    };
    let Err(error) = ended else { return };
    match refusal(&error, &seat) {
        Some(code) => {
            meters.refused.of(&["connection", code]).add(1);
            tracing::warn!(code, peer = %peer.ip(), %error, "connection refused");
        }
        None => tracing::debug!(peer = %peer.ip(), %error, "connection ended"),
    }
}

/// The code of what was no request; none when nothing was asked, or a request had its own reply.
fn refusal(error: &hyper::Error, seat: &Seat) -> Option<&'static str> {
    let code = if error.is_parse_too_large() {
        "head-too-large"
    } else if error.is_parse() {
        "head-malformed"
    } else if error.is_timeout() || is_late(error) {
        "head-too-slow"
    } else if error.is_incomplete_message() {
        "head-cut"
    } else {
        return None;
    };
    seat.has_begun().then_some(code)
}

/// Whether the stream failed because a head took too long.
fn is_late(error: &hyper::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &io::Error| cause.kind() == io::ErrorKind::TimedOut)
}

/// Answers the requests of one connection.
fn service(
    router: Router,
    peer: SocketAddr,
    seat: &Arc<Seat>,
    meters: &Arc<Meters>,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + use<>
{
    let router = TowerToHyperService::new(router);
    let (seat, meters) = (Arc::clone(seat), Arc::clone(meters));
    service_fn(move |request: Request<Incoming>| {
        let (router, seat, meters) = (router.clone(), Arc::clone(&seat), Arc::clone(&meters));
        seat.announce();
        async move {
            if !seat.begin(request.body().is_end_stream()) {
                // It is being cut, so nothing may begin.
                std::future::pending::<()>().await;
            }
            let mut request = request.map(|body| Arriving::new(body, &seat));
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(Arc::clone(&seat));
            let response = router.call(request).await;
            seat.done();
            if let Ok(response) = &response
                && response.status() == StatusCode::NOT_FOUND
                && response.extensions().get::<Refusal>().is_none()
            {
                meters.refused.of(&["other", "route-unknown"]).add(1);
                tracing::warn!(code = "route-unknown", peer = %peer.ip(), "request refused");
            }
            response
        }
    })
}

/// Counts a connection as long as it is open.
struct Open(Gauge);

impl Open {
    fn new(meters: &Meters) -> Self {
        meters.open.add(1);
        Self(meters.open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

/// The next connection; a failure to accept passes, so it is waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small replies should not wait for company.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no TCP_NODELAY");
                }
                return (stream, peer);
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                tracing::error!(code = "accept-failed", %error, "cannot accept connections");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Whether the error is of one connection that was gone before it was accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}
