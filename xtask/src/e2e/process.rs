//! A program that runs beside a check and ends with it.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::house;

/// A running program; dropping it ends it.
#[derive(Debug)]
pub(super) struct Process {
    name: &'static str,
    child: Child,
    /// Where its output goes.
    pub(super) log: PathBuf,
}

impl Process {
    /// Starts a program with its output in a log file.
    pub(super) fn start(name: &'static str, mut command: Command, log: PathBuf) -> Result<Self> {
        let out = File::create(&log)?;
        command.stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { name, child, log })
    }

    /// Waits until a file says what `find` looks for.
    pub(super) fn wait_for<T>(
        &mut self,
        file: &Path,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(found) = fs::read_to_string(file).ok().as_deref().and_then(&find) {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, house::tail(&self.log));
            }
            if Instant::now() > end {
                bail!("{} was not ready after 30 s:\n{}", self.name, house::tail(&self.log));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The first origin (`http://host:port`) in a text.
pub(super) fn origin(text: &str) -> Option<String> {
    let at = text.find("http://")?;
    let rest = &text[at + "http://".len()..];
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".:-[]".contains(c)));
    let address = match end {
        Some(end) => &rest[..end],
        // What follows may not be written yet.
        None => return None,
    };
    address.contains(':').then(|| format!("http://{address}"))
}

#[cfg(test)]
mod tests {
    use super::origin;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(origin(text).as_deref(), expected, "{text:?}");
    }

    #[test]
    fn an_origin_is_taken_from_whatever_form_the_text_has() {
        check("http://127.0.0.1:4010\n", Some("http://127.0.0.1:4010"));
        check("{\"url\":\"http://127.0.0.1:4010\"}", Some("http://127.0.0.1:4010"));
        check("export RINGBACK_URL='http://127.0.0.1:1/'", Some("http://127.0.0.1:1"));
        check(" * Running on http://127.0.0.1:39041\nPress", Some("http://127.0.0.1:39041"));
        check("http://127.0.0.1:40", None);
        check("", None);
    }
}
