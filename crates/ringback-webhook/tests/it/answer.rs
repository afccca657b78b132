//! The answer webhook: typed, on time, and safe.

use std::{convert::Infallible, time::Duration};

use ringback_model::{Kept, PhoneNumber, webhook::Answer};
use ringback_webhook::{Answerer, Script, Webhooks};

use crate::{get, post, send, text, webhooks};

const CALL: &str = "/webhooks/answer?to=447700000002&from=447700000001&conversation_uuid=CON-bc643220-2542-499a-892e-c982c4150c06&uuid=797168e24c19a3c45e74e05b10fef2b5";
const BODY: &str = r#"{"to":"447700000002","from":"447700000001","conversation_uuid":"CON-bc643220-2542-499a-892e-c982c4150c06","uuid":"797168e24c19a3c45e74e05b10fef2b5","SipHeader_X-UserId":"1938ND9"}"#;
const SAFE: &str = r#"[{"action":"talk","text":"Please call again later."}]"#;

async fn ask(webhooks: Webhooks) -> (u16, String) {
    let safe = Script::talk("Please call again later.");
    send(webhooks.safe(safe).start().unwrap().router(), get(CALL)).await
}

#[tokio::test]
async fn get_and_post_are_read_alike() {
    let receiver = webhooks()
        .answer(async |answer: Kept<Answer>| {
            let leg = answer.uuid.as_ref().map(ToString::to_string);
            let kept = String::from_utf8_lossy(answer.as_bytes().unwrap()).contains("SipHeader_X");
            serde_json::json!([answer.from, answer.to, leg, kept])
        })
        .start()
        .unwrap();
    let expected = |kept| {
        format!(r#"["447700000001","447700000002","797168e24c19a3c45e74e05b10fef2b5",{kept}]"#)
    };
    let replies = [
        (get(CALL), false),
        (get(&format!("{CALL}&SipHeader_X-UserId=1938ND9")), true),
        (post("/webhooks/answer", BODY), true),
        // A POST without a body is unknown; its query is as good.
        (post(CALL, ""), false),
    ];
    for (request, kept) in replies {
        assert_eq!(send(receiver.router(), request).await, (200, expected(kept)));
    }
}

#[tokio::test]
async fn fixed_scripts() {
    let bob = PhoneNumber::new("447700000003").unwrap();
    for (script, expected) in [
        (
            Script::connect(&bob),
            r#"[{"action":"connect","endpoint":[{"type":"phone","number":"447700000003"}]}]"#,
        ),
        (Script::talk("a \"b\""), r#"[{"action":"talk","text":"a \"b\""}]"#),
        (Script::from_bytes(" [ ] "), " [ ] "),
    ] {
        let router = webhooks().answer(script).start().unwrap().router();
        for request in [get(CALL), post("/webhooks/answer", BODY)] {
            use tower::ServiceExt;
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["content-type"], "application/json");
            let reply = text(response).await;
            if expected.contains('{') {
                let json = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
                assert_eq!(json(&reply), json(expected));
            } else {
                assert_eq!(reply, expected);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_handler_is_replaced() {
    let start = tokio::time::Instant::now();
    let late = webhooks().answer(async |_: Kept<Answer>| {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Script::from_bytes("late")
    });
    assert_eq!(ask(late).await, (200, SAFE.to_owned()));
    assert_eq!(start.elapsed().as_millis(), 4200);

    let in_time = webhooks().deadline(Duration::from_secs(2)).answer(async |_: Kept<Answer>| {
        tokio::time::sleep(Duration::from_millis(1900)).await;
        Script::from_bytes("in time")
    });
    assert_eq!(ask(in_time).await, (200, "in time".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_blocking_handler_is_replaced() {
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = std::sync::Arc::new(std::sync::Mutex::new(blocked));
    let blocking = webhooks().deadline(Duration::from_millis(20)).answer(move |_: Kept<Answer>| {
        let blocked = blocked.clone();
        async move {
            let ended = blocked.lock().unwrap().recv().is_err();
            Script::from_bytes(format!("{ended}"))
        }
    });
    assert_eq!(ask(blocking).await, (200, SAFE.to_owned()));
    drop(release);
}

#[tokio::test]
async fn a_failing_or_panicking_handler_is_replaced() {
    let failing = async |_: Kept<Answer>| Err::<Script, _>(std::io::Error::other("no database"));
    assert_eq!(ask(webhooks().answer(failing)).await, (200, SAFE.to_owned()));

    let panicking = async |answer: Kept<Answer>| -> Script {
        assert!(answer.to.is_none(), "nobody may call");
        Script::talk("unreachable")
    };
    assert_eq!(ask(webhooks().answer(panicking)).await, (200, SAFE.to_owned()));

    let at_once = |answer: Kept<Answer>| {
        assert!(answer.to.is_none(), "before the first await");
        std::future::ready(Script::talk("unreachable"))
    };
    assert_eq!(ask(webhooks().answer(at_once)).await, (200, SAFE.to_owned()));
}

#[tokio::test]
async fn without_a_safe_script_the_platform_asks_again() {
    let failing = async |_: Kept<Answer>| Err::<Script, _>(std::io::Error::other("no database"));
    let router = webhooks().answer(failing).start().unwrap().router();
    let response = tower::ServiceExt::oneshot(router, get(CALL)).await.unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(text(response).await, "");
}

#[tokio::test]
async fn what_handlers_may_return() {
    let check = async |answerer: Answerer, expected: &str| {
        assert_eq!(ask(webhooks().answer(answerer)).await, (200, expected.to_owned()));
    };
    check((async |_: Kept<Answer>| Script::from_bytes("[1]")).into(), "[1]").await;
    check((async |_: Kept<Answer>| serde_json::json!([2])).into(), "[2]").await;
    let talk = || ringback_model::ncco::Action::from(ringback_model::ncco::Talk::new("hi"));
    let talks = r#"[{"action":"talk","text":"hi"}]"#;
    check((move |_: Kept<Answer>| async move { vec![talk()] }).into(), talks).await;
    let fine = move |_: Kept<Answer>| async move { Ok::<_, Infallible>(vec![talk()]) };
    check(fine.into(), talks).await;
}
