//! Killed at any moment: everything that was answered is there again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use reqwest::{Client, Method};
use ringback_emulator::Emulator;
use ringback_jwt::Signer;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::harness::{ALICE, API_KEY, API_SECRET, config, private_key};

/// How often it is killed.
const KILLS: u64 = 24;
/// Tells the child where its state is.
const DIRECTORY: &str = "RINGBACK_TEST_DATA_DIR";
/// Stands before the address that the child prints.
const READY: &str = "ready at ";

/// The emulator that is killed; without its directory, it is no test of its own.
#[tokio::test]
async fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let emulator = Emulator::start(listener, config().data_dir(directory)).unwrap();
    emulator.environment().await;
    println!("\n{READY}{}", emulator.url());
    std::future::pending::<()>().await;
}

/// A child that is killed when it is dropped, too.
struct Killed {
    child: Child,
    url: String,
}

impl Killed {
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_kill::child", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url =
            lines.map_while(Result::ok).find_map(|line| Some(line.strip_prefix(READY)?.to_owned()));
        Self { child, url: url.expect("the child says where it listens") }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What was answered, by kind and name, with what has to be found again.
#[derive(Default)]
struct Answered {
    applications: BTreeMap<String, String>,
    phones: BTreeMap<String, String>,
    calls: BTreeSet<String>,
    count: u64,
}

/// Makes things, one after another, until the child is gone.
async fn make(
    client: Client,
    url: String,
    worker: u64,
    round: u64,
    kept: Arc<Mutex<Answered>>,
    turns: Arc<Semaphore>,
    key: Arc<str>,
) {
    for number in 0.. {
        let name = format!("{round}-{worker}-{number}");
        let phone = format!("4477009{:02}{worker:01}{:02}", round % 100, number % 100);
        let (method, path, body) = match number % 3 {
            0 => (
                Method::POST,
                "/v2/applications".to_owned(),
                json!({"name": name, "keys": {"public_key": &*key}}),
            ),
            1 => (Method::PUT, format!("/_ringback/phones/{phone}"), json!({"name": name})),
            _ => (
                Method::POST,
                "/_ringback/calls".to_owned(),
                json!({"from": ALICE, "to": "447700900100"}),
            ),
        };
        let request = client.request(method, format!("{url}{path}")).json(&body);
        let Ok(reply) = request.basic_auth(API_KEY, Some(API_SECRET)).send().await else { return };
        let status = reply.status();
        let Ok(body) = reply.json::<Value>().await else { return };
        assert!(status.is_success(), "{path}: {status} {body}");
        let mut kept = kept.lock().unwrap();
        match number % 3 {
            0 => {
                let id = body["id"].as_str().unwrap().to_owned();
                let before = kept.applications.insert(id, name);
                assert_eq!(before, None, "an id was given out twice");
            }
            1 => drop(kept.phones.insert(phone, name)),
            _ => assert!(
                kept.calls.insert(body["id"].as_str().unwrap().to_owned()),
                "an id was given out twice"
            ),
        }
        kept.count += 1;
        turns.add_permits(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
    let key: Arc<str> = Signer::from_pem(&private_key()).unwrap().public_key_pem().into();
    let answered = Arc::new(Mutex::new(Answered::default()));
    let mut link = true;
    for round in 0..KILLS {
        let killed = Killed::start(directory.path());
        if std::mem::take(&mut link) {
            link_number(&client, &killed.url).await;
        }
        check(&client, &killed.url, &answered.lock().unwrap().found()).await;
        let turns = Arc::new(Semaphore::new(0));
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (kept, turns) = (Arc::clone(&answered), Arc::clone(&turns));
                let work = make(
                    client.clone(),
                    killed.url.clone(),
                    worker,
                    round,
                    kept,
                    turns,
                    Arc::clone(&key),
                );
                tokio::spawn(work)
            })
            .collect();
        // A number of answers that differs from round to round, the others being under way.
        let count = 1 + (round * 7919 + 13) % 29;
        turns.acquire_many(u32::try_from(count).unwrap()).await.unwrap().forget();
        drop(killed);
        for worker in workers {
            worker.await.unwrap();
        }
    }
    let last = Killed::start(directory.path());
    let found = answered.lock().unwrap().found();
    assert!(found.2.len() > 50 && found.0.len() > 50, "too little was answered");
    check(&client, &last.url, &found).await;
}

type Found = (BTreeMap<String, String>, BTreeMap<String, String>, BTreeSet<String>);

impl Answered {
    fn found(&self) -> Found {
        (self.applications.clone(), self.phones.clone(), self.calls.clone())
    }
}

async fn link_number(client: &Client, url: &str) {
    let environment: Value = client
        .get(format!("{url}/_ringback/environment"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let app = environment["application_id"].as_str().unwrap();
    let path = format!("{url}/number/update?country=GB&msisdn=447700900100&app_id={app}");
    let reply = client.post(path).basic_auth(API_KEY, Some(API_SECRET)).send().await.unwrap();
    assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
}

/// Everything that was answered is there.
async fn check(client: &Client, url: &str, (applications, phones, calls): &Found) {
    let get = async |path: &str| -> Value {
        let request = client.get(format!("{url}{path}")).basic_auth(API_KEY, Some(API_SECRET));
        request.send().await.unwrap().json().await.unwrap()
    };
    for (id, name) in applications {
        assert_eq!(get(&format!("/v2/applications/{id}")).await["name"], **name, "{id}");
    }
    let list = |value: &Value, id: &str, name: &str| -> BTreeMap<String, String> {
        let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
        value.as_array().unwrap().iter().map(|item| (text(item, id), text(item, name))).collect()
    };
    let there = list(&get("/_ringback/phones").await["phones"], "number", "name");
    for (number, name) in phones {
        assert_eq!(there.get(number), Some(name), "{number}");
    }
    let there = list(&get("/_ringback/calls").await["calls"], "id", "status");
    for call in calls {
        assert!(there.contains_key(call), "{call}");
    }
}
