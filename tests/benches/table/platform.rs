//! Whole calls on a whole platform, with real webhooks.

use std::{cell::RefCell, time::Instant};

use futures_util::future::join_all;
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_model::{
    PhoneNumber,
    control::{PlaceCall, PlaceCallRequest, Seed, SeedNumber, SeedPhone, SeedRequest},
};
use ringback_tests::measure::{Goal, Line, Pair};
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
};

use crate::server::Server;

const ALICE: &str = "447700000001";
const NUMBER: &str = "447700000002";
const BOB: &str = "447700000003";

/// Calls that are up at once, and requests in flight on the other side.
const AT_ONCE: usize = 64;
/// Calls of one turn.
const CALLS: usize = 1_500;
/// Webhooks of a tutorial call: the answer, and eight events.
const WEBHOOKS: usize = 9;

/// Tutorial calls with all nine webhooks, against the requests that bare reqwest sends to the same
/// application.
pub(crate) fn calls() {
    let application = Server::start("application");
    let origin = format!("http://{}", application.address);
    // What lasts for seconds takes milliseconds, so that calls are many and not long.
    let platform = Platform::start(&origin, ClockMode::Times(1_000));
    let bare = Bare::new(&origin);
    let ours = || platform.run_calls(CALLS) / (CALLS * WEBHOOKS) as f64;
    let theirs = || bare.run(CALLS * WEBHOOKS) / (CALLS * WEBHOOKS) as f64;
    ours();
    theirs();
    let pair = Pair::of(6, ours, theirs);
    let line = Line {
        name: "whole-calls",
        what: "webhooks of whole tutorial calls (answer and eight events each, signed), 64 calls up, \
               by the wall clock",
        against: "bare reqwest posting an event to the same application, 64 in flight; one thread each",
        goal: Goal::AtLeast(0.5),
    };
    line.print(pair.speed(), "x", &pair);
}

/// A call of ten minutes with twenty prompts and answers, when the clock skips quiet time.
pub(crate) fn auto_clock() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let platform = Platform::start(&origin, ClockMode::Auto);
    platform.runtime.spawn(ivr(listener));
    let mut seconds = Vec::new();
    for _ in 0..7 {
        let begin = Instant::now();
        platform.runtime.block_on(async {
            let call = PlaceCallRequest::new(ALICE, NUMBER).script(["press 1"; 20].join(", "));
            let call = platform.emulator.control(&PlaceCall::new(call)).unwrap().id;
            until_over(&platform.emulator, &call).await;
        });
        seconds.push(begin.elapsed().as_secs_f64());
    }
    let rounds = seconds.len();
    let line = Line {
        name: "auto-clock",
        what: "a call of ten minutes with twenty prompts and inputs, real webhooks, `--clock auto`",
        against: "a limit",
        goal: Goal::AtMost(0.5),
    };
    line.print_single(ringback_tests::measure::median(seconds), "s", rounds);
}

/// An application of twenty menus: each is spoken for nearly half a minute and takes one key.
async fn ivr(listener: std::net::TcpListener) {
    use axum::{Router, extract::State, http::header::CONTENT_TYPE, routing::any};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let text = vec!["word"; 72].join(" ");
    let menu = format!(
        r#"[{{"action":"talk","text":"{text}"}},{{"action":"input","type":["dtmf"],"dtmf":{{"maxDigits":1}}}}]"#
    );
    let asked = Arc::new(AtomicUsize::new(0));
    let handler = async move |State(asked): State<Arc<AtomicUsize>>, body: String| {
        let menus = body.is_empty() || body.contains("dtmf");
        // Twenty menus, then nothing more to run.
        let script = if menus && asked.fetch_add(1, Ordering::Relaxed) % 21 < 20 {
            menu
        } else {
            String::new()
        };
        ([(CONTENT_TYPE, "application/json")], script)
    };
    let router = Router::new().fallback(any(handler)).with_state(asked);
    axum::serve(listener, router).await.unwrap();
}

/// Waits until a call is over.
async fn until_over(emulator: &Emulator, call: &ringback_model::LegId) {
    use ringback_model::control::GetCall;
    loop {
        let seen = emulator.control(&GetCall::new(call.clone())).unwrap();
        if seen.status.as_str() == "completed" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// An emulator whose application is at an origin, with the tutorial's number and Bob.
struct Platform {
    runtime: Runtime,
    emulator: Emulator,
}

impl Platform {
    fn start(origin: &str, clock: ClockMode) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let emulator = runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let config = Config::new()
                .clock(clock)
                .webhooks(format!("{origin}/webhooks/answer"), format!("{origin}/webhooks/event"));
            let emulator = Emulator::start(listener, config).unwrap();
            let application = emulator.environment().await.application_id.unwrap().to_string();
            let number = SeedNumber::new("GB", PhoneNumber::new(NUMBER).unwrap());
            let bob =
                SeedPhone::new(BOB).script("ring after 1s, answer after 3s, hang up after 2s");
            let seed =
                SeedRequest::new().numbers(vec![number.application(application)]).phones(vec![bob]);
            emulator.control(&Seed::new(seed)).unwrap();
            emulator
        });
        Self { runtime, emulator }
    }

    /// Runs so many calls, each as soon as another is over; answers the seconds.
    fn run_calls(&self, calls: usize) -> f64 {
        let begin = Instant::now();
        self.runtime.block_on(async {
            let mut deliveries = self.emulator.deliveries();
            let place = || {
                let call = PlaceCallRequest::new(ALICE, NUMBER);
                self.emulator.control(&PlaceCall::new(call)).unwrap();
            };
            (0..AT_ONCE).for_each(|_| place());
            let (mut placed, mut delivered) = (AT_ONCE, 0);
            // A call is over when both of its legs have been told as completed.
            let mut completed = 0;
            while delivered < calls * WEBHOOKS {
                let delivery = deliveries.recv().await.unwrap();
                assert!(matches!(delivery.outcome, Ok(200..=299)), "{delivery:?}");
                delivered += 1;
                completed += usize::from(delivery.kind == "completed");
                while placed < calls && placed < completed / 2 + AT_ONCE {
                    place();
                    placed += 1;
                }
            }
        });
        begin.elapsed().as_secs_f64()
    }
}

/// A client that does nothing but post events.
struct Bare {
    runtime: Runtime,
    client: reqwest::Client,
    url: String,
}

const EVENT: &str = r#"{"headers":{},"from":"447700000001","to":"447700000002","uuid":"ad18cf77feaa44d4a1f84ffe887d622a","conversation_uuid":"CON-cca3fd9f-0ae2-4674-8f72-e2b80bb1362e","status":"ringing","direction":"inbound","timestamp":"2018-10-25T09:26:18.991Z"}"#;

impl Bare {
    fn new(origin: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
        Self { runtime, client, url: format!("{origin}/webhooks/event") }
    }

    fn run(&self, requests: usize) -> f64 {
        let begin = Instant::now();
        let left = RefCell::new(requests);
        self.runtime.block_on(join_all((0..AT_ONCE).map(|_| async {
            loop {
                let Some(less) = left.borrow().checked_sub(1) else { return };
                *left.borrow_mut() = less;
                let request =
                    self.client.post(&self.url).header("content-type", "application/json");
                let response = request.body(EVENT).send().await.unwrap();
                assert_eq!(response.status().as_u16(), 204);
                drop(response.bytes().await.unwrap());
            }
        })));
        begin.elapsed().as_secs_f64()
    }
}
