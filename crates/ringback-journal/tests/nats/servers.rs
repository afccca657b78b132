//! Servers on loopback, each with a folder of its own; they end when they are dropped.

use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use async_nats::jetstream::Context;
use ringback_journal::{Nats, NatsSettings};

/// After this, servers that are not ready never will be.
const READY: Duration = Duration::from_secs(30);

/// Servers that form a cluster.
#[derive(Debug)]
pub(crate) struct Servers {
    each: Vec<Server>,
    // Removed after the servers have ended.
    _folder: tempfile::TempDir,
}

/// One of them.
#[derive(Debug)]
struct Server {
    process: Option<Child>,
    config: PathBuf,
    ports: Ports,
}

/// Where one is reached.
#[derive(Clone, Copy, Debug)]
struct Ports {
    client: u16,
    route: u16,
    monitor: u16,
}

/// The program to start, unless it is left out.
pub(crate) fn program() -> Option<String> {
    let path = std::env::var_os("RINGBACK_NATS_SERVER")?.into_string().ok()?;
    (!path.is_empty()).then_some(path)
}

/// Says a line to whoever watches.
pub(crate) fn say(line: &str) {
    // A closed terminal is no reason to stop.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Whether there is none; says so.
pub(crate) fn missing() -> bool {
    let missing = program().is_none();
    if missing {
        say("left out: RINGBACK_NATS_SERVER names no nats-server");
    }
    missing
}

impl Servers {
    /// Starts so many that sync before they acknowledge.
    pub(crate) async fn start(count: usize) -> Self {
        Self::start_with(count, |_| "sync_interval: always".to_owned()).await
    }

    /// Starts so many, with these settings of JetStream for each.
    pub(crate) async fn start_with(count: usize, jetstream: impl Fn(usize) -> String) -> Self {
        // A port that was free may be taken by another before a server has it.
        for _ in 0..5 {
            let mut servers = Self::configured(count, &jetstream);
            for nth in 0..count {
                servers.run(nth);
            }
            if servers.ready().await {
                return servers;
            }
        }
        panic!("nats-server does not start");
    }

    fn configured(count: usize, jetstream: &impl Fn(usize) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ports = free(count);
        let routes: Vec<_> =
            ports.iter().map(|ports| format!("nats://127.0.0.1:{}", ports.route)).collect();
        let each = ports.iter().enumerate().map(|(nth, ports)| {
            let place = folder.path().join(format!("s{nth}"));
            fs::create_dir(&place).unwrap();
            let cluster = if count == 1 {
                String::new()
            } else {
                format!(
                    "cluster {{ name: test, listen: \"127.0.0.1:{}\", routes: {routes:?} }}\n",
                    ports.route
                )
            };
            let config = format!(
                "server_name: s{nth}\nlisten: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\n{cluster}\
                 jetstream {{ store_dir: {place:?}, max_file_store: 1GB, {} }}\n\
                 accounts {{\n SYS {{ users: [{{ user: sys, password: system-secret }}] }}\n \
                 APP {{ jetstream: enabled, users: [{{ user: app, password: planted-secret }}] }}\n}}\n\
                 system_account: SYS\n",
                ports.client,
                ports.monitor,
                jetstream(nth),
            );
            let file = place.join("server.conf");
            fs::write(&file, config).unwrap();
            Server { process: None, config: file, ports: *ports }
        });
        Self { each: each.collect(), _folder: folder }
    }

    /// Starts one that does not run.
    pub(crate) fn run(&mut self, nth: usize) {
        let server = &mut self.each[nth];
        let log = server.config.with_extension("log");
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let process = Command::new(program().unwrap())
            .arg("-c")
            .arg(&server.config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        server.process = Some(process.unwrap());
    }

    /// Kills one, as `kill -9` does.
    pub(crate) fn kill(&mut self, nth: usize) {
        if let Some(mut process) = self.each[nth].process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Waits until a journal can be made; false when a server has ended.
    async fn ready(&mut self) -> bool {
        let end = Instant::now() + READY;
        loop {
            let ended = |server: &mut Server| {
                server.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_some())
            };
            if self.each.iter_mut().any(ended) {
                return false;
            }
            let settings = NatsSettings::new().stream("READY").relaxed(true);
            let settings = settings.replicas(self.each.len().min(3));
            let Err(error) = Nats::connect(&self.addresses(), settings).await else { return true };
            if Instant::now() >= end {
                self.log();
                panic!("the servers do not become ready: {error:?}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whether every server has all of the journal's stream.
    pub(crate) async fn all_current(&self) -> bool {
        let Ok(context) = self.bare().await else { return false };
        for name in ["RINGBACK_EVENTS", "KV_RINGBACK_EVENTS"] {
            let Ok(stream) = context.get_stream(name).await else { return false };
            let Some(cluster) = stream.cached_info().cluster.clone() else { return false };
            if cluster.leader.is_none() || cluster.replicas.iter().any(|p| !p.current || p.offline)
            {
                return false;
            }
        }
        true
    }

    /// Which one leads the journal's stream.
    pub(crate) async fn leader(&self) -> usize {
        let context = self.bare().await.unwrap();
        let stream = context.get_stream("RINGBACK_EVENTS").await.unwrap();
        let leader = stream.cached_info().cluster.clone().unwrap().leader.unwrap();
        leader.trim_start_matches('s').parse().unwrap()
    }

    /// Prints what the servers say.
    fn log(&self) {
        for server in &self.each {
            let log = fs::read_to_string(server.config.with_extension("log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(30).collect();
            say(&lines.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
    }

    /// Where they are, with a login.
    pub(crate) fn addresses(&self) -> String {
        self.login("app", "planted-secret")
    }

    /// The same with the login of the system account.
    pub(crate) fn system(&self) -> String {
        self.login("sys", "system-secret")
    }

    fn login(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@{}", self.plain().join(","))
    }

    /// Where they are.
    fn plain(&self) -> Vec<String> {
        self.each.iter().map(|server| format!("127.0.0.1:{}", server.ports.client)).collect()
    }

    /// The bare client, with nothing of ours around it.
    pub(crate) async fn bare(&self) -> Result<Context, async_nats::ConnectError> {
        let login = ("app".to_owned(), "planted-secret".to_owned());
        let options = async_nats::ConnectOptions::with_user_and_password(login.0, login.1);
        options.connect(self.plain()).await.map(async_nats::jetstream::new)
    }

    /// Where they show their settings.
    pub(crate) fn monitors(&self) -> Vec<String> {
        let each = self.each.iter();
        each.map(|server| format!("http://127.0.0.1:{}", server.ports.monitor)).collect()
    }

    /// Settings that strict mode accepts, and a short lease.
    pub(crate) fn settings(&self) -> NatsSettings {
        NatsSettings::new().monitors(self.monitors()).lease(Duration::from_secs(2))
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for nth in 0..self.each.len() {
            self.kill(nth);
        }
    }
}

/// Ports that nobody has now.
fn free(count: usize) -> Vec<Ports> {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    // Held until all are found, so that none is found twice.
    let held: Vec<_> = (0..count * 3).map(|_| TcpListener::bind(any).unwrap()).collect();
    let ports: Vec<_> = held.iter().map(|held| held.local_addr().unwrap().port()).collect();
    let each = ports.chunks_exact(3);
    each.map(|some| Ports { client: some[0], route: some[1], monitor: some[2] }).collect()
}
