//! Why an emulator does not start.

use std::{net::SocketAddr, path::PathBuf};

/// Why an emulator does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The listener has no address.
    #[error("the listener has no local address")]
    Listener(#[source] std::io::Error),
    /// Others can reach the address, and nothing keeps them from the control API.
    #[error("others can reach {address}, so a control token is needed")]
    ControlTokenNeeded {
        /// The address of the listener.
        address: SocketAddr,
    },
    /// A webhook mapping is not usable.
    #[error("the webhook mapping {seen:?} cannot be used: {problem}")]
    Mapping {
        /// The part that is not usable.
        seen: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The signature secret is empty, and anybody could sign with it.
    #[error("the signature secret cannot be used")]
    SignatureSecret(#[source] ringback_jwt::Error),
    /// The private key of the first application cannot be used.
    #[error("the private key of the first application cannot be used")]
    PrivateKey(#[source] ringback_jwt::Error),
    /// The directory of the state cannot be used.
    #[error("the data directory {} cannot be used: {problem}; {fix}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What was seen there.
        problem: String,
        /// What to do.
        fix: &'static str,
        /// What the file system or the database said.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The thread that writes the state cannot be started.
    #[error("the thread that writes the state cannot be started")]
    Writer(#[source] std::io::Error),
    /// The port for https cannot be had.
    #[error("https cannot be served at {address}")]
    Https {
        /// The address that was asked for.
        address: SocketAddr,
        /// Why it cannot be had.
        #[source]
        cause: std::io::Error,
    },
    /// No certificate can be made for https.
    #[error("no certificate can be made for https")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
    /// The part that sends webhooks cannot be set up.
    #[error("webhooks cannot be sent")]
    Sender(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Whether a setting is at fault, and not the machine.
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(
            self,
            Self::ControlTokenNeeded { .. }
                | Self::Mapping { .. }
                | Self::SignatureSecret(_)
                | Self::PrivateKey(_)
                | Self::DataDir { .. }
                | Self::Https { .. }
        )
    }
}
