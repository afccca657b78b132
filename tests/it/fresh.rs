//! What is generated is what the spec gives.

use std::{path::PathBuf, process::Command, time::SystemTime};

use ringback_tests::{binary, files, root};

#[test]
fn generated_files_are_fresh() {
    let mut command = match built() {
        Some(xtask) => Command::new(xtask),
        None => {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["run", "--quiet", "--offline", "--package", "xtask", "--"]);
            cargo
        }
    };
    let output = command.args(["codegen", "--check"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The generator as it was built, when nothing of it was changed since.
fn built() -> Option<PathBuf> {
    let xtask = binary("xtask");
    let time = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let since: SystemTime = time(&xtask)?;
    let sources = files(&[".rs", ".toml"]).unwrap();
    let mut own = sources.iter().filter(|(path, _)| path.starts_with("xtask"));
    own.all(|(path, _)| time(&root().join(path)) <= Some(since)).then_some(xtask)
}
