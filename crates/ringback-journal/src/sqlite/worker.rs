//! Threads of our own.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};

use crate::Error;

/// A thread that works until nobody is left who could ask it.
#[derive(Debug)]
pub(super) struct Worker<T> {
    sender: Option<Sender<T>>,
    handle: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Worker<T> {
    pub(super) fn start(
        name: &str,
        run: impl FnOnce(Receiver<T>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let handle = thread::Builder::new().name(name.to_owned()).spawn(|| run(receiver))?;
        Ok(Self { sender: Some(sender), handle: Some(handle) })
    }

    /// Asks it, unless it has ended.
    pub(super) fn ask(&self, request: T) -> Result<(), Error> {
        let sender = self.sender.as_ref().ok_or(Error::Closed)?;
        sender.send(request).map_err(|_| Error::Closed)
    }

    /// Asks it, and it does not matter when it has ended.
    pub(super) fn tell(&self, request: T) {
        drop(self.ask(request));
    }
}

impl<T> Drop for Worker<T> {
    /// Waits for what was begun, so that the file can be opened again at once.
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(handle) = self.handle.take() {
            drop(handle.join());
        }
    }
}
