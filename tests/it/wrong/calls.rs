//! Calls, conversations, users and recordings that are over, not yet, somebody else's, or something else.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    lab::{As, BOB, Lab, OTHER, OWN, number_of},
    server::{Answer, Hook},
};

const RECORDS: &str = "447700900400";
const TALKS: &str = "447700900401";

fn serve(hook: &Hook) -> Answer {
    let record = json!([{"action": "record", "endOnSilence": 3, "timeOut": 5}]);
    let talk = json!([{"action": "talk", "text": "Hello", "loop": 0}]);
    Answer::Json(match (&*hook.path, hook.text("to")) {
        ("/answer", RECORDS) => record,
        ("/answer", _) => talk,
        _ => Value::Null,
    })
}

/// The error bodies of the platform, in the shape of each family; see `errors.md`.
fn voice(word: &str, title: &str) -> Value {
    json!({"type": word, "error_title": title})
}

/// Of v0.3 and v1.
fn problem(title: &str, code: &str, detail: &str) -> Value {
    let kind = format!("https://developer.nexmo.com/api/conversation#{code}");
    json!({"title": title, "type": kind, "code": code, "detail": detail})
}

/// Of beta, v0.1 and v0.2.
fn description(code: &str, description: &str) -> Value {
    json!({"code": code, "description": description})
}

const NO_CONVERSATION: &str = "Conversation does not exist, or you do not have access.";
const NO_USER: &str = "User does not exist, or you do not have access.";
const NO_MEMBER: &str = "Member does not exist, or you do not have access.";

/// A call of the application to Bob, who picks up when somebody lets him.
async fn dialled(lab: &Lab) -> String {
    let body = json!({
        "to": [{"type": "phone", "number": BOB}],
        "from": {"type": "phone", "number": TALKS},
        "ncco": [{"action": "talk", "text": "Hello", "loop": 0}],
    });
    let made = lab.good(As::App(OWN), Method::POST, "/v1/calls", Some(body)).await;
    made["uuid"].as_str().unwrap().to_owned()
}

/// Everything that is done to a call, with a body that is right.
fn everything() -> Vec<(Method, &'static str, Option<Value>)> {
    let url = "http://app.example/a";
    let action = |action: &str| Some(json!({"action": action}));
    let transfer = |what: Value| {
        let mut destination = what;
        destination["type"] = json!("ncco");
        Some(json!({"action": "transfer", "destination": destination}))
    };
    let (put, delete) = (Method::PUT, Method::DELETE);
    vec![
        (put.clone(), "", transfer(json!({"url": [url]}))),
        (put.clone(), "", transfer(json!({"ncco": [{"action": "talk", "text": "a"}]}))),
        (put.clone(), "", action("mute")),
        (put.clone(), "", action("unearmuff")),
        (put.clone(), "/talk", Some(json!({"text": "a"}))),
        (delete.clone(), "/talk", None),
        (put.clone(), "/stream", Some(json!({"stream_url": [url]}))),
        (delete.clone(), "/stream", None),
        (put.clone(), "/dtmf", Some(json!({"digits": "1"}))),
        (put, "/input/dtmf", Some(json!({"event_url": [url]}))),
        (delete, "/input/dtmf", None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_to_a_call_that_is_over_or_not_yet_or_somebody_elses() {
    let lab = Lab::start(&[RECORDS, TALKS], serve).await;
    let healthy = lab.healthy().await;
    let up = lab.call(TALKS).await;
    lab.wait(&up, "answered").await;
    let over = lab.call(RECORDS).await;
    lab.wait(&over, "completed").await;
    // Bob's phone stays on the table; time does not run away meanwhile.
    let manual = json!({"script": "manual"});
    lab.control(Method::PUT, &format!("/phones/{BOB}"), Some(manual)).await;
    let lease = json!({"seconds": 3600});
    let lease = lab.control(Method::POST, "/clock/hold", Some(lease)).await["lease"].clone();
    let waits = dialled(&lab).await;
    let not_found = || (404, voice("NOT_FOUND", "Not Found"));
    let not_yet = || (400, voice("BAD_REQUEST", "Bad Request"));
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (who, call, platform, reason, seen) in [
        (OWN, &*over, not_found(), "call-over", "its status is completed"),
        (OWN, &*waits, not_yet(), "call-not-answered", "its status is"),
        (OTHER, &*up, not_found(), "call-of-another-application", OWN),
        (OWN, &*healthy, not_found(), "call-of-another-application", OTHER),
        (OWN, unknown, not_found(), "call-unknown", unknown),
    ] {
        for (method, rest, body) in everything() {
            let path = format!("/v1/calls/{call}{rest}");
            let reply = lab.send(As::App(who), method, &path, body).await;
            lab.explains(&reply, platform.clone(), reason, seen).await;
        }
        let reply = lab.send(As::App(who), Method::GET, &format!("/v1/calls/{call}"), None).await;
        let hidden = reason == "call-unknown" || reason == "call-of-another-application";
        if hidden {
            lab.explains(&reply, platform, reason, seen).await;
        } else {
            assert_eq!(reply.status, 200, "{}", reply.text);
        }
    }
    // All are as they were.
    for (call, status) in [(&up, "answered"), (&over, "completed")] {
        let shown = lab.good(As::App(OWN), Method::GET, &format!("/v1/calls/{call}"), None).await;
        assert_eq!(shown["status"], status);
    }
    lab.control(Method::POST, &format!("/phones/{BOB}/answer"), None).await;
    lab.wait(&waits, "answered").await;
    lab.control(Method::DELETE, &format!("/clock/hold/{lease}"), None).await;
    lab.ends_well(&healthy).await;
}

/// What is asked for, and what is said to it.
type Row = (Method, String, Option<Value>, u16, Value, &'static str, String);

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_another_application_is_not_there() {
    let lab = Lab::start(&[RECORDS, TALKS], serve).await;
    let healthy = lab.healthy().await;
    let up = lab.call(TALKS).await;
    lab.wait(&up, "answered").await;
    let records = lab.call(RECORDS).await;
    lab.wait(&records, "completed").await;
    let recordings = lab.control(Method::GET, "/recordings", None).await;
    let file = recordings["recordings"][0]["file"].as_str().unwrap().to_owned();
    let path = format!("/v1/files/{file}");
    assert_eq!(lab.send(As::App(OWN), Method::GET, &path, None).await.status, 200);

    let post = async |who, path: &str, body| {
        let made = lab.good(As::App(who), Method::POST, path, Some(body)).await;
        made["id"].as_str().unwrap().to_owned()
    };
    let room = post(OWN, "/v1/conversations", json!({"name": "room"})).await;
    let user = post(OWN, "/v1/users", json!({"name": "bob"})).await;
    let other_room = post(OTHER, "/v1/conversations", json!({"name": "room"})).await;
    let other_user = post(OTHER, "/v1/users", json!({"name": "alice"})).await;
    let join =
        |user: &str| json!({"state": "joined", "user": {"id": user}, "channel": {"type": "app"}});
    let other_members = format!("/v1/conversations/{other_room}/members");
    let member = post(OTHER, &other_members, join(&other_user)).await;

    let not_found = "conversation:error:not-found";
    let mut rows: Vec<Row> = Vec::new();
    let foreign = "conversation-of-another-application";
    for (generation, rest) in [
        ("v1", ""),
        ("v1", "/members"),
        ("v1", "/events"),
        ("v0.3", ""),
        ("v0.3", "/members"),
        ("v0.1", ""),
        ("v0.1", "/events"),
        ("beta", ""),
        ("v0.2", "/members"),
    ] {
        let body = match generation {
            "v1" | "v0.3" => problem("Not found.", not_found, NO_CONVERSATION),
            _ => description(not_found, NO_CONVERSATION),
        };
        let path = format!("/{generation}/conversations/{other_room}{rest}");
        rows.push((Method::GET, path, None, 404, body, foreign, OTHER.to_owned()));
    }
    let no_user = problem("Not found.", "user:error:not-found", NO_USER);
    let foreign = "user-of-another-application";
    let path = format!("/v1/users/{other_user}");
    for method in [Method::GET, Method::DELETE] {
        let body = no_user.clone();
        rows.push((method, path.clone(), None, 404, body, foreign, OTHER.to_owned()));
    }
    // A user of another application cannot come in, and its member is not there.
    let path = format!("/v1/conversations/{room}/members");
    let body = Some(join(&other_user));
    rows.push((Method::POST, path.clone(), body, 404, no_user, foreign, OTHER.to_owned()));
    let no_member = problem("Not found.", "conversation:error:member-not-found", NO_MEMBER);
    let path = format!("{path}/{member}");
    let leaves = Some(json!({"state": "left"}));
    for (method, body) in [(Method::GET, None), (Method::PATCH, leaves)] {
        let platform = no_member.clone();
        rows.push((method, path.clone(), body, 404, platform, "member-unknown", member.clone()));
    }
    // The leg of another application, where legs are asked for.
    let no_leg =
        description("leg:error:not-found", "Leg does not exist, or you do not have access.");
    let path = format!("/beta/legs/{healthy}");
    let foreign = "leg-of-another-application";
    rows.push((Method::DELETE, path, None, 404, no_leg, foreign, OTHER.to_owned()));
    for (method, path, body, status, platform, reason, seen) in rows {
        let about = format!("{method} {path}");
        let reply = lab.send(As::App(OWN), method, &path, body).await;
        assert_eq!(reply.header("ringback-reason"), reason, "{about}: {}", reply.text);
        lab.explains(&reply, (status, platform), reason, &seen).await;
    }
    let reply = lab.send(As::App(OTHER), Method::GET, &format!("/v1/files/{file}"), None).await;
    let forbidden = json!({
        "type": "https://developer.nexmo.com/api-errors#forbidden", "title": "Forbidden",
        "detail": "Your account does not have permission to perform this action.",
    });
    lab.explains(&reply, (403, forbidden), "file-of-another-application", OWN).await;
    // Everything is as it was.
    lab.good(As::App(OTHER), Method::GET, &format!("{other_members}/{member}"), None).await;
    lab.good(As::App(OTHER), Method::GET, &format!("/v1/users/{other_user}"), None).await;
    lab.good(As::App(OWN), Method::GET, &format!("/v1/users/{user}"), None).await;
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_something_else_is_told_to_be_that() {
    let lab = Lab::start(&[TALKS], serve).await;
    let healthy = lab.healthy().await;
    let call = lab.call(TALKS).await;
    lab.wait(&call, "answered").await;
    let path = format!("/v1/calls/{call}");
    let shown = lab.good(As::App(OWN), Method::GET, &path, None).await;
    let conversation = shown["conversation_uuid"].as_str().unwrap().to_owned();
    let members = format!("/v1/conversations/{conversation}/members");
    let members = lab.good(As::App(OWN), Method::GET, &members, None).await;
    let member = members["_embedded"]["members"][0]["id"].as_str().unwrap().to_owned();
    let user = {
        let made = lab.good(As::App(OWN), Method::POST, "/v1/users", Some(json!({}))).await;
        made["id"].as_str().unwrap().to_owned()
    };
    let no_call = || voice("NOT_FOUND", "Not Found");
    let no_conversation = || problem("Not found.", "conversation:error:not-found", NO_CONVERSATION);
    let no_user = || problem("Not found.", "user:error:not-found", NO_USER);
    let no_member = || problem("Not found.", "conversation:error:member-not-found", NO_MEMBER);
    let no_leg = || {
        problem(
            "Not found.",
            "leg:error:not-found",
            "Leg does not exist, or you do not have access.",
        )
    };
    let get = || Method::GET;
    for (method, path, platform, seen) in [
        (get(), format!("/v1/calls/{conversation}"), no_call(), "of a conversation, not of a call"),
        (get(), format!("/v1/calls/{member}"), no_call(), "of a member, not of a call"),
        (get(), format!("/v1/calls/{user}"), no_call(), "of a user, not of a call"),
        (
            get(),
            format!("/v1/conversations/{call}"),
            no_conversation(),
            "of a leg, not of a conversation",
        ),
        (
            get(),
            format!("/v0.3/conversations/{member}"),
            no_conversation(),
            "of a member, not of a conversation",
        ),
        (
            get(),
            format!("/beta/conversations/{user}/events"),
            description("conversation:error:not-found", NO_CONVERSATION),
            "of a user, not of a conversation",
        ),
        (get(), format!("/v1/users/{member}"), no_user(), "of a member, not of a user"),
        (get(), format!("/v1/users/{conversation}"), no_user(), "of a conversation, not of a user"),
        (get(), format!("/v1/users/{call}"), no_user(), "of a leg, not of a user"),
        (
            get(),
            format!("/v1/conversations/{conversation}/members/{user}"),
            no_member(),
            "of a user, not of a member",
        ),
        (
            Method::DELETE,
            format!("/v0.3/legs/{conversation}"),
            no_leg(),
            "of a conversation, not of a leg",
        ),
    ] {
        let reply = lab.send(As::App(OWN), method, &path, None).await;
        lab.explains(&reply, (404, platform), "id-of-another-kind", seen).await;
    }
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_has_one_application() {
    let lab = Lab::start(&[TALKS], serve).await;
    let healthy = lab.healthy().await;
    let seed =
        async |seed: Value| lab.send(As::Nobody, Method::POST, "/_ringback/seed", Some(seed)).await;
    let twice =
        json!({"numbers": [number_of("447700900402", "Own"), number_of("447700900402", "Other")]});
    let elsewhere = json!({"numbers": [number_of(TALKS, "Other")]});
    for (body, reason, seen) in
        [(twice, "number-twice", OTHER), (elsewhere, "number-linked-elsewhere", OWN)]
    {
        let reply = seed(body).await;
        assert_eq!((reply.status, reply.header("ringback-reason")), (400, reason));
        let body = reply.json();
        assert_eq!(body["reason"], reason);
        let all = format!("{} {}", body["seen"], body["hint"]);
        assert!(all.contains(seen) && all.contains("447700900"), "{body}");
    }
    // Nothing of a refused seed is taken in.
    let owned = lab.good(As::Account, Method::GET, "/account/numbers", None).await;
    assert_eq!(owned["count"], 3, "{owned}");
    // By REST the last one wins, as on the platform; calls that are up stay with the first.
    let before = lab.call(TALKS).await;
    lab.wait(&before, "answered").await;
    let path = format!("/number/update?country=GB&msisdn={TALKS}&app_id={OTHER}");
    let linked = lab.good(As::Account, Method::POST, &path, None).await;
    assert_eq!(linked, json!({"error-code": "200", "error-code-label": "success"}));
    let after = lab.call(TALKS).await;
    lab.wait(&after, "answered").await;
    for (call, application) in [(&before, OWN), (&after, OTHER)] {
        let shown = lab.control(Method::GET, &format!("/calls/{call}"), None).await;
        assert_eq!(shown["application"], application);
        lab.control(Method::POST, &format!("/calls/{call}/hangup"), None).await;
        lab.wait(call, "completed").await;
    }
    lab.ends_well(&healthy).await;
}
