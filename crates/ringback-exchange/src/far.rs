//! What stands at the far end of a leg: a telephone, a user, a SIP peer, a websocket, an extension.

use std::sync::Arc;

use ringback_model::{ChannelType, Json, PhoneNumber, event::ChannelEndpoint};

use crate::{Refusal, SocketAuthorization, refusal};

/// What stands at the far end of a leg.
#[derive(Clone, Debug)]
pub(crate) enum Far {
    /// A telephone, by its number.
    Phone,
    /// A user of a client SDK, by name.
    App,
    /// A SIP peer, by URI, with the headers it is sent.
    Sip(Option<Box<Json>>),
    /// An extension of the vendor's own telephony.
    Vbc,
    /// A websocket of the application, by URI.
    Websocket(Box<Websocket>),
}

/// A websocket of the application.
#[derive(Clone, Debug)]
pub(crate) struct Websocket {
    pub(crate) content_type: Box<str>,
    /// Samples a second; none when the content type is none that is documented.
    pub(crate) rate: Option<u32>,
    pub(crate) headers: Option<Json>,
    pub(crate) authorization: SocketAuthorization,
}

impl Far {
    pub(crate) fn kind(&self) -> ChannelType {
        match self {
            Self::Phone => ChannelType::Phone,
            Self::App => ChannelType::App,
            Self::Sip(_) => ChannelType::Sip,
            Self::Vbc => ChannelType::Vbc,
            Self::Websocket(_) => ChannelType::Websocket,
        }
    }

    /// Whether a virtual phone stands there.
    pub(crate) fn is_phone(&self) -> bool {
        !matches!(self, Self::Websocket(_))
    }

    /// Where the virtual phone for this far end is found: a number, `app:NAME`, a URI, `vbc:EXTENSION`.
    pub(crate) fn address(&self, text: &Arc<str>) -> Arc<str> {
        match self {
            Self::App => format!("app:{text}").into(),
            Self::Vbc => format!("vbc:{text}").into(),
            Self::Phone | Self::Sip(_) | Self::Websocket(_) => Arc::clone(text),
        }
    }

    /// The address as a person or a seed file writes it, read.
    pub(crate) fn of_address(address: &str) -> (Self, &str) {
        match address.split_once(':') {
            Some(("app", user)) => (Self::App, user),
            Some(("vbc", extension)) => (Self::Vbc, extension),
            Some(("sip" | "sips", _)) => (Self::Sip(None), address),
            _ => (Self::Phone, address),
        }
    }

    /// The same, where it has to be one: a number in E.164, or a name that is not empty.
    pub(crate) fn checked(name: &'static str, address: &str) -> Result<(Self, Arc<str>), Refusal> {
        let (far, text) = Self::of_address(address);
        let named = match far {
            Self::Phone => match PhoneNumber::new(text) {
                Ok(number) => return Ok((far, number.as_str().into())),
                Err(error) => return Err(refusal::malformed_number(name, text, &error)),
            },
            Self::Sip(_) => text.split_once(':').map_or("", |(_, peer)| peer),
            _ => text,
        };
        if named.trim().is_empty() {
            return Err(refusal::empty_address(name, address));
        }
        Ok((far, text.into()))
    }

    /// The end as conversations and the Voice API write it.
    pub(crate) fn end(&self, text: &str) -> ChannelEndpoint {
        let mut end = ChannelEndpoint::new();
        end.kind = Some(self.kind());
        let text = Some(text.to_owned());
        match self {
            Self::Phone => end.number = text,
            Self::App => end.user = text,
            Self::Vbc => end.extension = text,
            Self::Sip(headers) => {
                end.uri = text;
                end.headers = headers.as_deref().cloned();
            }
            Self::Websocket(socket) => {
                end.uri = text;
                end.content_type = Some(socket.content_type.to_string());
                end.headers.clone_from(&socket.headers);
            }
        }
        end
    }

    /// The custom headers that the events of the leg echo.
    pub(crate) fn headers(&self) -> Option<&Json> {
        match self {
            Self::Websocket(socket) => socket.headers.as_ref(),
            Self::Sip(headers) => headers.as_deref(),
            _ => None,
        }
    }
}
