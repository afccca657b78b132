//! What goes wrong is answered in the platform's words, explained exactly, and stops nothing else.

mod calls;
mod crowd;
pub(crate) mod lab;
mod ncco;
mod refusals;
pub(crate) mod server;
mod servers;
mod sounds;
mod time;
