//! Nobody but the owner reads what is kept; where files have no such rights, nothing is done.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::Path,
};

/// Makes a directory, and those above it, unless it is there.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file to write at its end, and makes it when it is not there.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether the names of all that is in a directory begin so.
pub(super) fn holds_only(directory: &Path, prefix: &str) -> bool {
    let is_ours = |name: OsString| name.as_encoded_bytes().starts_with(prefix.as_bytes());
    fs::read_dir(directory)
        .is_ok_and(|mut found| found.all(|file| file.is_ok_and(|file| is_ours(file.file_name()))))
}

/// Takes from group and others what rights they have; what is not there has none.
pub(super) fn tighten(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut rights = match fs::metadata(path) {
            Ok(data) => data.permissions(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if rights.mode() & 0o077 != 0 {
            rights.set_mode(rights.mode() & 0o700);
            fs::set_permissions(path, rights)?;
        }
    }
    #[cfg(not(unix))]
    let _ = fs::metadata(path);
    Ok(())
}
