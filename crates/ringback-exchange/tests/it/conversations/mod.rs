//! Conversations, members, events, users and legs over REST, in all generations, as raw JSON.

mod events;
mod legs;
mod lists;
mod members;
mod users;

use ringback_exchange::{Caller, Request};
use ringback_model::{
    ApplicationId, OPERATIONS, OperationInfo,
    applications::{ApplicationRequest, CreateApplication, DeleteApplication},
    operation::RequestParts,
};
use serde_json::{Value, json};

use crate::world::{World, answers};

/// The operation behind a method and a path; a literal segment goes before a placeholder.
fn operation(method: &str, path: &str) -> &'static OperationInfo {
    let fits = |info: &&&OperationInfo| {
        let (wanted, seen): (Vec<_>, Vec<_>) =
            (info.path.split('/').collect(), path.split('/').collect());
        info.method.as_str() == method
            && wanted.len() == seen.len()
            && wanted.iter().zip(&seen).all(|(w, s)| w.starts_with('{') || w == s)
    };
    let found = OPERATIONS.iter().filter(fits).min_by_key(|info| info.path.matches('{').count());
    found.unwrap_or_else(|| panic!("{method} {path}"))
}

/// One application's view of the REST API.
struct Api {
    world: World,
    application: ApplicationId,
    user: Option<String>,
}

impl Api {
    fn new(world: World) -> Self {
        let application = world.application.clone();
        Self { world, application, user: None }
    }

    fn quiet() -> Self {
        Self::new(World::new(answers("[]")))
    }

    /// A call in the form `POST /v1/users {"name":"a"}`: its status and the body of the reply.
    fn call(&mut self, line: &str) -> (u16, Value) {
        let (status, body) = self.text(line);
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// The same, with the body byte for byte.
    fn text(&mut self, line: &str) -> (u16, String) {
        let (method, rest) = line.split_once(' ').unwrap();
        let (target, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let operation = operation(method, path);
        let parts = RequestParts {
            method: operation.method.clone(),
            path: path.to_owned(),
            query,
            content_type: Some("application/json".to_owned()),
            body: body.to_owned().into(),
        };
        let caller = Caller::Application { id: self.application.clone(), user: self.user.clone() };
        let request = Request { caller, operation, parts, key_pair: None };
        let (status, body) = self.world.send(request);
        (status, String::from_utf8(body).unwrap())
    }

    /// A call that succeeds with this status.
    fn ok(&mut self, status: u16, line: &str) -> Value {
        let (seen, body) = self.call(line);
        assert_eq!(seen, status, "{line}: {body}");
        body
    }

    /// A call that is refused with this status and code.
    fn refused(&mut self, status: u16, code: &str, line: &str) -> Value {
        let (seen, body) = self.call(line);
        assert_eq!((seen, body["code"].as_str()), (status, Some(code)), "{line}: {body}");
        body
    }

    fn id(&mut self, status: u16, line: &str) -> String {
        self.ok(status, line)["id"].as_str().unwrap().to_owned()
    }

    fn conversation(&mut self) -> String {
        self.id(201, "POST /v1/conversations")
    }

    /// Makes a user and a joined member of it, which is answered.
    fn member(&mut self, conversation: &str, name: &str) -> String {
        self.ok(201, &format!(r#"POST /v1/users {{"name":"{name}"}}"#));
        self.id(
            201,
            &format!(
                r#"POST /v1/conversations/{conversation}/members {{"state":"joined","user":{{"name":"{name}"}},"channel":{{"type":"app"}}}}"#
            ),
        )
    }

    fn types(&mut self, conversation: &str) -> Vec<String> {
        let page =
            self.ok(200, &format!("GET /v1/conversations/{conversation}/events?page_size=100"));
        let events = page["_embedded"].as_array().unwrap();
        let ids: Vec<u64> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=events.len() as u64).collect::<Vec<_>>(), "ids without a gap");
        events.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// What ids are is not compared; that they are there is.
fn check_keys(value: &Value, expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(keys(value), expected, "{value}");
}

#[test]
fn each_generation_answers_a_new_conversation_in_its_own_shape() {
    for (generation, status, expected) in [
        ("beta", 200, &["id", "href"][..]),
        ("v0.1", 200, &["id", "href"]),
        (
            "v0.3",
            201,
            &[
                "id",
                "name",
                "display_name",
                "state",
                "sequence_number",
                "timestamp",
                "numbers",
                "properties",
                "_links",
            ],
        ),
        (
            "v1",
            201,
            &[
                "id",
                "name",
                "display_name",
                "state",
                "sequence_number",
                "timestamp",
                "properties",
                "media_state",
                "_links",
            ],
        ),
    ] {
        let mut api = Api::quiet();
        let body = r#"{"name":"room","display_name":"Room","properties":{"ttl":60}}"#;
        let made = api.ok(status, &format!("POST /{generation}/conversations {body}"));
        check_keys(&made, expected);
        let id = made["id"].as_str().unwrap();
        let href = format!("https://api.nexmo.com/{generation}/conversations/{id}");
        let link = made["href"].as_str().or(made["_links"]["self"]["href"].as_str());
        assert_eq!(link, Some(href.as_str()));
        let got = api.ok(200, &format!("GET /{generation}/conversations/{id}"));
        assert_eq!((&got["name"], &got["display_name"]), (&json!("room"), &json!("Room")));
        assert_eq!(got["properties"]["ttl"], 60);
        let zero = if generation == "v0.1" { json!("0") } else { json!(0) };
        assert_eq!(got["sequence_number"], zero);
        let old = matches!(generation, "beta" | "v0.1");
        assert_eq!(got.get("members"), old.then_some(&json!([])));
        assert_eq!(got[if old { "uuid" } else { "id" }], id);
        assert_eq!(got.get("state"), (!old).then_some(&json!("ACTIVE")));
        let code = "conversation:error:duplicate-name";
        let refusal = api.refused(409, code, &format!("POST /{generation}/conversations {body}"));
        assert_eq!(refusal.get("description").is_some(), old);
        assert_eq!(refusal.get("detail").is_some(), !old);
    }
}

#[test]
fn each_generation_changes_and_removes_a_conversation_in_its_own_way() {
    for (generation, removed, body) in [
        ("beta", 200, json!({})),
        ("v0.1", 200, json!({})),
        ("v0.3", 204, Value::Null),
        ("v1", 204, Value::Null),
    ] {
        let mut api = Api::quiet();
        let id = api.id(
            if generation.starts_with("v0.3") || generation == "v1" { 201 } else { 200 },
            &format!(
                r#"POST /{generation}/conversations {{"name":"first","display_name":"First"}}"#
            ),
        );
        let at = format!("/{generation}/conversations/{id}");
        api.ok(200, &format!(r#"PUT {at} {{"name":"second"}}"#));
        let shown = api.ok(200, &format!("GET {at}"));
        assert_eq!((&shown["name"], shown.get("display_name")), (&json!("second"), None));
        assert!(shown["timestamp"]["updated"].is_string());
        // The old name is free, and the new one taken.
        api.id(201, r#"POST /v1/conversations {"name":"first"}"#);
        let code = "conversation:error:duplicate-name";
        api.refused(409, code, r#"POST /v1/conversations {"name":"second"}"#);
        api.refused(409, code, &format!(r#"PUT {at} {{"name":"first"}}"#));
        assert_eq!(api.types(&id), ["conversation:updated"]);
        assert_eq!(api.ok(removed, &format!("DELETE {at}")), body);
        api.refused(404, "conversation:error:not-found", &format!("GET {at}"));
        api.id(201, r#"POST /v1/conversations {"name":"second"}"#);
    }
}

#[test]
fn custom_data_comes_back_byte_for_byte() {
    let mut api = Api::quiet();
    let data = r#"{"camelCase": {"snake_case":[1.50,true,null]},"k":"v"}"#;
    let body = format!(r#"{{"properties":{{"custom_sort_key":"a","custom_data":{data}}}}}"#);
    let id = api.id(201, &format!("POST /v1/conversations {body}"));
    let (_, shown) = api.text(&format!("GET /v1/conversations/{id}"));
    assert!(shown.contains(&format!(r#""custom_data":{data}"#)), "{shown}");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["properties"]["custom_sort_key"], "a");
    assert!(shown["name"].as_str().unwrap().starts_with("NAM-"));
    let body = format!(
        r#"{{"properties":{{"custom_data":{data}}},"channels":{{"websocket":[{{"uri":"wss://a.test","content_type":"x","headers":{data}}}]}}}}"#
    );
    let user = api.id(201, &format!("POST /v1/users {body}"));
    let (_, shown) = api.text(&format!("GET /v1/users/{user}"));
    assert!(shown.contains(&format!(r#""custom_data":{data}"#)), "{shown}");
    assert!(shown.contains(&format!(r#""content-type":"x","headers":{data}"#)), "{shown}");
    let sent = r#"{"aB": 1.50,"nested":{"cD":[]}}"#;
    let events = format!("/v1/conversations/{id}/events");
    let line = format!(r#"POST {events} {{"type":"custom:any-thing","body":{sent}}}"#);
    check_keys(&api.ok(201, &line), &["id", "type", "body", "timestamp", "_links"]);
    let (_, shown) = api.text(&format!("GET {events}/1"));
    assert!(shown.contains(&format!(r#""body":{sent}"#)), "{shown}");
}

#[test]
fn what_the_validator_refuses_is_named() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let long = "a".repeat(101);
    for (line, name, reason) in [
        (
            r#"POST /v1/conversations {"display_name":""}"#.to_owned(),
            "display_name",
            r#""display_name" is not allowed to be empty"#,
        ),
        (
            r#"POST /v1/conversations {"image_url":"nowhere"}"#.to_owned(),
            "image_url",
            r#""image_url" must be a valid uri"#,
        ),
        (
            r#"POST /v1/conversations {"properties":{"ttl":-1}}"#.to_owned(),
            "ttl",
            r#""ttl" must be greater than or equal to 0"#,
        ),
        (
            format!(r#"POST /v1/conversations {{"name":"{long}"}}"#),
            "name",
            r#""name" length must be less than or equal to 100 characters long"#,
        ),
        (r#"POST /v1/conversations {"nmae":"a"}"#.to_owned(), "nmae", r#""nmae" is not allowed"#),
        (
            "GET /v1/conversations?date_start=yesterday".to_owned(),
            "date_start",
            r#""date_start" must be a valid ISO 8601 date"#,
        ),
        (
            "GET /v1/users?page_size=101".to_owned(),
            "page_size",
            r#""page_size" must be less than or equal to 100"#,
        ),
        (
            "GET /v0.3/conversations?order=up".to_owned(),
            "order",
            r#""order" must be one of [asc, desc, ASC, DESC]"#,
        ),
        (
            format!(
                r#"POST /v1/conversations/{id}/members {{"state":"here","user":{{"id":"USR-1"}},"channel":{{"type":"app"}}}}"#
            ),
            "state",
            r#""state" must be one of [invited, joined]"#,
        ),
        (
            format!(
                r#"POST /v1/conversations/{id}/members {{"state":"joined","user":{{"id":"USR-1"}},"channel":{{"type":"app","leg_ids":["a",null]}}}}"#
            ),
            "leg_ids",
            r#""leg_ids" must contain texts or objects"#,
        ),
        (
            format!(
                r#"POST /v1/conversations/{id}/members {{"state":"joined","user":{{"id":"USR-1"}},"channel":{{"type":"app"}},"media":{{"audio":7}}}}"#
            ),
            "audio",
            r#""audio" must be a boolean or an object"#,
        ),
    ] {
        let body = api.refused(400, "http:error:validation-fail", &line);
        assert_eq!(body["invalid_parameters"], json!([{"name": name, "reason": reason}]), "{line}");
    }
    let body = api.refused(
        400,
        "http:error:validation-fail",
        r#"POST /v0.1/conversations {"display_name":""}"#,
    );
    assert_eq!(body["error"], r#""display_name" is not allowed to be empty"#);
}

#[test]
fn what_belongs_to_another_application_is_as_if_it_were_not_there() {
    let mut api = Api::quiet();
    let id = api.id(201, r#"POST /v1/conversations {"name":"room"}"#);
    let member = api.member(&id, "alice");
    let made = api
        .world
        .ask_as(Caller::Account, &CreateApplication::new(ApplicationRequest::new("Other")))
        .unwrap();
    let own =
        std::mem::replace(&mut api.application, ApplicationId::new(made["id"].as_str().unwrap()));
    for (code, line) in [
        ("conversation:error:not-found", format!("GET /v1/conversations/{id}")),
        ("conversation:error:not-found", format!("DELETE /v0.1/conversations/{id}")),
        ("conversation:error:not-found", format!("GET /v1/conversations/{id}/members/{member}")),
        ("user:error:not-found", "GET /v1/users/alice".to_owned()),
        ("user:error:not-found", "DELETE /beta/users/alice".to_owned()),
    ] {
        api.refused(404, code, &line);
    }
    // The same names are free here.
    api.id(201, r#"POST /v1/conversations {"name":"room"}"#);
    api.id(201, r#"POST /v1/users {"name":"alice"}"#);
    api.world.ask_as(Caller::Account, &DeleteApplication::new(api.application.clone())).unwrap();
    api.application = own;
    api.ok(200, "GET /v1/users/alice");
}

#[test]
fn an_empty_conversation_goes_after_its_time_to_live() {
    let mut api = Api::quiet();
    let body = r#"POST /v1/conversations {"name":"room","properties":{"ttl":60}}"#;
    let id = api.id(201, body);
    let line = format!("GET /v1/conversations/{id}");
    api.world.run_for(59_000);
    let member = api.member(&id, "alice");
    api.world.run_for(100_000);
    api.ok(200, &line);
    let leaves = format!(r#"PATCH /v1/conversations/{id}/members/{member} {{"state":"left"}}"#);
    api.ok(200, &leaves);
    api.world.run_for(59_000);
    api.ok(200, &line);
    api.world.run_for(2_000);
    api.refused(404, "conversation:error:not-found", &line);
    api.id(201, body);
}
