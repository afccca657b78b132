//! The files of recordings, and the list of them.

use ringback_exchange::{Caller, File, Recording};
use ringback_model::{
    ApplicationId, LegId,
    control::{ListRecordings, PlaceCallRequest},
    ncco::RecordFormat,
};
use serde_json::{Value, json};

use crate::world::{ALICE, NUMBER, World, answers};

/// Alice says something into a recording of three seconds that is transcribed, or not.
fn recorded(transcribed: bool) -> (World, LegId) {
    let transcription = if transcribed { r#","transcription":{"language":"en-GB"}"# } else { "" };
    let script = format!(
        r#"[{{"action":"record","eventUrl":["http://app.test/take"],"format":"wav","endOnSilence":3,"timeOut":30{transcription}}}]"#
    );
    let mut world = World::new(answers(&script));
    let mut request = PlaceCallRequest::new(ALICE, NUMBER);
    request.script = Some(r#"answer after 0s, say "two words" after 1s"#.to_owned());
    let call = world.place_call(request).unwrap();
    (world, LegId::new(call["id"].as_str().unwrap()))
}

fn file_of(url: &Value) -> String {
    let url = url.as_str().unwrap();
    url.strip_prefix("https://api.nexmo.com/v1/files/").unwrap().to_owned()
}

#[test]
fn a_recording_is_a_sound_of_its_length_and_what_was_said() {
    let (mut world, _) = recorded(true);
    world.run_for(2_500);
    let list = world.ask_as(Caller::Control, &ListRecordings::new()).unwrap();
    let running = &list["recordings"][0];
    assert!(running.get("ended").is_none(), "{running}");
    let file = running["file"].as_str().unwrap().to_owned();
    let refusal = world.exchange.file(&world.application, &file).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (404, "recording-runs"));

    world.run();
    let record = world.last("record");
    assert_eq!(file_of(&record["recording_url"]), file);
    let sound = world.exchange.file(&world.application, &file).unwrap();
    let File::Sound(sound) = sound else { panic!("{sound:?}") };
    let list = world.ask_as(Caller::Control, &ListRecordings::new()).unwrap();
    let shown = &list["recordings"][0];
    assert_eq!(shown["id"], record["recording_uuid"]);
    assert_eq!(shown["url"], record["recording_url"]);
    assert_eq!(shown["conversation"], record["conversation_uuid"]);
    assert_eq!((&shown["format"], &shown["channels"]), (&json!("wav"), &json!(1)));
    assert_eq!(shown["millis"], sound.millis);
    assert_eq!((&shown["size"], &record["size"]), (&json!(sound.bytes()), &json!(sound.bytes())));
    let millis = sound.millis;
    assert_eq!(sound, Recording { format: RecordFormat::Wav, channels: 1, millis });
    // A second of silence, two words, and three seconds of silence.
    assert!((4_000..6_000).contains(&millis), "{millis}");

    let transcript = file_of(&world.last("transcribed")["transcription_url"]);
    let text = world.exchange.file(&world.application, &transcript).unwrap();
    let File::Text(text) = text else { panic!("{text:?}") };
    let text: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(text["ver"], "2.1.0");
    assert!(text["request_id"].is_string());
    let sentence = &text["channels"][0]["transcript"][0];
    assert_eq!(
        (&sentence["sentence"], &sentence["raw_sentence"]),
        (&json!("two words"), &json!("two words"))
    );
    let words = sentence["words"].as_array().unwrap();
    assert_eq!((&words[0]["word"], &words[1]["word"]), (&json!("two"), &json!("words")));
    assert_eq!(words[0]["start_time"], sentence["timestamp"]);
    assert_eq!(words[0]["end_time"], words[1]["start_time"]);
    let (from, lasts) =
        (sentence["timestamp"].as_i64().unwrap(), sentence["duration"].as_i64().unwrap());
    assert_eq!(words[1]["end_time"], from + lasts);
    assert_eq!(text["channels"][0]["duration"], millis.div_ceil(1_000));
}

#[test]
fn files_are_for_their_own_application() {
    let (mut world, _) = recorded(false);
    world.run();
    let record = world.last("record");
    let file = file_of(&record["recording_url"]);
    let ask = |application: &str, file: &str| {
        let refusal = world.exchange.file(&ApplicationId::new(application), file).unwrap_err();
        (refusal.status(), refusal.reason)
    };
    let own = world.application.as_str();
    assert_eq!(ask("another", &file), (403, "file-of-another-application"));
    assert_eq!(ask(own, "00000000-0000-4000-8000-000000000000"), (404, "file-unknown"));
    assert_eq!(ask(own, "a"), (404, "file-unknown"));
    // The id of the recording is not that of its file.
    assert_eq!(ask(own, record["recording_uuid"].as_str().unwrap()), (404, "file-unknown"));
    assert!(world.sent.iter().all(|attempt| attempt.kind != "transcribed"));
}
