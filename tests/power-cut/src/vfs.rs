//! The file system of SQLite: the real one, with a [`Disk`] told of every change.
//!
//! All unsafe code of this package is here. What SQLite promises for the functions of a file system
//! is in `sqlite3.h` at `sqlite3_vfs` and `sqlite3_io_methods`.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    ptr, slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::ffi;

use crate::{Disk, disk::Handle};

/// The one that is wrapped.
const REAL: &CStr = c"unix";
/// What has a disk; temporary files and the shared memory are nothing that has to last.
const REMEMBERED: c_int = ffi::SQLITE_OPEN_MAIN_DB | JOURNALS;
const JOURNALS: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

type Disks = Mutex<BTreeMap<PathBuf, Arc<Disk>>>;

/// A file system for SQLite, known to it by a name, for directories that are on a [`Disk`].
///
/// Nothing can be opened anywhere else with it, so that whoever opens a database again after the
/// power was cut does not find the real files.
#[derive(Debug)]
pub struct Power {
    name: String,
    disks: &'static Disks,
}

impl Power {
    /// Makes it known by a name that no other has. SQLite keeps it until the process ends.
    ///
    /// # Errors
    /// When SQLite does not take it, with its number of the error.
    pub fn new(name: &str) -> Result<Self, c_int> {
        let c_name = CString::new(name).map_err(|_| ffi::SQLITE_MISUSE)?;
        // SAFETY: the name ends with a zero.
        let real = unsafe { ffi::sqlite3_vfs_find(REAL.as_ptr()) };
        if real.is_null() {
            return Err(ffi::SQLITE_NOTFOUND);
        }
        let disks: &'static Disks = Box::leak(Box::default());
        // SAFETY: what was found is never unregistered, and none of these fields ever changes.
        let vfs = unsafe {
            ffi::sqlite3_vfs {
                iVersion: 2,
                szOsFile: size_of::<File>() as c_int + (*real).szOsFile,
                mxPathname: (*real).mxPathname,
                pNext: ptr::null_mut(),
                zName: c_name.into_raw(),
                pAppData: Box::into_raw(Box::new(App { real, disks })).cast(),
                xOpen: Some(open),
                xDelete: Some(delete),
                xAccess: Some(access),
                xFullPathname: Some(full_pathname),
                // They do not look at the file system that they are given.
                xDlOpen: (*real).xDlOpen,
                xDlError: (*real).xDlError,
                xDlSym: (*real).xDlSym,
                xDlClose: (*real).xDlClose,
                xRandomness: Some(randomness),
                xSleep: Some(sleep),
                xCurrentTime: Some(current_time),
                xGetLastError: Some(last_error),
                xCurrentTimeInt64: Some(current_time_int64),
                xSetSystemCall: None,
                xGetSystemCall: None,
                xNextSystemCall: None,
            }
        };
        // SAFETY: all of it is leaked, so it is there as long as SQLite may use it.
        match unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) } {
            ffi::SQLITE_OK => Ok(Self { name: name.to_owned(), disks }),
            error => Err(error),
        }
    }

    /// What SQLite knows it by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From now on databases in the directory of this disk can be opened.
    pub fn plug_in(&self, disk: &Arc<Disk>) {
        lock(self.disks).insert(disk.folder().to_owned(), Arc::clone(disk));
    }

    /// From now on none can.
    pub fn unplug(&self, disk: &Disk) {
        lock(self.disks).remove(disk.folder());
    }
}

fn lock(disks: &Disks) -> MutexGuard<'_, BTreeMap<PathBuf, Arc<Disk>>> {
    disks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What every call of the file system finds.
struct App {
    real: *mut ffi::sqlite3_vfs,
    disks: &'static Disks,
}

/// What SQLite has for an open file: it gives the memory, and the real file is right behind this.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// From a box; null for what is not remembered.
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(take_lock),
    xUnlock: Some(give_lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

/// The disk that a path is on, and the name there.
fn find(disks: &Disks, path: &Path) -> Option<(Arc<Disk>, String)> {
    let disk = lock(disks).get(path.parent()?).cloned()?;
    Some((disk, path.file_name()?.to_string_lossy().into_owned()))
}

/// # Safety
/// It is one that [`Power::new`] registered.
unsafe fn app<'a>(vfs: *mut ffi::sqlite3_vfs) -> &'a App {
    // SAFETY: its data is an `App` that is never freed.
    unsafe { &*(*vfs).pAppData.cast::<App>() }
}

/// # Safety
/// It ends with a zero and outlives what is given.
unsafe fn path<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: as above.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}

/// The handle of an open file, if it is remembered, and the real file.
///
/// # Safety
/// It is a file that [`open`] opened and that is not closed.
unsafe fn parts<'a>(file: *mut ffi::sqlite3_file) -> (Option<&'a Handle>, *mut ffi::sqlite3_file) {
    let file = file.cast::<File>();
    // SAFETY: SQLite gave `szOsFile` bytes for it, and `open` filled in the first of them.
    unsafe { ((*file).handle.as_ref(), file.add(1).cast()) }
}

/// Calls a method of the real file, with an error when it has none.
macro_rules! real {
    ($file:expr, $method:ident $(, $arg:expr)*) => {
        match (*(*$file).pMethods).$method {
            Some(method) => method($file $(, $arg)*),
            None => ffi::SQLITE_IOERR,
        }
    };
}

/// The same for the real file system.
macro_rules! real_vfs {
    ($vfs:expr, $method:ident $(, $arg:expr)*) => {
        match (*$vfs).$method {
            Some(method) => method($vfs $(, $arg)*),
            None => ffi::SQLITE_ERROR,
        }
    };
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let file = file.cast::<File>();
    // SAFETY: SQLite gives our own `vfs`, memory of `szOsFile` bytes for the file, and a name that
    // is null or ends with a zero and outlives the file. A real file whose opening failed is closed
    // only when it has methods, as SQLite itself does.
    unsafe {
        // Without methods, SQLite does not close what was not opened.
        (*file).base.pMethods = ptr::null();
        (*file).handle = ptr::null_mut();
        let App { real, disks } = app(vfs);
        let is_remembered = flags & REMEMBERED != 0 && !name.is_null();
        let found = if is_remembered { find(disks, path(name)) } else { None };
        if is_remembered && found.as_ref().is_none_or(|(disk, _)| disk.is_off()) {
            return ffi::SQLITE_CANTOPEN;
        }
        let behind = file.add(1).cast::<ffi::sqlite3_file>();
        let opened = real_vfs!(*real, xOpen, name, behind, flags, out);
        if opened != ffi::SQLITE_OK {
            if !(*behind).pMethods.is_null() {
                real!(behind, xClose);
            }
            return opened;
        }
        if let Some((disk, name)) = found {
            let is_journal = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & JOURNALS != 0;
            (*file).handle = Box::into_raw(Box::new(disk.open(&name, is_journal)));
        }
        (*file).base.pMethods = &raw const METHODS;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the file is open and used no more after this; its handle came from a box.
    unsafe {
        let (_, behind) = parts(file);
        let handle = (*file.cast::<File>()).handle;
        if !handle.is_null() {
            drop(Box::from_raw(handle));
        }
        real!(behind, xClose)
    }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    length: c_int,
    at: i64,
) -> c_int {
    // SAFETY: the file is open, and there is room for so many bytes.
    unsafe {
        match parts(file) {
            (Some(handle), _) if handle.is_off() => ffi::SQLITE_IOERR_READ,
            (_, behind) => real!(behind, xRead, into, length, at),
        }
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    length: c_int,
    at: i64,
) -> c_int {
    // SAFETY: the file is open, and there are so many bytes.
    unsafe {
        let (handle, behind) = parts(file);
        let real = || real!(behind, xWrite, from, length, at);
        let Some(handle) = handle else { return real() };
        let bytes = slice::from_raw_parts(from.cast::<u8>(), length.unsigned_abs() as usize);
        handle.write(at.unsigned_abs(), bytes, real).unwrap_or(ffi::SQLITE_IOERR_WRITE)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        let (handle, behind) = parts(file);
        let real = || real!(behind, xTruncate, length);
        let Some(handle) = handle else { return real() };
        handle.truncate(length.unsigned_abs(), real).unwrap_or(ffi::SQLITE_IOERR_TRUNCATE)
    }
}

/// The real file is not synced: it would take long, and nobody asks it what it kept.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: the file is open.
    unsafe {
        let (handle, behind) = parts(file);
        let Some(handle) = handle else { return real!(behind, xSync, flags) };
        handle.sync().map_or(ffi::SQLITE_IOERR_FSYNC, |()| ffi::SQLITE_OK)
    }
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    op: c_int,
    arg: *mut c_void,
) -> c_int {
    // SAFETY: the file is open, and what the argument is goes with the operation.
    unsafe {
        let (handle, behind) = parts(file);
        let done = real!(behind, xFileControl, op, arg);
        // This one may change the length.
        if let (Some(handle), ffi::SQLITE_FCNTL_SIZE_HINT) = (handle, op) {
            let mut length = 0;
            if real!(behind, xFileSize, &raw mut length) == ffi::SQLITE_OK {
                handle.observe(length.unsigned_abs());
            }
        }
        done
    }
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: the file is open.
    unsafe {
        let (_, behind) = parts(file);
        if let Some(method) = (*(*behind).pMethods).xShmBarrier {
            method(behind);
        }
    }
}

/// Methods that are none of a disk's business.
macro_rules! forward {
    ($($name:ident = $method:ident($($arg:ident: $kind:ty),*);)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $arg: $kind)*) -> c_int {
            // SAFETY: the file is open, and the rest is meant for the real one.
            unsafe {
                let (_, behind) = parts(file);
                real!(behind, $method $(, $arg)*)
            }
        }
    )*};
}

forward! {
    file_size = xFileSize(length: *mut i64);
    take_lock = xLock(level: c_int);
    give_lock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(out: *mut c_int);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void);
    shm_lock = xShmLock(offset: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
    fetch = xFetch(at: i64, length: c_int, out: *mut *mut c_void);
    unfetch = xUnfetch(at: i64, page: *mut c_void);
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    synced: c_int,
) -> c_int {
    // SAFETY: SQLite gives our own `vfs`, and a name that ends with a zero.
    unsafe {
        let App { real, disks } = app(vfs);
        let Some((disk, file)) = find(disks, path(name)) else { return ffi::SQLITE_IOERR_DELETE };
        let deleted = disk.delete(&file, synced != 0, || real_vfs!(*real, xDelete, name, 0));
        deleted.unwrap_or(ffi::SQLITE_IOERR_DELETE)
    }
}

/// Functions of the file system that are none of a disk's business.
macro_rules! forward_vfs {
    ($($name:ident = $method:ident($($arg:ident: $kind:ty),*);)*) => {$(
        unsafe extern "C" fn $name(vfs: *mut ffi::sqlite3_vfs $(, $arg: $kind)*) -> c_int {
            // SAFETY: SQLite gives our own `vfs`, and the rest is meant for the real one.
            unsafe {
                let App { real, .. } = app(vfs);
                real_vfs!(*real, $method $(, $arg)*)
            }
        }
    )*};
}

forward_vfs! {
    access = xAccess(name: *const c_char, flags: c_int, out: *mut c_int);
    full_pathname = xFullPathname(name: *const c_char, length: c_int, out: *mut c_char);
    randomness = xRandomness(length: c_int, out: *mut c_char);
    sleep = xSleep(microseconds: c_int);
    current_time = xCurrentTime(out: *mut f64);
    last_error = xGetLastError(length: c_int, out: *mut c_char);
    current_time_int64 = xCurrentTimeInt64(out: *mut i64);
}
