//! Users: their fields, their names, and the conversations they are in.

use serde_json::json;

use super::{Api, check_keys};

#[test]
fn a_user_finds_itself_among_the_members() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let member = api.member(&id, "alice");
    let line = format!("GET /v1/conversations/{id}/members/me");
    api.refused(401, "user:error:invalid-user-token", &line);
    api.user = Some("alice".to_owned());
    assert_eq!(api.ok(200, &line)["id"], member);
    api.user = Some("bob".to_owned());
    api.refused(404, "conversation:error:member-not-found", &line);
    api.refused(403, "system:error:permission", "POST /v1/users");
}

#[test]
fn users_have_the_fields_of_the_reference() {
    let mut api = Api::quiet();
    let body = r#"{"name":"alice","display_name":"Alice","image_url":"https://a.test/a.png","channels":{"pstn":[{"number":"447700000001"}],"websocket":[{"uri":"wss://a.test/ws","content_type":"audio/l16;rate=16000","headers":{"aB":"c"}}],"sip":[{"uri":"sip:a@a.test","username":"a","password":"b"}]}}"#;
    let made = api.ok(201, &format!("POST /v1/users {body}"));
    let id = made["id"].as_str().unwrap().to_owned();
    check_keys(
        &made,
        &[
            "id",
            "name",
            "display_name",
            "image_url",
            "properties",
            "channels",
            "timestamp",
            "_links",
        ],
    );
    assert_eq!(
        made["channels"],
        json!({
            "pstn": [{"number": 447_700_000_001_u64}],
            "websocket": [{
                "uri": "wss://a.test/ws", "content-type": "audio/l16;rate=16000",
                "headers": {"aB": "c"},
            }],
            "sip": [{"uri": "sip:a@a.test", "username": "a", "password": "b"}],
        })
    );
    assert_eq!(made["properties"], json!({}));
    for name in [id.as_str(), "alice"] {
        assert_eq!(api.ok(200, &format!("GET /v1/users/{name}")), made);
    }
    let patch = r#"{"id":"USR-other","link":"x","display_name":"A","properties":{"ttl":60}}"#;
    let changed = api.ok(200, &format!("PATCH /v1/users/{id} {patch}"));
    assert_eq!(
        (&changed["id"], &changed["name"], &changed["display_name"], &changed["channels"]),
        (&json!(id), &json!("alice"), &json!("A"), &made["channels"])
    );
    assert_eq!(changed["properties"], json!({"ttl": 60}));
    api.refused(409, "user:error:duplicate-name", r#"POST /v1/users {"name":"alice"}"#);
    for name in ["me", "USR-alice"] {
        let line = format!(r#"POST /v1/users {{"name":"{name}"}}"#);
        api.refused(400, "user:error:invalid-user-name", &line);
    }
    let other = api.ok(201, "POST /v1/users");
    assert!(other["name"].as_str().unwrap().starts_with("NAM-"), "{other}");
    let list = api.ok(200, "GET /v1/users?name=alice");
    assert_eq!(list["_embedded"]["users"].as_array().unwrap().len(), 1);
    check_keys(&list["_embedded"]["users"][0], &["id", "name", "display_name", "_links"]);
    let sessions = api.ok(200, &format!("GET /v1/users/{id}/sessions"));
    assert_eq!(sessions["_embedded"], json!({"sessions": []}));
    api.ok(204, &format!("DELETE /v1/users/{id}"));
    let refusal = api.refused(404, "user:error:not-found", &format!("GET /v1/users/{id}"));
    assert_eq!(
        (&refusal["title"], &refusal["detail"]),
        (&json!("Not found."), &json!("User does not exist, or you do not have access."))
    );
    api.id(201, r#"POST /v1/users {"name":"alice"}"#);
}

#[test]
fn each_generation_changes_and_removes_users_in_its_own_way() {
    for (generation, verb, created, removed) in [
        ("beta", "PUT", 200, 200),
        ("v0.1", "PUT", 200, 200),
        ("v0.3", "PATCH", 201, 204),
        ("v1", "PATCH", 201, 204),
    ] {
        let mut api = Api::quiet();
        let users = format!("/{generation}/users");
        let made = api.ok(created, &format!(r#"POST {users} {{"name":"alice"}}"#));
        let id = made["id"].as_str().or(made["user_id"].as_str()).unwrap().to_owned();
        api.ok(200, &format!(r#"{verb} {users}/{id} {{"name":"bob"}}"#));
        assert_eq!(api.ok(200, &format!("GET {users}/{id}"))["name"], "bob");
        let list = api.ok(200, &format!("GET {users}"));
        let first = list.get(0).or(list.pointer("/_embedded/users/0")).unwrap();
        assert_eq!((&first["id"], &first["name"]), (&json!(id), &json!("bob")));
        api.ok(removed, &format!("DELETE {users}/{id}"));
        api.refused(404, "user:error:not-found", &format!("GET {users}/{id}"));
    }
}

#[test]
fn a_token_of_a_user_makes_changes_and_deletes_no_user() {
    for (generation, verb, created) in
        [("beta", "PUT", 200), ("v0.1", "PUT", 200), ("v0.3", "PATCH", 201), ("v1", "PATCH", 201)]
    {
        let mut api = Api::quiet();
        let users = format!("/{generation}/users");
        let made = api.ok(created, &format!(r#"POST {users} {{"name":"alice"}}"#));
        let id = made["id"].as_str().or(made["user_id"].as_str()).unwrap().to_owned();
        for user in ["alice", "bob"] {
            api.user = Some(user.to_owned());
            for line in [
                format!(r#"POST {users} {{"name":"carol"}}"#),
                format!(r#"{verb} {users}/{id} {{"name":"mallory"}}"#),
                format!("DELETE {users}/{id}"),
            ] {
                api.refused(403, "system:error:permission", &line);
            }
        }
        api.user = None;
        assert_eq!(api.ok(200, &format!("GET {users}/{id}"))["name"], "alice");
    }
}

#[test]
fn a_user_has_the_conversations_it_is_a_member_of() {
    let mut api = Api::quiet();
    let (first, second) = (api.conversation(), api.conversation());
    let member = api.member(&first, "alice");
    api.member(&second, "bob");
    for generation in ["v0.3", "v1"] {
        let list = api.ok(200, &format!("GET /{generation}/users/alice/conversations"));
        let items = list["_embedded"]["conversations"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(
            (&items[0]["id"], &items[0]["_embedded"]),
            (&json!(first), &json!({"id": member, "state": "JOINED"}))
        );
    }
    for (state, count) in [("JOINED", 1), ("LEFT", 0)] {
        let list = api.ok(200, &format!("GET /v1/users/alice/conversations?state={state}"));
        assert_eq!(list["_embedded"]["conversations"].as_array().unwrap().len(), count, "{state}");
    }
}
