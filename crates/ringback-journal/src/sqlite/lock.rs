//! Who writes the journal as a server.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use super::failure::{Failure, Place};

/// Held as long as the journal is written; the system lets go of it when the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held")] File);

impl Lock {
    pub(super) fn take(place: &Place) -> Result<Self, Failure> {
        let unwritable = |error: std::io::Error| {
            Failure::refused("journal-permission", place.unwritable()).caused(error)
        };
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(beside(&place.0))
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::refused(
                "journal-held",
                format!(
                    "another server keeps its events in {place}; stop that one, or give another \
                     path"
                ),
            )),
            Err(TryLockError::Error(error)) => Err(Failure::refused(
                "journal-no-locks",
                format!("the file system of {place} has no locks; give a path on a local disk"),
            )
            .caused(error)),
        }
    }
}

/// A file that it makes is for its owner alone: there are telephone numbers in it.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-lock");
    name.into()
}
