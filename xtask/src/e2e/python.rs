//! A Python with the packages a check needs, in the target directory.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Result;

use crate::{
    house::{self, House},
    steps,
};

/// A Python that has these packages, or in one line why there is none.
///
/// Makes a virtual environment below the target directory, once.
pub(crate) fn ready(house: &House, packages: &[&str]) -> Result<Result<PathBuf, String>> {
    let folder = house.target.join("e2e").join("venv");
    let python = interpreter(&folder);
    if imports(&python, packages) {
        return Ok(Ok(python));
    }
    if offline() {
        return Ok(Err(format!("offline, and {} is not installed", packages.join(", "))));
    }
    let python = match environment(house, &folder) {
        Ok(python) => python,
        Err(why) => return Ok(Err(why)),
    };
    steps::say(&format!("installing {} below {}", packages.join(", "), folder.display()));
    let mut pip = house.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    Ok(match quiet(pip) {
        Err(why) => Err(format!("pip could not install {}: {why}", packages.join(", "))),
        Ok(()) => Ok(python),
    })
}

/// Makes an empty virtual environment and says its Python, or in one line why there is none.
pub(super) fn environment(house: &House, folder: &Path) -> Result<PathBuf, String> {
    if !house::has("python3", &["--version"]) {
        return Err("python3 is not installed".to_owned());
    }
    let venv = || {
        let mut command = house.command("python3");
        command.args(["-m", "venv", "--clear"]).arg(folder);
        quiet(command)
    };
    if venv().is_err() {
        // Debian and its kin ship the module apart. Only root can fetch it, and only a machine of
        // its own (CI) should be changed unasked.
        if !house.strict || !house::has("apt-get", &["--version"]) {
            return Err("python3 has no venv module (apt-get install python3-venv)".to_owned());
        }
        steps::say("installing python3-venv");
        let mut apt = house.command("apt-get");
        apt.args(["install", "--yes", "python3-venv"]).env("DEBIAN_FRONTEND", "noninteractive");
        quiet(apt).and_then(|()| venv()).map_err(|why| {
            format!("python3 has no venv module, and apt-get did not help: {why}")
        })?;
    }
    Ok(interpreter(folder))
}

/// The Python of a virtual environment.
pub(super) fn interpreter(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts" } else { "bin" }).join("python")
}

/// Whether nothing may be fetched.
pub(super) fn offline() -> bool {
    std::env::var_os("CARGO_NET_OFFLINE").is_some_and(|value| value == "true")
}

fn imports(python: &PathBuf, packages: &[&str]) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", &format!("import {}", packages.join(", "))]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a command without a word; when it fails, the last line it said.
pub(super) fn quiet(mut command: Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    Err(text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given").to_owned())
}
