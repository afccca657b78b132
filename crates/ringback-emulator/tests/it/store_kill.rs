//! Killed at any moment: everything that was answered is there again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
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
        Self {
            child,
            url: url.unwrap_or_else(|| panic!("the child does not say where it listens")),
        }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What was answered, by kind and name, with what has to be found again.
#[derive(Clone, Default)]
struct Answered {
    applications: BTreeMap<String, String>,
    phones: BTreeMap<String, String>,
    calls: BTreeSet<String>,
}

/// Makes things, one after another, until the child is gone.
#[derive(Clone)]
struct Maker {
    client: Client,
    url: String,
    number: String,
    public_key: Arc<str>,
    answered: Arc<Mutex<Answered>>,
    /// One for each answer.
    turns: Arc<Semaphore>,
    /// Counts the phones, so that no two have the same number.
    phones: Arc<AtomicU64>,
}

impl Maker {
    async fn make(self, name: String) {
        for count in 0.. {
            let Some(()) = self.make_one(format!("{name}-{count}"), count).await else { return };
            self.turns.add_permits(1);
        }
    }

    /// None when the child is gone.
    async fn make_one(&self, name: String, count: u64) -> Option<()> {
        let phone = format!("44770{:07}", self.phones.fetch_add(1, Ordering::Relaxed));
        let (method, path, body) = match count % 3 {
            0 => {
                let keys = json!({"public_key": &*self.public_key});
                (Method::POST, "/v2/applications", json!({"name": name, "keys": keys}))
            }
            1 => (Method::PUT, "/_ringback/phones/", json!({"name": name})),
            _ => {
                let call = json!({"from": ALICE, "to": self.number});
                (Method::POST, "/_ringback/calls", call)
            }
        };
        let phone_path = if count % 3 == 1 { phone.as_str() } else { "" };
        let request = self.client.request(method, format!("{}{path}{phone_path}", self.url));
        let request = request.json(&body).basic_auth(API_KEY, Some(API_SECRET));
        let reply = request.send().await.ok()?;
        let status = reply.status();
        let body: Value = reply.json().await.ok()?;
        assert!(status.is_success(), "{path}: {status} {body}");
        let mut answered = self.answered.lock().unwrap();
        let id = || body["id"].as_str().unwrap().to_owned();
        let is_new = match count % 3 {
            0 => answered.applications.insert(id(), name).is_none(),
            1 => answered.phones.insert(phone, name).is_none(),
            _ => answered.calls.insert(id()),
        };
        assert!(is_new, "an id was given out twice: {body}");
        Some(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
    let key: Arc<str> = Signer::from_pem(&private_key()).unwrap().public_key_pem().into();
    let answered = Arc::new(Mutex::new(Answered::default()));
    let phones = Arc::new(AtomicU64::new(1_000));
    let mut number = None;
    for round in 0..KILLS {
        let killed = Killed::start(directory.path());
        let number = match &number {
            Some(number) => String::clone(number),
            None => number.insert(link_number(&client, &killed.url).await).clone(),
        };
        let found = answered.lock().unwrap().clone();
        check(&client, &killed.url, &found).await;
        let turns = Arc::new(Semaphore::new(0));
        let maker = Maker {
            client: client.clone(),
            url: killed.url.clone(),
            number,
            public_key: Arc::clone(&key),
            answered: Arc::clone(&answered),
            turns: Arc::clone(&turns),
            phones: Arc::clone(&phones),
        };
        let name = |worker: usize| format!("{round}{}", "x".repeat(worker));
        let makers: Vec<_> =
            (0..4).map(|worker| tokio::spawn(maker.clone().make(name(worker)))).collect();
        // A number of answers that differs from round to round, the others being under way.
        let count = 1 + (round * 7919 + 13) % 29;
        turns.acquire_many(u32::try_from(count).unwrap()).await.unwrap().forget();
        drop(killed);
        for maker in makers {
            maker.await.unwrap();
        }
    }
    let last = Killed::start(directory.path());
    let found = answered.lock().unwrap().clone();
    assert!(found.calls.len() > 50 && found.applications.len() > 50, "too little was answered");
    check(&client, &last.url, &found).await;
}

/// Links the number that is rented from the start, and gives it.
async fn link_number(client: &Client, url: &str) -> String {
    let environment: Value = client
        .get(format!("{url}/_ringback/environment"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let app = environment["application_id"].as_str().unwrap();
    let number = environment["spare_number"].as_str().unwrap().to_owned();
    let path = format!("{url}/number/update?country=GB&msisdn={number}&app_id={app}");
    let reply = client.post(path).basic_auth(API_KEY, Some(API_SECRET)).send().await.unwrap();
    assert!(reply.status().is_success(), "{}", reply.text().await.unwrap());
    number
}

/// Everything that was answered is there.
async fn check(client: &Client, url: &str, answered: &Answered) {
    let Answered { applications, phones, calls } = answered;
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
