//! What a refused request says to people.

use ringback_exchange::{Caller, Exchange, Input, Refusal, Request};
use ringback_model::{
    ConversationId, Operation,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, Keys, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    control::{AnswerPhone, DeclinePhone, HangUpPhone},
    operation::RequestParts,
    v1,
};

use crate::world::{ALICE, BOB, NUMBER, World, connect_bob};

/// Creates an application from a body as it came.
fn create(world: &mut World, body: &str) -> Refusal {
    let operation = CreateApplication::INFO;
    let parts = RequestParts {
        method: operation.method.clone(),
        path: "/v2/applications".to_owned(),
        query: None,
        content_type: None,
        body: body.to_owned().into(),
    };
    let request = Request { caller: Caller::Account, operation, parts, key_pair: None };
    assert!(!Exchange::needs_key_pair(&world.exchange, &request), "{body}");
    let output = world.exchange.handle(world.now, Input::Request(request));
    output.reply.unwrap().unwrap_err()
}

#[test]
fn bodies_that_cannot_be_read_are_refused_in_a_sentence() {
    let mut world = World::new(connect_bob());
    for (body, hint) in [
        ("{}", "`name` is required; send a value"),
        ("", "the body is empty; send JSON"),
        ("{", "the body is not JSON: EOF while parsing an object at line 1 column 1; send JSON"),
        (r#"{"name":"a","name":"b"}"#, "`name` must not be there twice; send each field once"),
        (
            r#"{"name":"a","keys":[]}"#,
            "`keys` must be of type object, but it is a list; send an object",
        ),
    ] {
        let refusal = create(&mut world, body);
        assert_eq!((refusal.status(), refusal.hint().as_str()), (400, hint), "{body}");
    }
    let deep = format!(
        r#"{{"name":"a","capabilities":{{"other":{}{}}}}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let refusal = create(&mut world, &deep);
    assert_eq!(
        (refusal.reason, refusal.hint().as_str()),
        (
            "body-not-json",
            "the body is nested deeper than 100 levels; send JSON of at most 100 levels"
        )
    );
}

#[test]
fn values_that_are_not_accepted_name_those_that_are() {
    let mut world = World::new(connect_bob());
    let named = ApplicationRequest::new("x");
    let webhook = |webhook: Webhook| {
        let voice = VoiceCapability::new().webhooks(VoiceWebhooks::new().answer_url(webhook));
        named.clone().capabilities(Capabilities::new().voice(voice))
    };
    let answer_url = "capabilities.voice.webhooks.answer_url";
    for (body, hint) in [
        (
            webhook(Webhook::new().http_method("PUT")),
            format!("{answer_url}.http_method was \"PUT\"; it must be one of: GET, POST"),
        ),
        (
            webhook(Webhook::new().connect_timeout(5)),
            format!("{answer_url}.connect_timeout was \"5\"; it must be between 300 and 1000"),
        ),
        (ApplicationRequest::new(" "), "name was \" \"; it must not be blank".to_owned()),
        (
            named.clone().keys(Keys::new().public_key("-----BEGIN PRIVATE KEY-----")),
            "keys.public_key was \"a private key\"; it must be an RSA public key of at least 2048 \
             bits in PEM format"
                .to_owned(),
        ),
    ] {
        let refused = world.ask_as(Caller::Account, &CreateApplication::new(body)).unwrap_err();
        assert_eq!((refused.status(), refused.hint()), (400, hint));
    }
    let (mut world, id) = up();
    let refused = world.ask(&v1::ListEvents::new(id).start_id("two")).unwrap_err();
    assert_eq!(refused.hint(), "start_id was \"two\"; it must be a number");
    assert_eq!(refused.expected, "a value that is a number");
}

fn up() -> (World, ConversationId) {
    let mut world = World::new(connect_bob());
    world.call();
    world.run();
    let id = ConversationId::new(world.last("answer")["conversation_uuid"].as_str().unwrap());
    (world, id)
}

#[test]
fn a_token_without_a_subject_is_nobodys_member() {
    let (mut world, id) = up();
    let refused = world.ask(&v1::GetMe::new(id.clone())).unwrap_err();
    assert_eq!((refused.status(), refused.reason), (401, "token-without-user"));
    assert_eq!(refused.details.code, "user:error:invalid-user-token");
    assert!(refused.seen.contains("`sub`") && refused.fix.contains("`sub`"), "{refused:?}");
    let caller =
        Caller::Application { id: world.application.clone(), user: Some("nobody".to_owned()) };
    let refused = world.ask_as(caller, &v1::GetMe::new(id)).unwrap_err();
    assert_eq!(refused.details.code, "conversation:error:member-not-found");
}

#[test]
fn a_phone_is_told_from_a_number_that_nobody_has() {
    let mut world = World::new(connect_bob());
    let mut check = |number: &str, status: u16, reason: &str| {
        let control = Caller::Control;
        for refused in [
            world.ask_as(control.clone(), &AnswerPhone::new(number)),
            world.ask_as(control.clone(), &DeclinePhone::new(number)),
            world.ask_as(control, &HangUpPhone::new(number)),
        ] {
            let refused = refused.unwrap_err();
            assert_eq!((refused.status(), refused.reason), (status, reason), "{number}");
        }
    };
    check(BOB, 409, "phone-idle");
    check("447700900555", 404, "phone-unknown");
    check(NUMBER, 404, "phone-unknown");
    check("bob", 400, "number-malformed");
    // A phone that was not set up is there while it is in a call.
    let (mut world, _) = up();
    let caller = "447700900556";
    world.place_call(ringback_model::control::PlaceCallRequest::new(caller, NUMBER)).unwrap();
    let answered = world.ask_as(Caller::Control, &AnswerPhone::new(caller)).unwrap_err();
    assert_eq!(answered.reason, "phone-idle");
    assert!(world.ask_as(Caller::Control, &HangUpPhone::new(caller)).is_ok());
    assert!(world.ask_as(Caller::Control, &HangUpPhone::new(ALICE)).is_ok());
}
