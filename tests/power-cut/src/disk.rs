//! What a disk still has, remembered beside the files of a directory.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    Dice, Image,
    image::{Change, Mixture},
};

/// How long a sync takes. None takes no time, and others go on writing meanwhile.
const SYNC: Duration = Duration::from_micros(200);

/// A directory on a disk whose power can be cut.
///
/// What is in it at first is durable. The real files below are what programs see; they are never
/// synced, because what matters is remembered here.
pub struct Disk {
    folder: PathBuf,
    state: Mutex<State>,
    /// Wakes those who wait for the cut.
    cut: Condvar,
    /// The same as that there is an image, to be read without a lock.
    is_off: AtomicBool,
}

struct State {
    dice: Dice,
    /// After so many changes the power fails by itself.
    fuse: Option<u64>,
    image: Option<Image>,
    /// Numbers the changes, so that a sync knows those that came before it.
    number: u64,
    files: Vec<File>,
    /// What the directory on the disk has; places in `files`.
    durable: BTreeMap<String, usize>,
    /// What programs see.
    seen: BTreeMap<String, usize>,
    /// What was changed in the directory since it was synced, in order.
    renamed: Vec<(u64, Name)>,
}

/// The content of a file; deleting it only takes its name.
#[derive(Default)]
struct File {
    durable: Vec<u8>,
    /// Since it was synced, in order.
    changes: Vec<(u64, Change)>,
    /// How long programs see it.
    length: u64,
    /// How often it was synced.
    syncs: u64,
}

/// A change of the directory.
enum Name {
    Made(String, usize),
    Deleted(String),
}

impl Disk {
    /// A disk with what is in this directory.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn new(folder: &Path, dice: Dice) -> io::Result<Self> {
        let folder = folder.canonicalize()?;
        let (mut files, mut durable) = (Vec::new(), BTreeMap::new());
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let content = fs::read(entry.path())?;
            durable.insert(entry.file_name().to_string_lossy().into_owned(), files.len());
            let length = content.len() as u64;
            files.push(File { durable: content, length, ..File::default() });
        }
        let state = State {
            dice,
            fuse: None,
            image: None,
            number: 0,
            files,
            seen: durable.clone(),
            durable,
            renamed: Vec::new(),
        };
        let state = Mutex::new(state);
        Ok(Self { folder, state, cut: Condvar::new(), is_off: AtomicBool::new(false) })
    }

    /// The directory.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Cuts the power now, if it is on, and gives what is left.
    pub fn cut(&self) -> Image {
        let mut state = self.state();
        if state.image.is_none() {
            self.fail(&mut state);
        }
        state.image.clone().unwrap_or_default()
    }

    /// Cuts the power at the change so many after the next: of a file, of the directory, or a sync.
    ///
    /// Changes take little of a program's time, so that another thread seldom hits between two.
    pub fn cut_after(&self, changes: u64) {
        self.state().fuse = Some(changes);
    }

    /// Waits until the power is cut, at most so long; says whether it is.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let waited =
            self.cut.wait_timeout_while(self.state(), at_most, |state| state.image.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.image.is_some()
    }

    /// How often the file of this name was synced.
    #[must_use]
    pub fn syncs(&self, name: &str) -> u64 {
        let state = self.state();
        state.seen.get(name).map_or(0, |file| state.files[*file].syncs)
    }

    /// Whether the power is cut.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Acquire)
    }

    /// What was opened; `is_journal` when SQLite was asked to make a journal, whose first sync
    /// syncs the directory too.
    pub(crate) fn open(self: &Arc<Self>, name: &str, is_journal: bool) -> Handle {
        let mut state = self.state();
        let file = state.seen.get(name).copied().unwrap_or_else(|| {
            // Nobody knows whether it was there before: others may have made it a moment ago.
            let content = fs::read(self.folder.join(name)).unwrap_or_default();
            let file = state.files.len();
            state.files.push(File::default());
            state.seen.insert(name.to_owned(), file);
            let number = state.next();
            state.renamed.push((number, Name::Made(name.to_owned(), file)));
            if !content.is_empty() {
                state.change(file, Change::Write { at: 0, bytes: content });
            }
            file
        });
        self.burn(&mut state);
        Handle { disk: Arc::clone(self), file, syncs_folder: AtomicBool::new(is_journal) }
    }

    /// Deletes a file; none when the power is cut before what was asked for is done.
    pub(crate) fn delete<T>(
        &self,
        name: &str,
        synced: bool,
        real: impl FnOnce() -> T,
    ) -> Option<T> {
        let mut state = self.state();
        if state.image.is_some() {
            return None;
        }
        let done = real();
        if state.seen.remove(name).is_some() {
            let number = state.next();
            state.renamed.push((number, Name::Deleted(name.to_owned())));
        }
        self.burn(&mut state);
        if synced {
            if state.image.is_some() {
                return None;
            }
            let number = state.number;
            state.sync_folder(number);
        }
        Some(done)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a change.
    fn burn(&self, state: &mut State) {
        match &mut state.fuse {
            Some(0) if state.image.is_none() => self.fail(state),
            Some(0) | None => {}
            Some(left) => *left -= 1,
        }
    }

    fn fail(&self, state: &mut State) {
        state.image = Some(state.left());
        // Nobody will ask for the rest.
        for file in &mut state.files {
            file.changes = Vec::new();
        }
        self.is_off.store(true, Ordering::Release);
        self.cut.notify_all();
    }
}

impl State {
    fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    fn change(&mut self, file: usize, change: Change) {
        let number = self.next();
        let file = &mut self.files[file];
        file.length = match &change {
            Change::Write { at, bytes } => file.length.max(at + bytes.len() as u64),
            Change::Length(length) => *length,
        };
        file.changes.push((number, change));
    }

    /// Makes durable what was changed in a file up to a number.
    fn sync_file(&mut self, file: usize, until: u64) {
        let File { durable, changes, syncs, .. } = &mut self.files[file];
        *syncs += 1;
        let synced = changes.partition_point(|(number, _)| *number <= until);
        changes.drain(..synced).for_each(|(_, change)| change.apply(durable));
    }

    /// The same for the directory.
    fn sync_folder(&mut self, until: u64) {
        let synced = self.renamed.partition_point(|(number, _)| *number <= until);
        for (_, name) in self.renamed.drain(..synced) {
            name.apply(&mut self.durable);
        }
    }

    /// What is left when the power fails now.
    fn left(&mut self) -> Image {
        let Self { dice, files, durable, renamed, .. } = self;
        let mixture = Mixture::draw(dice);
        let mut names = durable.clone();
        for (_, name) in renamed {
            if mixture.keeps(dice) {
                name.apply(&mut names);
            }
        }
        let mut image = Image::default();
        for (place, file) in files.iter_mut().enumerate() {
            let mut content = std::mem::take(&mut file.durable);
            let changes = file.changes.iter().map(|(_, change)| change);
            image.thrown += mixture.apply(&mut content, changes, dice);
            if let Some((name, _)) = names.iter().find(|(_, file)| **file == place) {
                image.files.insert(name.clone(), content);
            }
        }
        image
    }
}

impl Name {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Made(name, file) => names.insert(name.clone(), *file),
            Self::Deleted(name) => names.remove(name),
        };
    }
}

/// An open file.
pub(crate) struct Handle {
    disk: Arc<Disk>,
    file: usize,
    syncs_folder: AtomicBool,
}

impl Handle {
    pub(crate) fn is_off(&self) -> bool {
        self.disk.is_off()
    }

    /// Writes; none when the power is cut. It is remembered also when the real write fails, for
    /// then a part of it may be there.
    pub(crate) fn write<T>(&self, at: u64, bytes: &[u8], real: impl FnOnce() -> T) -> Option<T> {
        self.change(Change::Write { at, bytes: bytes.to_vec() }, real)
    }

    /// Sets the length; none when the power is cut.
    pub(crate) fn truncate<T>(&self, length: u64, real: impl FnOnce() -> T) -> Option<T> {
        self.change(Change::Length(length), real)
    }

    fn change<T>(&self, change: Change, real: impl FnOnce() -> T) -> Option<T> {
        let mut state = self.disk.state();
        if state.image.is_some() {
            return None;
        }
        let done = real();
        state.change(self.file, change);
        // A cut here has the change as the last that was begun.
        self.disk.burn(&mut state);
        Some(done)
    }

    /// The file has this length now, however it came to it.
    pub(crate) fn observe(&self, length: u64) {
        let mut state = self.disk.state();
        if state.image.is_none() && state.files[self.file].length != length {
            state.change(self.file, Change::Length(length));
        }
    }

    /// Makes durable what was changed before the call; none when the power is cut meanwhile.
    pub(crate) fn sync(&self) -> Option<()> {
        let until = {
            let mut state = self.disk.state();
            self.disk.burn(&mut state);
            if state.image.is_some() {
                return None;
            }
            state.number
        };
        thread::sleep(SYNC);
        let mut state = self.disk.state();
        if state.image.is_some() {
            return None;
        }
        state.sync_file(self.file, until);
        if self.syncs_folder.swap(false, Ordering::Relaxed) {
            // Between the two syncs the power may fail as well.
            self.disk.burn(&mut state);
            if state.image.is_some() {
                return None;
            }
            state.sync_folder(until);
        }
        Some(())
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
