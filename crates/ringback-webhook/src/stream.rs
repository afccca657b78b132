//! The bytes of a connection.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

use crate::{
    crowd::Seat,
    turns::{Turn, Turns},
};

/// A stream that counts what comes in, has events wait for their turn, and fails when a head takes too long.
pub(crate) struct Counted {
    stream: TcpStream,
    seat: Arc<Seat>,
    turns: Option<Turns>,
    /// What came in of a request whose turn has not come.
    queued: Option<Queued>,
    head_time: Duration,
    /// The end of the patience with a head that is not complete, and which that is.
    deadline: Option<(u64, Pin<Box<Sleep>>)>,
}

impl Counted {
    pub(crate) fn new(
        stream: TcpStream,
        seat: &Arc<Seat>,
        turns: Option<Turns>,
        head_time: Duration,
    ) -> Self {
        let seat = Arc::clone(seat);
        Self { stream, seat, turns, queued: None, head_time, deadline: None }
    }

    /// Has what was just read wait when it begins an event and others are before it.
    fn queue(&mut self, buf: &mut ReadBuf<'_>, before: usize) {
        let Some(turns) = &self.turns else { return };
        let head = buf.filled().get(before..).unwrap_or_default();
        if !turns.concern(head) {
            return;
        }
        if let Some(turn) = turns.now() {
            self.seat.call(Some(turn));
        } else if self.seat.queue() {
            let head = Bytes::copy_from_slice(head);
            buf.set_filled(before);
            self.queued = Some(Queued { head, turn: Some(Box::pin(turns.clone().next())) });
        }
    }

    /// Hands out what waited, once its turn has come.
    fn poll_queued(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<()> {
        let Some(Queued { head, turn }) = &mut self.queued else { return Poll::Ready(()) };
        if let Some(waiting) = turn {
            self.seat.call(ready!(waiting.as_mut().poll(cx)));
            *turn = None;
        }
        buf.put_slice(&head.split_to(head.len().min(buf.remaining())));
        if head.is_empty() {
            self.queued = None;
        }
        Poll::Ready(())
    }

    /// Fails when the rest of a head is waited for too long; a head that comes at once needs no timer.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.seat.has_begun() {
            self.deadline = None;
            return Poll::Pending;
        }
        let which = self.seat.replied();
        let fresh = || (which, Box::pin(sleep(self.head_time)));
        let deadline = match self.deadline.take() {
            Some(known) if known.0 == which => known,
            _ => fresh(),
        };
        let (_, timer) = self.deadline.insert(deadline);
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// A request that waits.
struct Queued {
    head: Bytes,
    /// None once it has come.
    turn: Option<Pin<Box<dyn Future<Output = Option<Turn>> + Send>>>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.queued.is_none() {
            let is_fresh = self.seat.is_fresh();
            let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
            if polled.is_pending() {
                return self.poll_late(cx);
            }
            self.seat.read(buf.filled().len() - before);
            if is_fresh {
                self.queue(buf, before);
            }
            if self.queued.is_none() {
                return polled;
            }
        }
        self.poll_queued(cx, buf).map(Ok)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
