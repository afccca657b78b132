//! Websockets as legs (j).

use ringback_exchange::{Input, SocketCommand, SocketEvent};
use ringback_model::LegId;
use serde_json::{Value, json};

use super::{all, app, connect};
use crate::world::{ALICE, World};

#[test]
fn j_a_websocket_is_greeted_and_told_of_keys() {
    let socket = json!({
        "type": "websocket", "uri": "ws://app.test/socket", "content-type": "audio/l16;rate=8000",
        "headers": {"language": "en-GB", "caller-id": "447700900123"},
    });
    let mut world = World::new(app(json!([connect(socket)]), &[]));
    world.set_phone(ALICE, "Alice", "press 5 after 2s, hang up after 4s");
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let (leg, opening) = match &world.sockets[0] {
        (leg, SocketCommand::Open(opening)) => (leg.clone(), opening),
        other => panic!("{other:?}"),
    };
    let greeting: Value = serde_json::from_str(&opening.greeting).unwrap();
    assert_eq!(
        greeting,
        json!({"event": "websocket:connected", "content-type": "audio/l16;rate=8000", "language": "en-GB", "caller-id": "447700900123"})
    );
    assert_eq!((opening.rate, opening.uri.as_ref()), (8_000, "ws://app.test/socket"));
    let told: Vec<Value> = world
        .sockets
        .iter()
        .filter_map(|(_, command)| match command {
            SocketCommand::Send(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
        .collect();
    assert_eq!(told, [json!({"event": "websocket:dtmf", "digit": "5", "duration": 260})]);
    assert!(matches!(world.sockets.last(), Some((closed, SocketCommand::Close)) if *closed == leg));
    let answered = all(&world, "answered");
    assert_eq!(
        (&answered[0]["to"], &answered[0]["headers"]["language"]),
        (&json!("ws://app.test/socket"), &json!("en-GB"))
    );
}

#[test]
fn j_the_application_closes_its_websocket() {
    let script = |more: Value| {
        let socket = json!({"type": "websocket", "uri": "ws://app.test/socket", "content-type": "audio/l16;rate=16000"});
        let mut script = vec![connect(socket)];
        script.extend(more.as_array().unwrap().clone());
        Value::Array(script)
    };
    let closed = |script: Value, replies: &[(&'static str, Value)]| {
        let mut world = World::new(app(script, replies));
        world.call();
        world.run();
        let leg = LegId::new(all(&world, "answered")[0]["uuid"].as_str().unwrap());
        world.feed(Input::Socket { leg, event: SocketEvent::Closed });
        world.run();
        world
    };
    let world = closed(
        script(json!([])),
        &[("disconnected", json!([{"action": "talk", "text": "Go on"}]))],
    );
    insta::assert_snapshot!(world.told());
    let disconnected = world.last("disconnected");
    assert!(disconnected.get("direction").is_none());
    // Without a script in the reply, and nothing left of the first one, the call ends.
    let world = closed(script(json!([])), &[]);
    assert_eq!(
        world.kinds()[world.kinds().len() - 3..],
        ["disconnected", "completed B", "completed A"]
    );
}

#[test]
fn j_a_websocket_that_cannot_be_opened_is_a_failure_that_may_be_answered() {
    let socket = |content_type: &str| {
        json!({"action": "connect", "eventType": "synchronous", "endpoint":
            [{"type": "websocket", "uri": "ws://app.test/socket", "content-type": content_type}]})
    };
    let world = |socket: Value, event: Option<SocketEvent>| {
        let mut world = World::new(app(
            json!([socket]),
            &[("failed", json!([{"action": "talk", "text": "Sorry"}]))],
        ));
        world.socket = event;
        world.call();
        world.run();
        world
    };
    for event in [SocketEvent::Refused("the server answered 403".to_owned()), SocketEvent::Closed] {
        let world = world(socket("audio/l16;rate=16000"), Some(event));
        assert!(world.told().contains("talk is done"), "{}", world.told());
        assert!(world.kinds().contains(&"failed B".to_owned()));
    }
    let world = world(socket("audio/l16;rate=44100"), None);
    assert!(world.kinds().contains(&"failed B".to_owned()), "{:?}", world.kinds());
    assert!(world.sockets.iter().all(|(_, command)| !matches!(command, SocketCommand::Open(_))));
}
