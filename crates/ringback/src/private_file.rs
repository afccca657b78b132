//! Files that hold secrets: for their owner alone, and whole or not there at all.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A file of its owner alone, which stands beside its place until it is whole.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    path: PathBuf,
    temporary: PathBuf,
    file: fs::File,
    saved: bool,
}

impl PrivateFile {
    /// Makes the file, empty, beside the place where it will be.
    pub(crate) fn reserve(path: &Path) -> io::Result<Self> {
        let mut options = fs::OpenOptions::new();
        // A file or link that somebody left there is never written to, nor do its permissions stay.
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
        // A process of the same id may have been killed here before.
        for number in 0..100 {
            let mut temporary = path.as_os_str().to_owned();
            temporary.push(format!(".{}-{number}", std::process::id()));
            let temporary = PathBuf::from(temporary);
            match options.open(&temporary) {
                Ok(file) => {
                    return Ok(Self { path: path.to_owned(), temporary, file, saved: false });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
                Err(error) => return Err(error),
            }
        }
        Err(taken)
    }

    /// Writes the text and moves the file to its place, over what is there.
    pub(crate) fn save(mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.saved = true;
        Ok(())
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.saved {
            // It is not whole, and nobody knows of it.
            drop(fs::remove_file(&self.temporary));
        }
    }
}

/// Gives the file at this place another name as well, `NAME.1` or the next that is free, and says
/// which; it stays at its place until another file is moved over it.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..1000 {
        let mut aside = path.as_os_str().to_owned();
        aside.push(format!(".{number}"));
        let aside = PathBuf::from(aside);
        match fs::hard_link(path, &aside) {
            Ok(()) => return Ok(aside),
            Err(_) if fs::symlink_metadata(&aside).is_ok() => {}
            // Some file systems know no second name.
            Err(_) => return fs::rename(path, &aside).map(|()| aside),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn what_was_planted_is_neither_followed_nor_used() {
        let directory = tempfile::TempDir::new().unwrap();
        let place = |name: &str| directory.path().join(name);
        let planted = |number: u32| place(&format!("env.{}-{number}", std::process::id()));
        fs::write(place("victim"), "untouched").unwrap();
        symlink(place("victim"), planted(0)).unwrap();
        fs::write(planted(1), "open to all").unwrap();
        symlink(place("victim"), place("env")).unwrap();

        PrivateFile::reserve(&place("env")).unwrap().save("secret").unwrap();
        assert_eq!(fs::read_to_string(place("env")).unwrap(), "secret");
        let about = fs::symlink_metadata(place("env")).unwrap();
        assert!(about.is_file());
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_to_string(place("victim")).unwrap(), "untouched");
        assert_eq!(fs::read_to_string(planted(1)).unwrap(), "open to all");
    }

    #[test]
    fn what_is_set_aside_is_kept_as_it_is() {
        let directory = tempfile::TempDir::new().unwrap();
        let place = |name: &str| directory.path().join(name);
        fs::write(place("key"), "old").unwrap();
        fs::set_permissions(place("key"), fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(place("key.1"), "oldest").unwrap();

        assert_eq!(set_aside(&place("key")).unwrap(), place("key.2"));
        PrivateFile::reserve(&place("key")).unwrap().save("new").unwrap();
        let check = |name: &str, text: &str, expected: u32| {
            assert_eq!(fs::read_to_string(place(name)).unwrap(), text, "{name}");
            let mode = fs::metadata(place(name)).unwrap().permissions().mode() & 0o777;
            assert!(mode == expected || expected == 0, "{name}: {mode:o}");
        };
        check("key", "new", 0o600);
        check("key.1", "oldest", 0);
        check("key.2", "old", 0o640);
        assert!(set_aside(&place("none")).is_err());
    }

    #[test]
    fn what_is_not_saved_is_gone() {
        let directory = tempfile::TempDir::new().unwrap();
        drop(PrivateFile::reserve(&directory.path().join("key")).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
