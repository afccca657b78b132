//! Packages of pinned versions, each set in a folder of its own below the target directory.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use super::python;
use crate::{
    house::{self, House},
    steps,
};

/// What npm says when the registry it asks does not have a version.
const NO_SUCH_VERSION: &str = "code ETARGET";

/// Why it is not there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Something that the machine lacks, or an installer that failed.
    Here(String),
    /// The registry does not have the version.
    There(String),
}

/// A Python in this folder with the packages that a file names.
pub(crate) fn with_pip(
    house: &House,
    what: &str,
    requirements: &Path,
    folder: &Path,
) -> Result<Result<PathBuf, Missing>> {
    let environment = folder.join("venv");
    let python = python::interpreter(&environment);
    let said = fs::read_to_string(requirements)?;
    let stamp = Stamp::new(folder, &[&said]);
    if stamp.is_right() && house::has(&python.to_string_lossy(), &["--version"]) {
        return Ok(Ok(python));
    }
    if python::offline() {
        return Ok(Err(Missing::Here("offline, and not installed".to_owned())));
    }
    fs::create_dir_all(folder)?;
    let python = match python::environment(house, &environment) {
        Ok(python) => python,
        Err(why) => return Ok(Err(Missing::Here(why))),
    };
    steps::say(&format!("installing {what} below {}", folder.display()));
    let mut pip = house.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(requirements);
    if let Err(why) = python::quiet(pip) {
        return Ok(Err(Missing::Here(format!("pip could not install it: {why}"))));
    }
    stamp.set()?;
    Ok(Ok(python))
}

/// The `node_modules` of the `package.json` in a folder, as its lock file says where it has one.
pub(crate) fn with_npm(
    house: &House,
    what: &str,
    from: &Path,
    folder: &Path,
) -> Result<Result<PathBuf, Missing>> {
    let modules = folder.join("node_modules");
    for program in ["node", "npm"] {
        if !house::has(program, &["--version"]) {
            return Ok(Err(Missing::Here(format!("{program} is not installed"))));
        }
    }
    let manifest = fs::read_to_string(from.join("package.json"))?;
    // A lock file is written where the registry at hand has all versions.
    let lock = fs::read_to_string(from.join("package-lock.json")).unwrap_or_default();
    let stamp = Stamp::new(folder, &[&manifest, &lock]);
    if stamp.is_right() && modules.exists() {
        return Ok(Ok(modules));
    }
    if python::offline() {
        return Ok(Err(Missing::Here("offline, and not installed".to_owned())));
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("package.json"), &manifest)?;
    let mut npm = house.command("npm");
    if lock.is_empty() {
        npm.args(["install", "--no-package-lock"]);
    } else {
        fs::write(folder.join("package-lock.json"), &lock)?;
        npm.arg("ci");
    }
    // Nothing here needs a script of its packages, and none is run unread.
    npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    steps::say(&format!("installing {what} below {}", folder.display()));
    let output = npm.current_dir(folder).output()?;
    if !output.status.success() {
        return Ok(Err(complaint(&String::from_utf8_lossy(&output.stderr))));
    }
    stamp.set()?;
    Ok(Ok(modules))
}

/// What npm's errors mean.
fn complaint(errors: &str) -> Missing {
    let said =
        errors.lines().filter_map(|line| line.strip_prefix("npm error ")).collect::<Vec<_>>();
    let why = said.iter().find(|line| !line.starts_with("code ")).unwrap_or(&"no reason given");
    if errors.contains(NO_SUCH_VERSION) {
        Missing::There(format!("the registry does not have it ({why})"))
    } else {
        Missing::Here(format!("npm could not install it: {why}"))
    }
}

/// A file that says what is installed, so that it is installed once.
#[derive(Debug)]
struct Stamp {
    file: PathBuf,
    text: String,
}

impl Stamp {
    fn new(folder: &Path, parts: &[&str]) -> Self {
        Self { file: folder.join("stamp"), text: parts.concat() }
    }

    fn is_right(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.text)
    }

    fn set(&self) -> Result<()> {
        Ok(fs::write(&self.file, &self.text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_the_registry_lacks_is_told_from_a_failure() {
        let check = |errors: &str, expected: Missing| assert_eq!(complaint(errors), expected);
        check(
            "npm error code ETARGET\nnpm error notarget No matching version found for a@3.2.1.",
            Missing::There(
                "the registry does not have it (notarget No matching version found for a@3.2.1.)"
                    .to_owned(),
            ),
        );
        check(
            "npm error code ENOTFOUND\nnpm error network request failed",
            Missing::Here("npm could not install it: network request failed".to_owned()),
        );
        check("", Missing::Here("npm could not install it: no reason given".to_owned()));
    }
}
