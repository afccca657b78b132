//! Everything that happens, as server-sent events.

use reqwest::{Method, Response};
use serde_json::Value;

use crate::harness::{App, NUMBER, Platform};

/// Reads a stream event by event.
struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(platform: &Platform, query: &str, last: Option<u64>) -> Self {
        let mut request = platform.request(Method::GET, &format!("/_ringback/events{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event with its number; none at the end.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
                };
                let found = field("id: ").zip(field("data: "));
                self.text = rest.to_owned();
                if let Some((id, data)) = found {
                    return Some((id.parse().unwrap(), serde_json::from_str(&data).unwrap()));
                }
                continue;
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn until(&mut self, label: &str) -> Vec<(u64, Value)> {
        let mut seen = Vec::new();
        while let Some(event) = self.next().await {
            let found = event.1["label"] == label;
            seen.push(event);
            if found {
                return seen;
            }
        }
        panic!("no `{label}` in {seen:?}")
    }
}

#[tokio::test]
async fn a_stream_is_live_and_resumes_without_gap() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let mut live = Stream::open(&platform, "?since=0", None).await;
    let call = platform.call().await;
    app.wait_for("answered inbound", 1).await;
    let seen = live.until("200 to answered").await;
    let numbers: Vec<_> = seen.iter().map(|(id, _)| *id).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    for (id, entry) in &seen {
        assert_eq!(entry["sequence"], *id);
    }

    // The same again, from the middle, both ways of saying so; the header wins.
    let middle = numbers[numbers.len() / 2];
    for (query, last) in [
        (format!("?since={middle}"), None),
        (String::new(), Some(middle)),
        ("?since=0".to_owned(), Some(middle)),
    ] {
        let mut again = Stream::open(&platform, &query, last).await;
        assert_eq!(again.next().await.unwrap(), seen[numbers.len() / 2 + 1], "{query} {last:?}");
    }

    // Of one call only.
    let id = call["id"].as_str().unwrap();
    platform.get("/nowhere").await;
    let mut of_call = Stream::open(&platform, &format!("?since=0&call={id}"), None).await;
    let seen = of_call.until("200 to answered").await;
    assert!(seen.iter().all(|(_, entry)| entry["call"] == id));
    let transcript = platform.get(&format!("/_ringback/calls/{id}/transcript")).await.json();
    let entries = transcript["entries"].as_array().unwrap();
    assert!(seen.iter().zip(entries).all(|((_, one), other)| one == other));

    let ladder = platform.get(&format!("/_ringback/calls/{id}/ladder.svg")).await;
    assert_eq!(ladder.header("content-type"), "image/svg+xml");
    assert!(ladder.text.contains("<svg") && ladder.text.contains(NUMBER), "{}", ladder.text);
}

#[tokio::test]
async fn a_stream_ends_when_the_emulator_stops() {
    let platform = Platform::auto().await;
    let mut live = Stream::open(&platform, "", None).await;
    let reading = tokio::spawn(async move { live.next().await });
    platform.emulator.stop().await;
    assert!(reading.await.unwrap().is_none());
}

#[tokio::test]
async fn refusals_are_told_too() {
    let platform = Platform::auto().await;
    let mut live = Stream::open(&platform, "?since=0", None).await;
    platform.get("/nowhere").await;
    live.until("GET /nowhere refused: 404 path-unknown").await;
}
