//! Members come, go, and are shown in every generation.

use serde_json::json;

use super::{Api, check_keys, keys};

#[test]
fn members_come_and_go_with_an_event_each() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let user = api.id(201, r#"POST /v1/users {"name":"alice","display_name":"Alice"}"#);
    let members = format!("/v1/conversations/{id}/members");
    let body = format!(
        r#"{{"state":"INVITED","user":{{"id":"{user}"}},"channel":{{"type":"app","from":{{"type":"app,phone"}},"to":{{"type":"app"}}}},"media":{{"audio":false,"audio_settings":{{"enabled":false,"earmuffed":false,"muted":false}}}}}}"#
    );
    let invited = api.ok(201, &format!("POST {members} {body}"));
    check_keys(
        &invited,
        &[
            "id",
            "conversation_id",
            "_embedded",
            "state",
            "timestamp",
            "initiator",
            "channel",
            "media",
            "_links",
        ],
    );
    assert_eq!(
        (&invited["state"], keys(&invited["timestamp"])),
        (&json!("INVITED"), vec!["invited"])
    );
    assert_eq!(invited["initiator"], json!({"invited": {"is_system": true}}));
    assert_eq!(
        invited["channel"],
        json!({"type": "app", "from": {"type": "app,phone"}, "to": {"type": "app"}})
    );
    let shown = &invited["_embedded"]["user"];
    assert_eq!(
        (&shown["id"], &shown["name"], &shown["display_name"]),
        (&json!(user), &json!("alice"), &json!("Alice"))
    );
    let member = invited["id"].as_str().unwrap().to_owned();
    let at = format!("{members}/{member}");
    assert_eq!(invited["_links"]["href"], format!("https://api.nexmo.com{at}"));
    let joined = api.ok(200, &format!(r#"PATCH {at} {{"state":"joined"}}"#));
    assert_eq!(
        (&joined["state"], keys(&joined["timestamp"])),
        (&json!("JOINED"), vec!["invited", "joined"])
    );
    let again = "conversation:error:member-already-joined";
    api.refused(400, again, &format!(r#"PATCH {at} {{"state":"joined"}}"#));
    let twice = body.replace("INVITED", "joined");
    api.refused(400, again, &format!("POST {members} {twice}"));
    let left = api
        .ok(200, &format!(r#"PATCH {at} {{"state":"left","reason":{{"code":"7","text":"bye"}}}}"#));
    assert_eq!(left["state"], "LEFT");
    let refusal = api.refused(
        400,
        "conversation:error:invalid-member-state",
        &format!(r#"PATCH {at} {{"state":"joined"}}"#),
    );
    assert_eq!(refusal["title"], "Conflict.");
    assert_eq!(api.types(&id), ["member:invited", "member:joined", "member:left"]);
    let event = api.ok(200, &format!("GET /v1/conversations/{id}/events/3"));
    assert_eq!(event["body"]["reason"], json!({"code": "7", "text": "bye"}));
    assert_eq!(event["body"]["user"]["name"], "alice");
    assert_eq!(event["_embedded"]["from_member"]["id"], member);
    assert!(event["body"]["initiator"]["left"]["isSystem"].is_boolean());
    api.refused(
        404,
        "user:error:not-found",
        &format!("POST {members} {}", body.replace(&user, "USR-unknown")),
    );
    api.refused(404, "conversation:error:member-not-found", &format!("GET {members}/MEM-unknown"));
}

#[test]
fn a_conversation_takes_a_hundred_members() {
    let mut api = Api::quiet();
    let id = api.conversation();
    for n in 0..100 {
        api.member(&id, &format!("n{n}"));
    }
    api.ok(201, r#"POST /v1/users {"name":"last"}"#);
    let line = format!(
        r#"POST /v1/conversations/{id}/members {{"state":"invited","user":{{"name":"last"}},"channel":{{"type":"app"}}}}"#
    );
    api.refused(400, "conversation:error:maximum-number-of-members", &line);
    assert_eq!(api.types(&id).len(), 100);
}

#[test]
fn the_oldest_generations_invite_and_join_by_action() {
    for generation in ["beta", "v0.1"] {
        let mut api = Api::quiet();
        let id = api.conversation();
        let made = api.ok(200, &format!(r#"POST /{generation}/users {{"name":"alice"}}"#));
        let key = if generation == "beta" { "user_id" } else { "id" };
        let user = made[key].as_str().unwrap().to_owned();
        check_keys(&made, &[key, "href"]);
        let members = format!("/{generation}/conversations/{id}/members");
        let member = api.ok(
            201,
            &format!(
                r#"POST {members} {{"action":"invite","user_id":"{user}","channel":{{"type":"app"}}}}"#
            ),
        );
        assert_eq!((&member["state"], &member["user_id"]), (&json!("INVITED"), &json!(user)));
        assert_eq!(member["initiator"], json!({"invited": {"isSystem": true}}));
        let member = member["id"].as_str().unwrap().to_owned();
        let body = r#"{"action":"join","channel":{"type":"app"}}"#;
        let joined = api.ok(200, &format!("PUT {members}/{member} {body}"));
        let href = format!("https://api.nexmo.com{members}/{member}");
        assert_eq!(joined, json!({"id": member, "href": href}));
        assert_eq!(
            api.ok(200, &format!("GET {members}")),
            json!([{"user_id": user, "user_name": "alice", "name": "alice", "state": "JOINED"}])
        );
        let conversations = api.ok(200, &format!("GET /{generation}/users/{user}/conversations"));
        let first = &conversations[0];
        assert_eq!(
            (&first["id"], &first["member_id"], &first["state"], &first["sequence_number"]),
            (&json!(id), &json!(member), &json!("JOINED"), &json!(2))
        );
        let href = format!("https://api.nexmo.com/{generation}/users/{user}/conversations/{id}");
        assert_eq!((&first["href"], &first["image_url"]), (&json!(href), &json!("")));
        let embedded = api.ok(200, &format!("GET /{generation}/conversations/{id}"));
        assert_eq!(embedded["members"][0]["member_id"], member);
        assert_eq!(api.ok(200, &format!("DELETE {members}/{member}")), json!({}));
        let code = "conversation:error:invalid-member-state";
        api.refused(400, code, &format!("DELETE {members}/{member}"));
        assert_eq!(api.types(&id), ["member:invited", "member:joined", "member:left"]);
    }
}

#[test]
fn v0_3_has_the_members_of_v1_with_the_spelling_of_before() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let user = api.id(201, r#"POST /v0.3/users {"name":"alice"}"#);
    let members = format!("/v0.3/conversations/{id}/members");
    let body = r#"{"state":"joined","user":{"name":"alice"},"channel":{"type":"app"}}"#;
    let member = api.ok(201, &format!("POST {members} {body}"));
    assert_eq!(member["initiator"], json!({"joined": {"isSystem": true}}));
    assert_eq!(member["_embedded"]["user"]["id"], user);
    let member = member["id"].as_str().unwrap().to_owned();
    let list = api.ok(200, &format!("GET {members}"));
    assert_eq!(list["_embedded"]["members"][0]["state"], "JOINED");
    let list = api.ok(200, &format!("GET /v0.2/conversations/{id}/members"));
    assert_eq!(list["_embedded"]["data"]["members"][0]["name"], "alice");
    let left = api.ok(200, &format!(r#"PATCH {members}/{member} {{"state":"left"}}"#));
    assert_eq!(left["state"], "LEFT");
}
