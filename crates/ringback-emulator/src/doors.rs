//! Connections that may speak TLS, at a door of their own or at one for both.

use std::{
    fmt, io, iter,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, serve::Listener};
use ringback_model::Timestamp;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, Error, Tls,
    tls::{self, Authority},
};

/// Where https is served, and with what.
#[derive(Debug)]
pub(crate) struct Https {
    /// Its origin, such as `https://127.0.0.1:4011`.
    pub(crate) url: String,
    pub(crate) authority: Authority,
    /// A listener of its own; none when it shares that of plain http.
    listener: Option<TcpListener>,
}

impl Https {
    /// As the configuration wants it, beside a listener at this address; none when it wants none.
    pub(crate) fn new(
        config: &Config,
        address: SocketAddr,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let listener = match config.tls {
            Tls::Off => return Ok(None),
            Tls::SamePort => None,
            Tls::Port(port) => {
                let address = SocketAddr::new(address.ip(), port);
                Some(bind(address).map_err(|cause| Error::Https { address, cause })?)
            }
        };
        let own = listener.as_ref().map(TcpListener::local_addr).transpose();
        let own = own.map_err(Error::Listener)?.unwrap_or(address);
        let names = tls::more_names(&config.allowed_hosts, address.ip());
        let authority = Authority::new(now, &names)?;
        Ok(Some(Self { url: origin("https", own), authority, listener }))
    }
}

/// What may be told of https.
#[derive(Clone, Debug)]
pub(crate) struct Secure {
    pub(crate) url: String,
    /// The certificate of the authority.
    pub(crate) pem: String,
}

impl From<&Https> for Secure {
    fn from(https: &Https) -> Self {
        Self { url: https.url.clone(), pem: https.authority.pem.clone() }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// The origin under which a listener is reached from this machine.
pub(crate) fn origin(scheme: &str, address: SocketAddr) -> String {
    let ip = address.ip();
    match (ip.is_unspecified(), ip.is_ipv6()) {
        (true, _) => format!("{scheme}://127.0.0.1:{}", address.port()),
        (false, true) => format!("{scheme}://[{ip}]:{}", address.port()),
        (false, false) => format!("{scheme}://{ip}:{}", address.port()),
    }
}

/// How many connections the system may keep until they are accepted; its own limit may be lower.
///
/// Listeners begin with 128, and a burst of more is reset by Linux: no fault that the platform would have.
const QUEUE: i32 = 4096;

/// Serves plain http at the listener, and https where it is wanted.
pub(crate) fn serve(
    listener: TcpListener,
    https: Option<Https>,
    router: Router,
    stop: &CancellationToken,
) -> Result<Vec<JoinHandle<()>>, Error> {
    let own = https.as_ref().and_then(|https| https.listener.as_ref());
    for listener in iter::once(&listener).chain(own) {
        if let Err(error) = SockRef::from(listener).listen(QUEUE) {
            tracing::debug!(%error, "the queue of the listener stays as it is");
        }
    }
    let open = |listener, acceptor, speech| {
        Doors::open(listener, acceptor, speech, stop.clone()).map_err(Error::Listener)
    };
    Ok(match https {
        None => vec![spawn(listener, router, stop)],
        Some(Https { authority, listener: None, .. }) => {
            vec![spawn(open(listener, authority.acceptor, Speech::Either)?, router, stop)]
        }
        Some(Https { authority, listener: Some(own), .. }) => {
            let secure = open(own, authority.acceptor, Speech::Tls)?;
            vec![spawn(listener, router.clone(), stop), spawn(secure, router, stop)]
        }
    })
}

fn spawn<L>(listener: L, router: Router, stop: &CancellationToken) -> JoinHandle<()>
where
    L: Listener,
    L::Addr: fmt::Debug,
{
    let stop = stop.clone();
    tokio::spawn(async move {
        let served = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stop.cancelled().await })
            .await;
        if let Err(error) = served {
            tracing::error!(%error, "the emulator cannot serve any more");
        }
    })
}

/// How long a connection may take to say what it speaks, and to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How many connections that are ready wait to be served.
const WAITING: usize = 64;
/// The first byte of TLS: a handshake. No method of HTTP begins so.
const HELLO: u8 = 0x16;

/// What is spoken at a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    /// TLS only.
    Tls,
    /// TLS or plain HTTP, as the first byte says.
    Either,
}

/// A listener whose connections have shaken hands already; one that is slow holds up nobody.
#[derive(Debug)]
pub(crate) struct Doors {
    ready: mpsc::Receiver<(Stream, SocketAddr)>,
    address: SocketAddr,
}

impl Doors {
    /// Takes connections until the token is cancelled or this is dropped.
    pub(crate) fn open(
        mut listener: TcpListener,
        acceptor: TlsAcceptor,
        speech: Speech,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (tell, ready) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            loop {
                let (stream, from) = tokio::select! {
                    () = stop.cancelled() => return,
                    () = tell.closed() => return,
                    // This one logs failures and goes on.
                    accepted = Listener::accept(&mut listener) => accepted,
                };
                let (acceptor, tell) = (acceptor.clone(), tell.clone());
                tokio::spawn(async move {
                    let welcomed = welcome(stream, &acceptor, speech);
                    match tokio::time::timeout(HANDSHAKE, welcomed).await {
                        // Nobody serves any more when it cannot be handed on.
                        Ok(Ok(stream)) => drop(tell.send((stream, from)).await),
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS connection came about"),
                        Err(_) => tracing::debug!("a TLS handshake took too long"),
                    }
                });
            }
        });
        Ok(Self { ready, address })
    }
}

async fn welcome(stream: TcpStream, acceptor: &TlsAcceptor, speech: Speech) -> io::Result<Stream> {
    if speech == Speech::Either {
        let mut first = [0];
        if stream.peek(&mut first).await? == 0 || first != [HELLO] {
            return Ok(Stream::Plain(stream));
        }
    }
    Ok(Stream::Tls(Box::new(acceptor.accept(stream).await?)))
}

impl Listener for Doors {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // It is stopping: whoever asks is about to be told so too.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection, with or without TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Nobody accepts meanwhile, for the one thread connects: all of them wait in the queue of the system.
    #[tokio::test]
    async fn a_burst_of_connections_waits_and_none_is_reset() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", axum::routing::get(async || "here"));
        let _tasks = serve(listener, None, router, &stop).unwrap();
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
        let count = allowed.map_or(100, |allowed| allowed.trim().parse().unwrap()).min(400);
        let connect = |_| {
            let patience = Duration::from_secs(10);
            std::net::TcpStream::connect_timeout(&address, patience).unwrap()
        };
        let burst: Vec<_> = (0..count).map(connect).collect();
        for stream in burst {
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream).unwrap();
            stream
                .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await.unwrap();
            assert!(reply.starts_with("HTTP/1.1 200") && reply.ends_with("here"), "{reply}");
        }
    }

    #[test]
    fn origins() {
        for (address, expected) in [
            ("127.0.0.1:4010", "http://127.0.0.1:4010"),
            ("0.0.0.0:1", "http://127.0.0.1:1"),
            ("[::1]:1", "http://[::1]:1"),
            ("[::]:1", "http://127.0.0.1:1"),
            ("10.0.0.7:80", "http://10.0.0.7:80"),
        ] {
            assert_eq!(origin("http", address.parse().unwrap()), expected);
        }
    }
}
