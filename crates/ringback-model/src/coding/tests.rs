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
