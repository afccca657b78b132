//! The connection, which comes back by itself.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, ConnectOptions, Event};

use super::addresses::{Addresses, Login};
use crate::Error;

/// How long one server may take to answer.
const ONE: Duration = Duration::from_secs(2);
/// A server that says nothing is given up after three of these.
const PING: Duration = Duration::from_secs(3);

/// Connects to the first server that answers.
pub(super) async fn connect(addresses: &Addresses, timeout: Duration) -> Result<Client, Error> {
    let mut options = ConnectOptions::new()
        .name("ringback-journal")
        .connection_timeout(ONE)
        .ping_interval(PING)
        .request_timeout(Some(timeout))
        .reconnect_delay_callback(|attempts| {
            let doubled = 1 << attempts.min(6);
            Duration::from_millis(20).saturating_mul(doubled).min(Duration::from_secs(1))
        })
        .event_callback(|event| async move {
            match event {
                Event::Connected => tracing::info!("connected to a NATS server"),
                Event::Disconnected => tracing::warn!("the connection to a NATS server is lost"),
                other => tracing::warn!("the connection to a NATS server: {other}"),
            }
        });
    options = match &addresses.login {
        None => options,
        Some(Login::Password(name, password)) => {
            options.user_and_password(name.clone(), password.clone())
        }
        Some(Login::Token(token)) => options.token(token.clone()),
    };
    let servers = addresses.servers.clone();
    // It is large, and waits in futures that callers hold.
    Box::pin(options.connect(servers)).await.map_err(|error| {
        use async_nats::ConnectErrorKind as Kind;
        let kind = error.kind();
        let source = Some(Arc::new(error) as _);
        if matches!(kind, Kind::Authentication | Kind::AuthorizationViolation) {
            let sentence = format!(
                "the NATS servers at {addresses} do not accept the login; give the name and the \
                 password as nats://name:password@host:4222"
            );
            return Error::Refused { code: "journal-login", sentence, source };
        }
        let sentence =
            format!("no NATS server answers at {addresses}; start them, or correct the addresses");
        Error::Unavailable { code: "journal-unreachable", sentence, source }
    })
}
