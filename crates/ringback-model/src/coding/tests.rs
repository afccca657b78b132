//! Operations written and read.

use http::Method;

use crate::{
    Operation, OperationInfo, applications, beta, control, numbers,
    operation::{EncodeError, Fault, FaultPlace, RequestParts},
};

fn parts(query: &str, content_type: &str, body: &str) -> RequestParts {
    RequestParts {
        method: Method::POST,
        path: "/number/buy".to_owned(),
        query: Some(query.to_owned()),
        content_type: Some(content_type.to_owned()),
        body: body.to_owned().into(),
    }
}

#[test]
fn paths_are_percent_encoded_and_back() {
    #[track_caller]
    fn check(id: &str, path: &str) {
        let call = beta::GetConversation::new(id);
        let parts = call.encode().unwrap();
        assert_eq!(parts.path, path);
        assert_eq!(beta::GetConversation::decode(&parts), Ok(call));
    }
    check("CON-1", "/beta/conversations/CON-1");
    check("a/b c%é", "/beta/conversations/a%2Fb%20c%25%C3%A9");
    for id in ["", ".", ".."] {
        let refused = beta::GetConversation::new(id).encode();
        assert!(matches!(refused, Err(EncodeError::Path { name: "conversation_id", .. })));
    }
}

#[test]
fn queries_are_written_and_read() {
    let call = numbers::SearchNumbers::new("GB")
        .pattern("44 7&=")
        .features(vec!["SMS".into(), "VOICE".into()])
        .index(2);
    let parts = call.encode().unwrap();
    assert_eq!(
        parts.query.as_deref(),
        Some("country=GB&pattern=44%207%26%3D&features=SMS,VOICE&index=2")
    );
    assert_eq!(numbers::SearchNumbers::decode(&parts), Ok(call));
}

#[test]
fn repeated_lists_join_and_otherwise_the_last_wins() {
    let query = "features=SMS&country=US&country=GB&features=VOICE,MMS";
    let call = numbers::SearchNumbers::decode(&parts(query, "", "")).unwrap();
    assert_eq!(call.country, "GB");
    let features: Vec<_> = call.features.iter().flatten().map(|it| it.as_str()).collect();
    assert_eq!(features, ["SMS", "VOICE", "MMS"]);
}

#[test]
fn forms_are_read_under_any_type_and_from_the_query() {
    #[track_caller]
    fn check(query: &str, content_type: &str, body: &str) {
        let call = numbers::BuyNumber::decode(&parts(query, content_type, body)).unwrap();
        assert_eq!((call.country.as_str(), call.msisdn.as_str()), ("GB", "447700000002"));
    }
    let form = "country=GB&msisdn=447700000002";
    check("", "application/x-www-form-urlencoded", form);
    check("", "application/json", form);
    check(form, "application/x-www-form-urlencoded", "");
    check("country=US&msisdn=447700000002", "text/plain", "country=GB");
}

#[test]
fn booleans_are_read_in_any_casing() {
    for (text, value) in [("True", true), ("false", false), ("1", true), ("FALSE", false)] {
        let parts = parts(&format!("has_application={text}"), "", "");
        let call = numbers::ListNumbers::decode(&parts).unwrap();
        assert_eq!(call.has_application, Some(value), "{text}");
    }
}

#[track_caller]
fn check_fault<O: Operation + std::fmt::Debug>(
    parts: &RequestParts,
    place: FaultPlace,
    name: &str,
    reason: &str,
) {
    let fault: Fault = O::decode(parts).unwrap_err();
    assert_eq!((fault.place, fault.name.as_str(), fault.reason.as_str()), (place, name, reason));
}

#[test]
fn faults_are_worded_like_the_platforms() {
    let query = |query| parts(query, "", "");
    check_fault::<numbers::ListNumbers>(
        &query("size=ten"),
        FaultPlace::Query,
        "size",
        "\"size\" must be a number",
    );
    check_fault::<numbers::SearchNumbers>(
        &query("size=1"),
        FaultPlace::Query,
        "country",
        "\"country\" is required",
    );
    let body = |body| RequestParts { path: "/v2/applications".to_owned(), ..parts("", "", body) };
    let bodies = [
        (r#"{"name":5}"#, "name", "\"name\" must be a string"),
        (r#"{}"#, "name", "\"name\" is required"),
        (
            r#"{"name":"a","capabilities":{"voice":{"conversations_ttl":"x"}}}"#,
            "capabilities.voice.conversations_ttl",
            "\"conversations_ttl\" must be a number",
        ),
        (r#"{"name":"a","keys":"b"}"#, "keys", "\"keys\" must be of type object"),
        ("[]", "", "\"value\" must be of type object"),
    ];
    for (json, name, reason) in bodies {
        let (place, body) = (FaultPlace::Body, body(json));
        check_fault::<applications::CreateApplication>(&body, place, name, reason);
    }
    let json = r#"{"from":"447700000001","to":"447700000002","colour":"red"}"#;
    check_fault::<control::PlaceCall>(
        &body(json),
        FaultPlace::Body,
        "colour",
        "\"colour\" is not allowed",
    );
    let fault = applications::CreateApplication::decode(&body("{\n \"name\": }")).unwrap_err();
    assert_eq!(fault.place, FaultPlace::Json);
    assert!(fault.reason.ends_with("at line 2 column 10"), "{fault}");
}

#[test]
fn faults_are_told_in_one_sentence() {
    #[track_caller]
    fn check(fault: Result<impl std::fmt::Debug, Fault>, sentence: &str, remedy: &str) {
        let fault = fault.unwrap_err();
        assert_eq!((fault.sentence().as_str(), fault.remedy().as_str()), (sentence, remedy));
    }
    let body = |body| RequestParts { path: "/v2/applications".to_owned(), ..parts("", "", body) };
    let create = |json| applications::CreateApplication::decode(&body(json));
    check(create("{}"), "`name` is required", "send a value");
    check(create("[]"), "the body must be of type object, but it is a list", "send an object");
    check(create(""), "the body is empty", "send JSON");
    check(
        create("{"),
        "the body is not JSON: EOF while parsing an object at line 1 column 1",
        "send JSON",
    );
    check(
        create(r#"{"name":"a","name":"b"}"#),
        "`name` must not be there twice",
        "send each field once",
    );
    check(
        create(r#"{"name":{}}"#),
        "`name` must be a string, but it is an object",
        "send a string",
    );
    let negative = "a number that is at least 0";
    check(
        control::AdvanceClock::decode(&body(r#"{"milliseconds":-5}"#)),
        "`milliseconds` must be greater than or equal to 0, but it is integer `-5`",
        &format!("send {negative}"),
    );
    check(
        control::AdvanceClock::decode(&body(r#"{"milliseconds":1.5}"#)),
        "`milliseconds` must be an integer, but it is floating point `1.5`",
        "send an integer",
    );
    check(
        control::HoldClock::decode(&body(r#"{"seconds":5000000000}"#)),
        "`seconds` must be a safe number, but it is integer `5000000000`",
        "send a number that is not that large",
    );
    check(
        control::HoldClock::decode(&body(r#"{"minutes":1}"#)),
        "`minutes` is not allowed",
        "send no fields but `seconds`",
    );
    let search = |query| numbers::SearchNumbers::decode(&parts(query, "", ""));
    check(
        search("country=GB&size=ten"),
        "`size` must be a number, but it is \"ten\"",
        "send a number",
    );
    check(
        search("country=GB&size=-1"),
        "`size` must be greater than or equal to 0, but it is \"-1\"",
        &format!("send {negative}"),
    );
}

#[test]
fn bodies_are_not_nested_without_end() {
    for (open, inner, close) in [("[", "", "]"), (r#"{"a":"#, "1", "}")] {
        let levels = |levels: usize| {
            // Two levels are around them.
            let (open, close) = (open.repeat(levels - 2), close.repeat(levels - 2));
            let body = format!(r#"{{"name":"a","capabilities":{{"other":{open}{inner}{close}}}}}"#);
            applications::CreateApplication::decode(&parts("", "", &body))
        };
        levels(100).unwrap();
        for depth in [101, 5_000, 100_000] {
            let fault = levels(depth).unwrap_err();
            assert_eq!(fault.place, FaultPlace::Json);
            assert_eq!(fault.sentence(), "the body is nested deeper than 100 levels");
            assert_eq!(fault.remedy(), "send JSON of at most 100 levels");
        }
    }
    // Brackets within texts are no levels.
    let text = format!(r#"{{"name":"{}\"{}"}}"#, "[".repeat(500), "{".repeat(500));
    applications::CreateApplication::decode(&parts("", "", &text)).unwrap();
}

#[test]
fn ids_and_paths_are_unique() {
    let mut ids: Vec<_> = crate::OPERATIONS.iter().map(|info| info.id).collect();
    let mut routes: Vec<_> = crate::OPERATIONS
        .iter()
        .map(|info: &&OperationInfo| (info.path, info.method.as_str()))
        .collect();
    for list in [ids.len(), routes.len()] {
        assert!(list > 0);
    }
    let counts = (ids.len(), routes.len());
    ids.sort_unstable();
    ids.dedup();
    routes.sort_unstable();
    routes.dedup();
    assert_eq!((ids.len(), routes.len()), counts);
}
