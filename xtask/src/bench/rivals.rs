//! What some benches measure against, installed when one of them runs.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Result;

use crate::{
    e2e::{
        cluster,
        install::{self, Missing},
        python,
    },
    house::House,
    steps::say,
};

/// The variables that tell benches where their rivals are, as far as those were asked for.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    /// By the variable; none where it could not be installed.
    found: BTreeMap<&'static str, Option<PathBuf>>,
}

/// The name of a bench, the variable that it reads, and how that is installed.
type Rival = (&'static str, &'static str, fn(&House) -> Result<Result<PathBuf, String>>);

const RIVALS: [Rival; 7] = [
    ("webhook-answer-flask", "RINGBACK_PYTHON", tutorial),
    ("webhook-answer-gunicorn", "RINGBACK_PYTHON", tutorial),
    ("receiver-flask", "RINGBACK_BENCH_FLASK", flask),
    ("receiver-express", "RINGBACK_BENCH_EXPRESS", express),
    ("receiver-flask-kept", "RINGBACK_BENCH_FLASK", flask),
    ("receiver-express-kept", "RINGBACK_BENCH_EXPRESS", express),
    ("jetstream-appends", cluster::SERVER, cluster::server),
];

impl Rivals {
    /// The variables for this bench.
    pub(super) fn of(
        &mut self,
        house: &House,
        bench: &str,
    ) -> Result<Vec<(&'static str, PathBuf)>> {
        let mut variables = Vec::new();
        for (name, variable, install) in RIVALS {
            if bench != name {
                continue;
            }
            if !self.found.contains_key(variable) {
                let found = install(house)?;
                if let Err(why) = &found {
                    say(&format!("left out, what {bench} is measured against: {why}"));
                }
                self.found.insert(variable, found.ok());
            }
            let path = self.found.get(variable).cloned().flatten();
            variables.extend(path.map(|path| (variable, path)));
        }
        Ok(variables)
    }
}

/// A Python for the tutorial's application.
fn tutorial(house: &House) -> Result<Result<PathBuf, String>> {
    python::ready(house, &["flask", "gunicorn"])
}

/// A Python with Flask and PyJWT.
fn flask(house: &House) -> Result<Result<PathBuf, String>> {
    let requirements = house.root.join("tests/benches/rivals/flask/requirements.txt");
    let folder = house.target.join("bench").join("flask");
    Ok(install::with_pip(house, "Flask and PyJWT", &requirements, &folder)?.map_err(reason))
}

/// The `node_modules` with Express and jsonwebtoken.
fn express(house: &House) -> Result<Result<PathBuf, String>> {
    let from = house.root.join("tests/benches/rivals/express");
    let folder = house.target.join("bench").join("express");
    Ok(install::with_npm(house, "Express", &from, &folder)?.map_err(reason))
}

fn reason(missing: Missing) -> String {
    let (Missing::Here(why) | Missing::There(why)) = missing;
    why
}
