//! Whole processes of the command line.

use std::{
    fs,
    io::{PipeReader, Read as _, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use ringback_jwt::KeyPair;
use ringback_tests::measure::{self, Goal, Line, Pair};
use secrecy::ExposeSecret as _;

/// `ringback jwt create` against the smallest process there is, and the memory it takes.
pub(crate) fn jwt_create() {
    let wall = Line {
        name: "command-jwt-create",
        what: "`ringback jwt create`, whole process, wall time",
        against: "`/bin/true`",
        goal: Goal::AtMost(4.0),
    };
    let memory = Line {
        name: "command-jwt-create-memory",
        what: "the same, peak memory",
        against: "a limit",
        goal: Goal::AtMost(12.0),
    };
    let Some(binary) = std::env::var_os("RINGBACK_BIN").map(PathBuf::from) else {
        wall.print_left_out("RINGBACK_BIN does not name the binary");
        return memory.print_left_out("RINGBACK_BIN does not name the binary");
    };
    let key = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-private.key");
    let pem = KeyPair::generate().unwrap().private_key;
    fs::write(&key, pem.expose_secret()).unwrap();
    let create = || {
        let mut command = Command::new(&binary);
        command.args(["jwt", "create", "--application-id"]);
        command.arg("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab").arg("--private-key").arg(&key);
        command
    };
    assert!(create().output().unwrap().stdout.starts_with(b"eyJ"));
    let pair = Pair::of(400, || wall_of(create()), || wall_of(Command::new("/bin/true")));
    wall.print(pair.more() * 1e3, "ms", &pair);
    let rounds = 9;
    let peaks = (0..rounds).map(|_| peak_of(create())).collect();
    memory.print_single(measure::median(peaks) / f64::from(1 << 20), "MiB", rounds);
    fs::remove_file(&key).unwrap();
}

fn wall_of(mut command: Command) -> f64 {
    let begin = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    begin.elapsed().as_secs_f64()
}

/// The most memory a process has had when it prints its result, in bytes.
///
/// Its output is a pipe that is full, so it waits there until somebody has looked.
fn peak_of(mut command: Command) -> f64 {
    let (mut reader, mut full) = std::io::pipe().unwrap();
    // As much as a pipe holds on Linux.
    full.write_all(&[b' '; 65_536]).unwrap();
    let mut child = command.stdout(full).spawn().unwrap();
    // Closes our own end for writing, which the command holds.
    drop(command);
    while !waits(child.id()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let peak = measure::peak_bytes(child.id()).unwrap_or(f64::NAN);
    let token = after_the_filling(&mut reader);
    assert!(token.starts_with("eyJ"), "{token}");
    assert!(child.wait().unwrap().success());
    peak
}

/// Whether a process waits in the writing of a pipe, or is over.
fn waits(process: u32) -> bool {
    let text = fs::read_to_string(format!("/proc/{process}/syscall")).unwrap_or_default();
    // The number of `write` and the first file descriptor; the program writes nothing before.
    text.is_empty() || text.starts_with("1 0x1 ")
}

fn after_the_filling(reader: &mut PipeReader) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text.trim().to_owned()
}
