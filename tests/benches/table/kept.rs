//! Reading the tutorial's conversation and writing it back.

use std::{collections::BTreeMap, hint::black_box, time::Duration};

use ringback_model::{Kept, beta};
use ringback_tests::measure::{Goal, Line, Pair};
use serde::Deserialize;

use crate::server::CONVERSATION;

/// Every byte kept, against reading alone into plain types that ignore what they do not know.
pub(crate) fn conversation() {
    let line = Line {
        name: "kept-conversation",
        what: "read the sample conversation and write it back, every byte kept",
        against: "plain typed serde_json reading alone, unknown fields ignored",
        goal: Goal::AtMost(1.2),
    };
    print(&line, CONVERSATION);
    let line = Line {
        name: "kept-unknown",
        what: "the same with unknown fields in nested objects",
        against: "the same",
        goal: Goal::AtMost(1.2),
    };
    print(&line, &with_unknown_fields());
}

fn print(line: &Line<'_>, json: &[u8]) {
    let kept = Kept::<beta::Conversation>::from_slice(json).unwrap();
    assert_eq!(&*kept.to_bytes().unwrap(), json);
    let plain: Conversation = serde_json::from_slice(json).unwrap();
    assert_eq!(plain.members.len(), kept.members.as_ref().unwrap().len());
    let pair = Pair::in_turns(
        80,
        Duration::from_millis(40),
        || {
            let kept = Kept::<beta::Conversation>::from_slice(black_box(json)).unwrap();
            black_box(kept.to_bytes().unwrap());
            kept
        },
        || serde_json::from_slice::<Conversation>(black_box(json)).unwrap(),
    );
    line.print(pair.cost(), "x", &pair);
}

/// The sample with a field that nobody knows in every object within it.
fn with_unknown_fields() -> Vec<u8> {
    let text = std::str::from_utf8(CONVERSATION).unwrap();
    let (first, rest) = text.split_once('{').unwrap();
    let rest = rest.replace("{}", "{ }");
    let unknown = "{\n\"tomorrow\": {\"since\": 2027, \"tags\": [\"a\", \"b\"]},";
    let text = format!("{first}{{{}", rest.replace("{\n", &format!("{unknown}\n")));
    text.into_bytes()
}

/// The conversation as one writes it down who wants to read it and no more.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Conversation {
    uuid: String,
    name: String,
    timestamp: Times,
    sequence_number: u64,
    numbers: BTreeMap<String, String>,
    properties: Properties,
    members: Vec<Member>,
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Times {
    created: Option<String>,
    invited: Option<String>,
    joined: Option<String>,
    left: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Properties {
    ttl: u64,
    video: bool,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Member {
    member_id: String,
    user_id: String,
    name: String,
    state: State,
    timestamp: Times,
    invited_by: Option<String>,
    channel: Channel,
    initiator: Initiator,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum State {
    Invited,
    Joined,
    Left,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Channel {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    from: Endpoint,
    to: Endpoint,
    leg_ids: Vec<String>,
    cpa: Option<bool>,
    preanswer: Option<bool>,
    ring_timeout: Option<i64>,
    cpa_time: Option<i64>,
    max_length: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Endpoint {
    #[serde(rename = "type")]
    kind: String,
    number: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Initiator {
    invited: Option<By>,
    joined: Option<By>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct By {
    #[serde(rename = "isSystem")]
    is_system: bool,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Links {
    #[serde(rename = "self")]
    this: Link,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only read")]
struct Link {
    href: String,
}
