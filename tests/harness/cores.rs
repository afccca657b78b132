//! A server on a core of its own and its load on another, so that neither waits for the other.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The core of the server and that of the load.
type Cores = Option<(u32, u32)>;

/// A program that runs on a core which this process leaves to it, from now on.
///
/// Where there is only one core, or no `taskset`, both run wherever the system puts them.
#[must_use]
pub fn apart(program: &Path) -> Command {
    static CORES: OnceLock<Cores> = OnceLock::new();
    let Some((server, _)) = *CORES.get_or_init(part) else { return Command::new(program) };
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &server.to_string()]).arg(program);
    command
}

/// Has this thread leave its core to the others there whenever they have something to do.
pub fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        use rustix::{process::setpriority_process, thread::gettid};
        // The thread's own on Linux; without it the others wait a little.
        setpriority_process(Some(gettid()), 19).ok();
    }
}

/// Moves this process, and what it starts, to the second of its cores.
fn part() -> Cores {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let mut cores = listed(list.trim()).into_iter();
    let (server, load) = (cores.next()?, cores.next()?);
    let mut command = Command::new("taskset");
    command.args(["--all-tasks", "--cpu-list", "--pid", &load.to_string()]);
    command.arg(std::process::id().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success()).then_some((server, load))
}

/// Reads a list such as `0-2,5`.
fn listed(list: &str) -> Vec<u32> {
    let part = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(part).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn lists_of_cores() {
        assert_eq!(listed("0-2,5"), [0, 1, 2, 5]);
        assert_eq!(listed("7"), [7]);
        assert!(listed("").is_empty());
    }
}
