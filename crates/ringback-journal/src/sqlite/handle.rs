//! A handle of the file beside those that SQLite has.

#[cfg(unix)]
use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    os::unix::fs::MetadataExt as _,
    sync::{Mutex, PoisonError},
};
use std::{fs::File, path::Path};

/// The handle of each file, by device and number.
#[cfg(unix)]
static HANDLES: Mutex<BTreeMap<(u64, u64), &'static File>> = Mutex::new(BTreeMap::new());

/// A handle to sync the file with; it stays open until the process ends.
///
/// Closing any handle of a file takes away every lock that the process has on it: that is how POSIX has record locks,
/// and SQLite's are such.
/// So there is one for each file, and it is not closed.
#[cfg(unix)]
pub(super) fn kept_open(path: &Path) -> Option<&'static File> {
    let mut handles = HANDLES.lock().unwrap_or_else(PoisonError::into_inner);
    let file = std::fs::metadata(path).ok()?;
    let known = handles.get(&(file.dev(), file.ino()));
    if let Some(known) = known {
        return Some(known);
    }
    let handle: &File = Box::leak(Box::new(OpenOptions::new().write(true).open(path).ok()?));
    // It may have become another file meanwhile; then this one is never asked for.
    let file = handle.metadata().ok()?;
    handles.insert((file.dev(), file.ino()), handle);
    Some(handle)
}

/// None where it was not tried what closing it does.
#[cfg(not(unix))]
pub(super) fn kept_open(_: &Path) -> Option<&'static File> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_handle() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert!(kept_open(&path).is_none());
        std::fs::write(&path, "a").unwrap();
        let first = kept_open(&path).unwrap();
        assert!(std::ptr::eq(first, kept_open(&path).unwrap()));
        std::fs::rename(&path, directory.path().join("moved")).unwrap();
        std::fs::write(&path, "b").unwrap();
        assert!(!std::ptr::eq(first, kept_open(&path).unwrap()));
    }
}
