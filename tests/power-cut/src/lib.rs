//! Cuts the power below a database at any moment.
//!
//! Killing a process loses nothing that was written: the kernel still has it. A power cut loses what
//! was not synced. A [`Power`] is a file system for SQLite that remembers beside the real files what
//! a disk would still have: [`Disk::cut`] makes of that an [`Image`], with some of what was written
//! since the last sync and without the rest, and from then on nothing works any more.
//!
//! The tests cut a few times. `RINGBACK_SOAK_ROUNDS=100 RINGBACK_SOAK_EVENTS=1000000` is the long
//! form, and `RINGBACK_SEED` takes the seed that a failed run printed: what is drawn is then the
//! same, while threads may meet each other in other places.
#![cfg(unix)]

mod dice;
mod disk;
mod image;
#[expect(unsafe_code, reason = "a file system of SQLite is a table of C functions")]
mod vfs;

pub use dice::Dice;
pub use disk::Disk;
pub use image::Image;
pub use vfs::Power;
