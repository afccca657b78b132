//! Named conversations (g) and transfers by scripts (h).

use ringback_exchange::Attempt;
use serde_json::{Value, json};

use super::{all, app, bob, called, connect};
use crate::world::{ALICE, BOB, NUMBER, World, json as reply};

#[test]
fn g_a_conference_waits_for_its_moderator() {
    let mut world = World::new(Box::new(|attempt: &Attempt| {
        let payload: Value = serde_json::from_slice(&attempt.payload.to_json().unwrap()).unwrap();
        let moderator = payload["from"] == json!(BOB);
        let script = json!([{
            "action": "conversation", "name": "room", "startOnEnter": moderator, "endOnExit": moderator,
            "record": moderator, "musicOnHoldUrl": ["http://app.test/music.mp3"],
        }]);
        if attempt.kind == "answer" { reply(200, &script.to_string()) } else { reply(204, "") }
    }));
    world.set_phone(BOB, "Bob", "hang up after 10s");
    world.call();
    world.run_for(2_000);
    let mut incoming = ringback_model::control::PlaceCallRequest::new(BOB, NUMBER);
    incoming.script = Some("hang up after 10s".to_owned());
    world.place_call(incoming).unwrap();
    world.run();
    insta::assert_snapshot!(world.told());
    let transfers = all(&world, "transfer");
    assert_eq!(transfers.len(), 2);
    assert_eq!(transfers[0]["conversation_uuid_to"], transfers[1]["conversation_uuid_to"]);
    assert_ne!(transfers[0]["conversation_uuid_from"], transfers[1]["conversation_uuid_from"]);
    for transfer in transfers {
        let keys: Vec<_> = transfer.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys,
            ["conversation_uuid_from", "conversation_uuid_to", "timestamp", "type", "uuid"]
        );
    }
    let completed = all(&world, "completed");
    let by: Vec<_> = completed.iter().map(|event| event["disconnected_by"].clone()).collect();
    assert_eq!(by, ["platform", "user"]);
}

#[test]
fn g_a_named_conversation_outlives_its_legs() {
    let room = json!([{"action": "conversation", "name": "room"}]);
    let mut world = World::new(app(room, &[]));
    world.set_phone(ALICE, "Alice", "hang up after 3s");
    world.call();
    world.run();
    world.call();
    world.run();
    let transfers = all(&world, "transfer");
    assert_eq!(transfers[0]["conversation_uuid_to"], transfers[1]["conversation_uuid_to"]);
    // Somebody who comes a second time is another member.
    let id = transfers[0]["conversation_uuid_to"].as_str().unwrap();
    let get = ringback_model::beta::GetConversation::new(id);
    let shown = world.ask(&get).unwrap();
    assert_eq!((&shown["name"], shown["members"].as_array().unwrap().len()), (&json!("room"), 2));
    world.run_for(172_801_000);
    assert!(world.ask(&get).is_err(), "its time to live is over");
}

#[test]
fn g_the_fifty_first_leg_is_refused_with_the_reason() {
    let mut world = World::new(app(json!([{"action": "conversation", "name": "room"}]), &[]));
    for _ in 0..51 {
        world.call();
    }
    world.run();
    assert_eq!(all(&world, "transfer").len(), 50);
    let error = world.last("error");
    assert!(error["reason"].as_str().unwrap().contains("50 legs"), "{error}");
    assert_eq!(all(&world, "completed").len(), 1);
}

#[test]
fn h_a_script_moves_all_legs_into_another_conversation() {
    let mut world = World::new(Box::new(|_: &Attempt| {
        reply(200, r#"[{"action":"conversation","name":"room"}]"#)
    }));
    world.call();
    world.run();
    let room = world.last("transfer")["conversation_uuid_to"].as_str().unwrap().to_owned();
    let script =
        json!([connect(bob()), {"action": "transfer", "conversationId": room, "mute": true}]);
    (world.sent, world.transcript) = (Vec::new(), Vec::new());
    world.answer_with(app(script, &[]));
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let transfers = all(&world, "transfer");
    assert_eq!(transfers.len(), 2);
    assert!(transfers.iter().all(|transfer| transfer["conversation_uuid_to"] == json!(room)));
}

#[test]
fn h_a_transfer_to_nowhere_is_an_error() {
    let world = called(
        json!([{"action": "transfer", "conversationId": "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"}]),
        &[],
        "",
    );
    assert!(world.last("error")["reason"].as_str().unwrap().contains("CON-f972836a"));
    assert_eq!(world.last("completed")["disconnected_by"], "platform");
}
