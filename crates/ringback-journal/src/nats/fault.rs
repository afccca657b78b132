//! What the library and the servers report, as our errors.

use std::{error::Error as StdError, sync::Arc};

use async_nats::jetstream::{
    self, ErrorCode,
    context::{PublishError, PublishErrorKind},
};

use crate::Error;

type Source = Box<dyn StdError + Send + Sync>;

/// It cannot be used as it is set up.
pub(super) fn refused(code: &'static str, sentence: impl Into<String>) -> Error {
    Error::Refused { code, sentence: sentence.into(), source: None }
}

/// It does not work now.
pub(super) fn unavailable(code: &'static str, sentence: impl Into<String>) -> Error {
    Error::Unavailable { code, sentence: sentence.into(), source: None }
}

/// The cluster did not do what it was asked, and may do so later.
pub(super) fn unreachable(what: &str, source: impl Into<Source>) -> Error {
    Error::Unavailable {
        code: "journal-unreachable",
        sentence: format!(
            "the NATS cluster does not {what} now; see whether most of its servers run and reach each other"
        ),
        source: Some(source.into().into()),
    }
}

/// The code of the JetStream error that stands behind another.
pub(super) fn code_of(error: &(dyn StdError + 'static)) -> Option<ErrorCode> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(known) = error.downcast_ref::<jetstream::Error>() {
            return Some(known.error_code());
        }
        next = error.source();
    }
    None
}

/// Whether there is no room for what was published.
pub(super) fn is_full(error: &PublishError) -> bool {
    // Limits of the stream come as a store that failed.
    let full = [ErrorCode::INSUFFICIENT_RESOURCES, ErrorCode::STREAM_STORE_FAILED];
    code_of(error).is_some_and(|code| full.contains(&code))
}

/// Why an entry is not known to be kept.
pub(super) fn of_publish(error: PublishError) -> Error {
    match (error.kind(), code_of(&error)) {
        (PublishErrorKind::MaxPayloadExceeded, _)
        | (_, Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM)) => Error::Refused {
            code: "journal-large",
            sentence: "an entry is larger than the NATS servers take; raise max_payload there, \
                       or send smaller ones"
                .to_owned(),
            source: Some(Arc::new(error)),
        },
        _ if is_full(&error) => Error::Unavailable {
            code: "journal-full",
            sentence: "the NATS servers have no room for another entry; give JetStream more room \
                       (max_file_store) or have old entries expire"
                .to_owned(),
            source: Some(Arc::new(error)),
        },
        _ => unreachable("acknowledge entries", error),
    }
}
