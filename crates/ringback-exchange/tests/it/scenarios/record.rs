//! Recordings (f).

use serde_json::json;

use super::{app, bob, called, connect};
use crate::world::{BOB, World};

#[test]
fn f_record_until_a_key_and_a_hang_up() {
    let world = called(
        json!([
            {"action": "talk", "text": "Speak"},
            {"action": "record", "endOnKey": "#", "beepStart": true, "eventUrl": ["http://app.test/rec"]},
            {"action": "talk", "text": "Thanks"},
        ]),
        &[],
        r#"say "my message" after 1s, press # after 5s"#,
    );
    insta::assert_snapshot!(world.told());
    let record = world.last("record");
    // 4.6 s of mp3 at 32 kbit/s in whole frames of 36 ms.
    assert_eq!(record["size"], json!(128 * 144));
    assert_ne!(
        record["recording_uuid"],
        record["recording_url"].as_str().unwrap().rsplit('/').next().unwrap()
    );
    assert!(record.get("uuid").is_none());
    assert_eq!(record["start_time"].as_str().unwrap().len(), "2018-10-25T09:26:18Z".len());
}

#[test]
fn f_a_recording_beside_a_call_is_told_after_its_end() {
    let mut world = World::new(app(
        json!([{"action": "record", "transcription": {}, "split": "conversation", "format": "wav"}, connect(bob())]),
        &[],
    ));
    world.set_phone(
        BOB,
        "Bob",
        r#"answer after 2s, say "good morning" after 1s, hang up after 5s"#,
    );
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let kinds = world.kinds();
    assert_eq!(&kinds[kinds.len() - 4..], ["completed A", "completed B", "record", "transcribed"]);
    let transcribed = world.last("transcribed");
    assert_eq!(
        (&transcribed["type"], &transcribed["status"]),
        (&json!("record"), &json!("transcribed"))
    );
}
