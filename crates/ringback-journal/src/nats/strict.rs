//! Whether an acknowledgement means durable: what the servers say about themselves.
//!
//! JetStream acknowledges when most replicas have written an entry, and syncs files every two
//! minutes unless `sync_interval` is `always`: a power cut that hits all of them, or the loss of one
//! that was ahead, takes what was acknowledged.
//! A client is not told that setting; a server shows it on its monitoring port and to its system
//! account.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_nats::jetstream::stream::Info;
use futures_util::StreamExt as _;
use serde_json::Value;

use super::{addresses::Addresses, connection, fault::refused, monitor, settings::NatsSettings};
use crate::Error;

/// How long servers may take to answer the system account.
const ANSWERS: Duration = Duration::from_secs(3);
/// Many messages with one request came with this version.
const OLDEST: (u32, u32) = (2, 11);
/// Many messages that are kept together came with this one.
const BATCHES: (u32, u32) = (2, 12);
/// On how many servers an entry has to be.
const REPLICAS: usize = 3;

/// What a server says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// Whether it syncs before it acknowledges.
    always: bool,
    /// How often it syncs otherwise, in nanoseconds.
    interval: u64,
}

/// What would be given up, one sentence each; none where an acknowledgement means durable.
pub(super) async fn dangers(
    settings: &NatsSettings,
    streams: &[Info],
) -> Result<Vec<String>, Error> {
    let mut dangers = replicas(streams);
    let names = names(streams);
    let (seen, silent) = look(settings, &names).await?;
    dangers.extend(silent);
    dangers.extend(syncs(settings, &names, &seen));
    Ok(dangers)
}

/// Refuses servers that are too old, whose version they say to everybody.
pub(super) fn version(said: &str) -> Result<(), Error> {
    if is_since(OLDEST, said) {
        return Ok(());
    }
    Err(refused(
        "journal-older",
        format!(
            "the NATS server is version {said}, and {}.{} or later is needed; install a newer one \
             on each machine",
            OLDEST.0, OLDEST.1
        ),
    ))
}

/// Whether servers of this version take many messages as one.
pub(super) fn takes_batches(said: &str) -> bool {
    is_since(BATCHES, said)
}

fn is_since(version: (u32, u32), said: &str) -> bool {
    let mut parts = said.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= version
}

fn replicas(streams: &[Info]) -> Vec<String> {
    let few = streams.iter().filter(|info| info.config.num_replicas < REPLICAS);
    few.map(|info| {
        let name = &info.config.name;
        format!(
            "the stream {name} is kept on {} server(s) and should be on {REPLICAS}, so that the \
             loss of one loses nothing; `nats stream edit {name} --replicas {REPLICAS}` does that \
             in a cluster of {REPLICAS}",
            info.config.num_replicas
        )
    })
    .collect()
}

/// The servers that keep the streams.
fn names(streams: &[Info]) -> BTreeSet<String> {
    let clusters = streams.iter().filter_map(|info| info.cluster.as_ref());
    clusters
        .flat_map(|cluster| {
            let others = cluster.replicas.iter().map(|peer| peer.name.clone());
            others.chain(cluster.leader.clone())
        })
        .collect()
}

fn syncs(
    settings: &NatsSettings,
    names: &BTreeSet<String>,
    seen: &BTreeMap<String, Server>,
) -> Vec<String> {
    let mut dangers = Vec::new();
    for (name, server) in seen.iter().filter(|(_, server)| !server.always) {
        dangers.push(format!(
            "the server {name} syncs its files every {:?} (sync_interval) and should before each \
             acknowledgement; write jetstream {{ sync_interval: always }} into its configuration \
             and restart it",
            Duration::from_nanos(server.interval)
        ));
    }
    let unseen: Vec<_> = names.iter().filter(|name| !seen.contains_key(*name)).cloned().collect();
    let alone = names.is_empty() && seen.is_empty();
    if !unseen.is_empty() || alone {
        let which = if alone { "the server".to_owned() } else { unseen.join(", ") };
        let how = if settings.monitors.is_empty() && settings.system.is_none() {
            "give the monitoring address of each server (http_port in its configuration, then \
             http://host:8222), or the login of the system account"
        } else {
            "give the monitoring address of every server, or the login of the system account, \
             which sees all that run"
        };
        dangers.push(format!(
            "whether {which} syncs before each acknowledgement (sync_interval: always) cannot be \
             seen by a client; {how}"
        ));
    }
    dangers
}

/// What servers say about themselves, by name, and which did not answer.
async fn look(
    settings: &NatsSettings,
    names: &BTreeSet<String>,
) -> Result<(BTreeMap<String, Server>, Vec<String>), Error> {
    let (mut seen, mut silent) = (BTreeMap::new(), Vec::new());
    for address in &settings.monitors {
        match monitor::varz(address, settings.timeout).await {
            Ok(varz) => seen.extend(server(&varz)),
            Err(why) => silent.push(format!(
                "nothing useful answers at the monitoring address {}: {why}; correct it, or start \
                 that server",
                monitor::shown(address)
            )),
        }
    }
    if let Some(system) = &settings.system {
        let addresses = Addresses::parse(&system.0)?;
        let client = connection::connect(&addresses, settings.timeout).await?;
        for varz in ask(&client, names).await {
            seen.extend(varz.get("data").and_then(server));
        }
    }
    Ok((seen, silent))
}

/// Asks every server of the cluster, by its system account.
async fn ask(client: &async_nats::Client, names: &BTreeSet<String>) -> Vec<Value> {
    let inbox = client.new_inbox();
    let Ok(mut replies) = client.subscribe(inbox.clone()).await else { return Vec::new() };
    let asked = client.publish_with_reply("$SYS.REQ.SERVER.PING.VARZ", inbox, "".into()).await;
    let mut answers: Vec<Value> = Vec::new();
    let all = async {
        while asked.is_ok() && answers.len() < names.len().max(1) {
            let Some(reply) = replies.next().await else { break };
            // Nobody listens: the login is none of the system account.
            if reply.status.is_some() {
                break;
            }
            answers.extend(serde_json::from_slice::<Value>(&reply.payload).ok());
        }
    };
    drop(tokio::time::timeout(ANSWERS, all).await);
    answers
}

fn server(varz: &Value) -> Option<(String, Server)> {
    let name = varz.get("server_name")?.as_str()?.to_owned();
    let config = varz.get("jetstream")?.get("config")?;
    let always = config.get("sync_always").and_then(Value::as_bool).unwrap_or(false);
    let interval = config.get("sync_interval").and_then(Value::as_u64).unwrap_or(0);
    Some((name, Server { always, interval }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_refused() {
        let check = |said: &str, good: bool| assert_eq!(version(said).is_ok(), good, "{said}");
        check("2.15.1", true);
        check("2.11.0-RC.1", true);
        check("3.0.0", true);
        check("2.9.10", false);
        check("", false);
    }

    #[test]
    fn what_is_not_seen_is_a_danger() {
        let name = |text: &str| text.to_owned();
        let server = |always| Server { always, interval: 120_000_000_000 };
        let check = |names: &[&str], seen: &[(&str, bool)], expected: &[&str]| {
            let names = names.iter().map(|text| name(text)).collect();
            let seen = seen.iter().map(|(text, always)| (name(text), server(*always))).collect();
            let dangers = syncs(&NatsSettings::new(), &names, &seen);
            assert_eq!(dangers.len(), expected.len(), "{dangers:?}");
            for (danger, words) in dangers.iter().zip(expected) {
                assert!(danger.contains(words), "{danger}");
            }
        };
        check(&["a", "b"], &[("a", true), ("b", true)], &[]);
        check(&["a", "b"], &[("a", true), ("b", false)], &["server b syncs its files every 120s"]);
        check(&["a", "b"], &[("a", true)], &["whether b syncs"]);
        check(&["a", "b"], &[], &["whether a, b syncs"]);
        check(&[], &[], &["whether the server syncs"]);
        check(&[], &[("a", true)], &[]);
    }
}
