//! The pages for each ecosystem: every snippet is run. (Those in Rust run as doctests.)
//!
//! A block whose first line is ```` ```python test.py ```` is that file, one that says ```` ```sh run ````
//! is run beside the files of its page, and there is no other code.

#![expect(clippy::print_stdout, reason = "the log of a test says what was left out, and why")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ringback_tests::{binary, root};

/// The address that the pages use for an application; a test has one of its own.
const APPLICATION: &str = "127.0.0.1:3000";

/// A fenced block: the words behind the fence, and the text.
struct Block {
    words: Vec<String>,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let path = root().join("docs").join(page);
    let text = fs::read_to_string(&path).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(words), None) => {
                let words = words.split_whitespace().map(str::to_owned).collect();
                open = Some(Block { words, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page} ends within a block");
    blocks
}

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ringback-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the folder for temporary files harms nobody.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Whether all are there; what is missing is said, and fails where `CI=true`.
fn present(needs: &[&str]) -> bool {
    let there = |name: &str| {
        let mut command = Command::new(name);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let ringback = binary("ringback");
    let ringback = ringback.to_string_lossy();
    let all = needs.iter().copied().chain([ringback.as_ref()]);
    let missing: Vec<_> = all.filter(|name| !there(name)).collect();
    if !missing.is_empty() {
        let required = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!required, "left out, and CI=true requires it: {missing:?} cannot be run");
        println!("left out: {missing:?} cannot be run");
    }
    missing.is_empty()
}

/// Why a snippet did not run to its end.
struct Broken {
    /// Another program took the port of the application before the application did.
    is_taken: bool,
    /// What it was, with all that was printed.
    what: String,
}

fn run(page: &str, needs: &[&str]) {
    if !present(needs) {
        return;
    }
    // A free port may be somebody else's a moment later: then another one is tried.
    for _ in 0..5 {
        match once(page) {
            Ok(()) => return,
            Err(broken) if broken.is_taken => println!("{}", broken.what),
            Err(broken) => panic!("{}", broken.what),
        }
    }
    panic!("{page}: every port that was free was taken a moment later");
}

/// Runs a page once, with a port that was free when it began.
fn once(page: &str) -> Result<(), Broken> {
    let folder = Folder::new(page);
    let application = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut ran = 0;
    for block in blocks(page) {
        let text = block.text.replace(APPLICATION, &application);
        match block.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["sh", "run"] => {
                ran += 1;
                one(page, &folder.0, &text, &application)?;
            }
            [_, file] => fs::write(folder.0.join(file), text).unwrap(),
            _ => panic!("{page}: a block {:?} is neither a file nor run", block.words),
        }
    }
    assert!(ran > 0, "{page} runs nothing");
    Ok(())
}

fn one(page: &str, folder: &Path, script: &str, application: &str) -> Result<(), Broken> {
    let built = binary("ringback").parent().map(Path::to_owned).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([built].into_iter().chain(std::env::split_paths(&path)));
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env("PATH", path.unwrap())
        .env("HOME", folder)
        .env_remove("RINGBACK_URL")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(());
    }
    let out = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    // As `ringback serve` says it.
    let is_taken = errors.contains(&format!("another program listens at {application}"));
    Err(Broken { is_taken, what: format!("{page}: {}\n{script}\n{out}\n{errors}", output.status) })
}

#[test]
fn the_page_for_shells_runs() {
    run("shell.md", &["curl"]);
}

#[test]
fn the_page_for_python_runs() {
    run("python.md", &["python3"]);
}

#[test]
fn the_page_for_node_runs() {
    run("node.md", &["node"]);
}

#[test]
fn rust_on_the_pages_is_for_doctests() {
    let blocks = blocks("rust.md");
    assert!(blocks.iter().any(|block| block.words == ["rust"]));
    assert!(blocks.iter().all(|block| ["rust", "toml"].contains(&block.words[0].as_str())));
}
