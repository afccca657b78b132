//! From the spec to Rust and to `openapi.json`.
//!
//! [`render`] is pure: spec files in, generated files out. [`run`] reads and writes.

mod fields;
mod info;
mod model;
mod names;
mod openapi;
mod operations;
pub mod ordered;
mod paging;
mod rust;
mod schemas;
pub mod spec;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

/// How `codegen` is called.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Change nothing; fail when a generated file is stale or orphaned.
    #[arg(long)]
    pub check: bool,
}

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, from the root of the repository.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

const RUST: &str = "crates/ringback-model/src/generated";
const OPENAPI: &str = "crates/ringback-emulator/src/generated/openapi.json";

/// Renders every generated file from the spec: pairs of file name and YAML text.
///
/// # Errors
/// When the spec says something that cannot be understood; the error names file and place.
pub fn render(sources: &[(String, String)]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    for (name, text) in sources {
        let file: spec::SpecFile =
            serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        files.push((name.clone(), file));
    }
    // `common` first, the others by name.
    files.sort_by_key(|(name, file)| (file.module != "common", name.clone()));
    let model = model::Model::new(&files)?;
    let mut out = Vec::new();
    for module in &model.modules {
        let path = format!("{RUST}/{}.rs", module.name);
        out.push(File { path, text: rust::module(&model, module)? });
    }
    out.push(File { path: format!("{RUST}/mod.rs"), text: rust::index(&model) });
    out.push(File { path: OPENAPI.to_owned(), text: openapi::document(&model)? });
    Ok(out)
}

/// Finishes the Rust among the files with the toolchain's rustfmt.
///
/// # Errors
/// When rustfmt is missing or refuses a file.
pub fn format(root: &Path, files: &mut [File]) -> Result<()> {
    let mut children = Vec::new();
    for file in files.iter_mut().filter(|file| file.path.ends_with(".rs")) {
        let mut child = Command::new("rustfmt")
            .args(["--edition", "2024", "--config-path"])
            .arg(root.join(".rustfmt.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("starting rustfmt")?;
        let mut input = child.stdin.take().context("the input of rustfmt")?;
        let text = std::mem::take(&mut file.text);
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        children.push((file, child, writer));
    }
    for (file, child, writer) in children {
        let output = child.wait_with_output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: rustfmt refuses it: {error}", file.path);
        if writer.join().is_err() {
            bail!("{}: rustfmt did not read it", file.path);
        }
        file.text = String::from_utf8(output.stdout)?;
    }
    Ok(())
}

/// Writes the generated files, or with `--check` compares them.
///
/// # Errors
/// When the spec is wrong, a file cannot be written, or, with `--check`, one is stale.
pub fn run(args: &Args) -> Result<()> {
    let root = root()?;
    let mut files = render(&sources(&root.join("xtask/spec"))?)?;
    format(&root, &mut files)?;
    let wanted: BTreeMap<_, _> =
        files.iter().map(|file| (root.join(&file.path), &file.text)).collect();
    let mut complaints = Vec::new();
    for (path, text) in &wanted {
        if fs::read_to_string(path).ok().as_ref() == Some(*text) {
            continue;
        }
        if args.check {
            complaints.push(format!("stale: {}", shown(&root, path)));
            continue;
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    }
    for path in present(&root)? {
        if wanted.contains_key(&path) {
            continue;
        }
        if args.check {
            complaints.push(format!("orphaned: {}", shown(&root, &path)));
        } else {
            fs::remove_file(&path)?;
        }
    }
    ensure!(
        complaints.is_empty(),
        "generated files differ from the spec; run `cargo xtask codegen`\n{}",
        complaints.join("\n")
    );
    Ok(())
}

/// The spec files of a directory: names and texts.
///
/// # Errors
/// When the directory or a file cannot be read.
pub fn sources(directory: &Path) -> Result<Vec<(String, String)>> {
    let mut sources = Vec::new();
    for path in listed(directory)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The conformance table lies beside the spec, and is about it.
        let is_spec = !crate::conformance::DATA.ends_with(&format!("/{name}"));
        if is_spec && path.extension().is_some_and(|extension| extension == "yaml") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            sources.push((name, text));
        }
    }
    Ok(sources)
}

/// The root of the repository.
///
/// # Errors
/// When this package does not lie in one.
pub fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the repository's root")?;
    Ok(root.to_owned())
}

/// Every file that is there below the generated directories.
fn present(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = listed(&root.join(RUST))?;
    if let Some(directory) = root.join(OPENAPI).parent() {
        files.extend(listed(directory)?);
    }
    Ok(files)
}

fn listed(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
