//! A NATS cluster as judge of the journal.
//!
//! The tests are those of `ringback-journal`, and of two receivers side by side; here is the server that they start.

use std::path::PathBuf;

use anyhow::Result;

use super::install::{self, Missing};
use crate::{
    house::House,
    steps::{self, Done},
};

/// By this the tests and the benches find the server.
pub(crate) const SERVER: &str = "RINGBACK_NATS_SERVER";
/// As the workspace is built anyway.
const TESTS: &[&str] = &["test", "--workspace", "--test", "nats", "--test", "receiver"];
/// The receiver's tests without a cluster run with all others.
const SKIPPED: &[&str] = &["--skip", "kill::", "--skip", "bounded::", "--skip", "tools::"];
/// How many servers are killed, and how many entries are appended meanwhile, when there is time.
const LONG: [(&str, &str); 2] =
    [("RINGBACK_SOAK_ROUNDS", "30"), ("RINGBACK_SOAK_EVENTS", "1000000")];

/// Runs the tests as each change has to pass them.
pub(crate) fn check(house: &House) -> Result<Done> {
    run(house, &[], &[])
}

/// The one that kills servers, for long.
pub(crate) fn soak(house: &House) -> Result<Done> {
    run(house, &["nothing_acknowledged_is_lost", "--nocapture"], &LONG)
}

/// The server, or in one line why there is none.
pub(crate) fn server(house: &House) -> Result<Result<PathBuf, String>> {
    let requirements = house.root.join("tests/cluster/requirements.txt");
    let folder = house.target.join("cluster");
    let python = match install::with_pip(house, "nats-server", &requirements, &folder)? {
        Ok(python) => python,
        Err(Missing::Here(why) | Missing::There(why)) => return Ok(Err(why)),
    };
    // The package is nothing but the program, beside the Python that it was installed for.
    let name = format!("nats-server{}", std::env::consts::EXE_SUFFIX);
    Ok(Ok(python.with_file_name(name)))
}

fn run(house: &House, args: &[&str], variables: &[(&str, &str)]) -> Result<Done> {
    let server = match server(house)? {
        Ok(server) => server,
        Err(why) => return Ok(Done::LeftOut(format!("nats-server: {why}"))),
    };
    let mut command = house.cargo(TESTS);
    // Each test starts three servers of its own.
    command.args(["--", "--test-threads", "1"]).args(SKIPPED).args(args);
    command.env(SERVER, server).envs(variables.iter().copied());
    steps::tests(command)
}
