//! One REST call as a value: how it is described, written and read.
//!
//! The same description serves three: the client encodes, the emulator decodes,
//! and the table [`OPERATIONS`](crate::OPERATIONS) tells routers and command lines what there is.

use bytes::Bytes;
use http::Method;
use serde::{Serialize, de::DeserializeOwned};

use crate::{ReadError, read};

/// One REST call, as data that can be sent and received.
pub trait Operation: Sized + Send {
    /// What a success answers; `()` where there is no body.
    type Reply: Serialize + DeserializeOwned + Send;
    /// The description that everything else derives from.
    const INFO: &'static OperationInfo;

    /// Writes the call: path filled and percent-encoded, query, body.
    ///
    /// # Errors
    /// When a value cannot be written, such as an empty path parameter.
    fn encode(&self) -> Result<RequestParts, EncodeError>;

    /// Reads the call from what arrived.
    ///
    /// # Errors
    /// A [`Fault`] names the parameter, or the path within the JSON body, and what is expected there.
    fn decode(parts: &RequestParts) -> Result<Self, Fault>;

    /// Reads the body of a success.
    ///
    /// # Errors
    /// When the body is not JSON or does not fit the reply.
    fn read_reply(body: Bytes) -> Result<Self::Reply, ReadError> {
        read::from_slice(&body)
    }
}

/// An operation whose answer may continue on a next page.
pub trait Paged: Operation + Clone {
    /// One item of the list.
    type Item: Send;
    /// The items of one page.
    fn items(reply: Self::Reply) -> Vec<Self::Item>;
    /// The call for the page after `reply`, or none when it was the last.
    fn next_page(&self, reply: &Self::Reply) -> Option<Self>;
}

/// A call on its way, without the host and without a credentials header.
///
/// Query and body may hold secrets: `Debug` shows their length only.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestParts {
    /// The HTTP method.
    pub method: Method,
    /// The path, percent-encoded, beginning with a slash.
    pub path: String,
    /// The query, percent-encoded, without the question mark.
    pub query: Option<String>,
    /// The content type of the body, as sent.
    pub content_type: Option<String>,
    /// The body, empty when there is none.
    pub body: Bytes,
}

impl std::fmt::Debug for RequestParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestParts")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query.as_ref().map(|query| format!("{} bytes", query.len())))
            .field("content_type", &self.content_type)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// What is known about an operation without having one.
#[derive(Debug)]
#[non_exhaustive]
pub struct OperationInfo {
    /// Module and name, such as `beta.GetConversation`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path template, such as `/beta/conversations/{conversation_id}`.
    pub path: &'static str,
    /// Which family of hosts serves it.
    pub host: Host,
    /// One sentence.
    pub summary: &'static str,
    /// Everything beside a JSON body that it takes.
    pub parameters: &'static [ParameterInfo],
    /// How its body is written.
    pub encoding: Encoding,
    /// What a success carries.
    pub reply: ReplyKind,
    /// The status codes of success; the first is the documented one.
    pub success: &'static [u16],
    /// Credentials it takes, the preferred first; empty when it takes none.
    pub auth: &'static [Scheme],
    /// The shape of its error bodies.
    pub errors: ErrorFamily,
    /// Whether it may be sent again.
    pub retry: Retry,
    /// How its list goes on, if it is one.
    pub paging: Option<Paging>,
}

/// One parameter of an operation.
#[derive(Debug)]
#[non_exhaustive]
pub struct ParameterInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// Where it travels.
    pub place: Place,
    /// Whether the operation is refused without it.
    pub required: bool,
    /// What its text has to be.
    pub kind: ValueKind,
    /// One sentence.
    pub about: &'static str,
}

impl ParameterInfo {
    pub(crate) const fn required(
        name: &'static str,
        place: Place,
        kind: ValueKind,
        about: &'static str,
    ) -> Self {
        Self { name, place, required: true, kind, about }
    }

    pub(crate) const fn optional(
        name: &'static str,
        place: Place,
        kind: ValueKind,
        about: &'static str,
    ) -> Self {
        Self { name, place, required: false, kind, about }
    }
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// In a form body.
    Form,
}

/// What the text of a parameter has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// A whole number between the two bounds, where there are any.
    Integer {
        /// The smallest allowed.
        minimum: Option<i64>,
        /// The largest allowed.
        maximum: Option<i64>,
    },
    /// `true` or `false`.
    Boolean,
    /// One of these words, other words being passed on.
    Word(&'static [&'static str]),
}

/// A family of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `api.nexmo.com` and its regional siblings.
    Api,
    /// `rest.nexmo.com`.
    Rest,
    /// The emulator's own control API.
    Control,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// There is no body.
    None,
}

/// What a success carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// A JSON document.
    Json,
    /// Nothing.
    Empty,
    /// Raw bytes, such as a recording.
    Bytes,
    /// Server-sent events.
    EventStream,
}

/// A way to say who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `Authorization: Bearer` with an application token.
    Jwt,
    /// `Authorization: Basic` with account key and secret.
    Basic,
    /// `api_key` and `api_secret` as parameters.
    Query,
}

/// The shape of an error body; the letters are those of the reference on errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorFamily {
    /// A: `type`, `title`, `detail`, `instance`.
    Problem,
    /// B: A with `code`, of the Conversation API v0.3 and v1.
    ConversationProblem,
    /// C: `code`, `description`, of the Conversation API up to v0.2.
    CodeDescription,
    /// D: `error-code`, `error-code-label`, of `rest.nexmo.com`.
    ErrorCodeLabel,
    /// E: `type`, `error_title`, of the Voice API; 429 is A there.
    Voice,
    /// The emulator's control API.
    Control,
}

/// Whether an operation may be sent again after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Always: doing it twice is doing it once.
    Always,
    /// Only when it certainly did not arrive.
    NotSent,
}

/// How a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// JSON pointer of the items within the reply; empty for the reply itself.
    pub items: &'static str,
    /// The rule for the next page.
    pub next: NextRule,
}

/// The rule for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextRule {
    /// `_links.next.href` holds the next value of this query parameter.
    Link {
        /// The parameter, such as `cursor`.
        parameter: &'static str,
    },
    /// This parameter counts pages from `first` up to `total_pages`.
    Page {
        /// The parameter, such as `page`.
        parameter: &'static str,
        /// The number of the first page.
        first: u32,
    },
    /// This parameter counts pages from `first`; `count` is the total of items.
    Index {
        /// The parameter, such as `index` or `record_index`.
        parameter: &'static str,
        /// The number of the first page.
        first: u32,
        /// The parameter with the size of a page.
        size: &'static str,
    },
}

/// A value that cannot be written into a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A path parameter is empty, or would climb out of its place.
    #[error("the path parameter `{name}` cannot be {value:?}")]
    Path {
        /// The parameter.
        name: &'static str,
        /// The value it had.
        value: String,
    },
    /// The body cannot be written as JSON.
    #[error("the body cannot be written as JSON")]
    Body(#[source] serde_json::Error),
}

/// What is wrong with a request that arrived: where, what was seen, what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} `{name}`: {reason}")]
#[non_exhaustive]
pub struct Fault {
    /// Where it is.
    pub place: FaultPlace,
    /// The parameter's name, or the dotted path within the body (empty for the body as a whole).
    pub name: String,
    /// What the platform would say of it, such as `"page_size" must be a number`.
    pub reason: String,
    /// The value seen, cut short; secrets never stand here.
    pub seen: String,
    /// What is accepted there.
    pub expected: String,
}

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a form body.
    Form,
    /// In a JSON body that could be read as JSON.
    Body,
    /// The body is not JSON at all.
    Json,
}

impl std::fmt::Display for FaultPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Path => "path parameter",
            Self::Query => "query parameter",
            Self::Form => "form field",
            Self::Body => "body field",
            Self::Json => "body",
        })
    }
}
