//! What went wrong, told to everybody who waited for it.

use std::{fmt, path::PathBuf, sync::Arc};

use rusqlite::ErrorCode;

use crate::Error;

/// An error that can be told to many.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: Kind,
    code: &'static str,
    sentence: Arc<str>,
    source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Refused,
    Unavailable,
    /// What is on the disk is not known.
    Broken,
}

#[derive(Clone, Debug)]
struct Source(Arc<dyn std::error::Error + Send + Sync>);

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Source {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Failure {
    /// Other settings are needed.
    pub(super) fn refused(code: &'static str, sentence: impl Into<Arc<str>>) -> Self {
        Self { kind: Kind::Refused, code, sentence: sentence.into(), source: None }
    }

    /// The same may work later.
    pub(super) fn unavailable(code: &'static str, sentence: impl Into<Arc<str>>) -> Self {
        Self { kind: Kind::Unavailable, code, sentence: sentence.into(), source: None }
    }

    pub(super) fn caused(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Source(Arc::new(source)));
        self
    }

    /// Whether nothing may be written before the file is opened anew.
    pub(super) fn is_final(&self) -> bool {
        self.kind == Kind::Broken || self.code == CORRUPT
    }
}

impl From<Failure> for Error {
    fn from(Failure { kind, code, sentence, source }: Failure) -> Self {
        let sentence = String::from(&*sentence);
        let source = source.map(|source| source.0);
        match kind {
            Kind::Refused => Self::Refused { code, sentence, source },
            Kind::Unavailable | Kind::Broken => Self::Unavailable { code, sentence, source },
        }
    }
}

const CORRUPT: &str = "journal-corrupt";

/// The file, for sentences.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) PathBuf);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl Place {
    /// What an error of SQLite means, and what to do.
    pub(super) fn failure(&self, error: rusqlite::Error) -> Failure {
        let (kind, code, sentence) = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => (
                Kind::Unavailable,
                "journal-full",
                format!("the disk of {self} is full, so nothing can be kept; make room on it"),
            ),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
                Kind::Unavailable,
                "journal-locked",
                format!(
                    "another process writes in {self} and does not end; look for a sqlite3 shell \
                     or a backup with an open transaction, and end it"
                ),
            ),
            Some(ErrorCode::NotADatabase) => (
                Kind::Refused,
                CORRUPT,
                format!(
                    "{self} is no SQLite database; give the path of a journal or of a file that \
                     is not there yet, or put back a copy"
                ),
            ),
            Some(ErrorCode::DatabaseCorrupt) => (
                Kind::Refused,
                CORRUPT,
                format!(
                    "{self} is damaged; stop the server, and put back a copy of it, or save what \
                     can be read with `sqlite3 FILE .recover`, or move the file away with its -wal \
                     to begin anew"
                ),
            ),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                (Kind::Refused, "journal-permission", self.unwritable())
            }
            Some(ErrorCode::SystemIoFailure) => return self.broken(error),
            _ => (
                Kind::Unavailable,
                "journal-failed",
                format!("SQLite refuses what was asked of {self}; the cause says why"),
            ),
        };
        Failure { kind, code, sentence: sentence.into(), source: Some(Source(Arc::new(error))) }
    }

    /// After this nothing is written until the file is opened anew.
    pub(super) fn broken(&self, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
        let sentence = format!(
            "the disk of {self} reported an error, so it is not known what is on it and nothing \
             more is written; look at the disk, then start again"
        );
        Failure {
            kind: Kind::Broken,
            code: "journal-broken",
            sentence: sentence.into(),
            source: None,
        }
        .caused(error)
    }

    /// What is said when the file or something beside it cannot be written.
    pub(super) fn unwritable(&self) -> String {
        format!(
            "{self} cannot be opened for writing; let the user of this process write the file \
             and its directory, or give another path"
        )
    }
}
