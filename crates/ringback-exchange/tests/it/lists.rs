//! The list of calls: its filters, its order, its pages.

use ringback_model::calls::ListCalls;
use serde_json::json;

use crate::{
    calls::{TALK, bob, create},
    world::{ALICE, BOB, World, answers},
};

#[test]
fn lists_are_filtered_ordered_and_in_pages() {
    let mut world = World::new(answers("[]"));
    let empty = world.rest::<ListCalls>("/v1/calls", "").unwrap();
    let link = |rest: &str| json!({"href": format!("https://api.nexmo.com/v1/calls?{rest}")});
    assert_eq!(
        empty,
        json!({
            "count": 0, "page_size": 10, "record_index": 0, "_embedded": {"calls": []},
            "_links": {
                "self": link("page_size=10&record_index=0"),
                "first": link("page_size=10"),
                "last": link("page_size=10"),
            },
        })
    );
    let mut made = Vec::new();
    for number in [BOB, ALICE, "447700900555"] {
        let body = bob(&format!(r#""ncco":{TALK}"#)).replacen(BOB, number, 1);
        made.push(create(&mut world, &body));
        world.run_for(10_000);
    }
    world.set_phone(BOB, "Bob", "voicemail after 1s");
    let stay =
        r#""machine_detection":"continue","ncco":[{"action":"talk","text":"Hello","loop":0}]"#;
    made.push(create(&mut world, &bob(stay)));
    world.run_for(20_000);
    let mut check = |query: &str, expected: &[usize]| {
        let list = world.rest::<ListCalls>(&format!("/v1/calls?{query}"), "").unwrap();
        let calls = list["_embedded"]["calls"].as_array().unwrap();
        let uuids: Vec<_> = calls.iter().map(|call| call["uuid"].clone()).collect();
        let expected: Vec<_> = expected.iter().map(|at| made[*at]["uuid"].clone()).collect();
        assert_eq!(uuids, expected, "{query}");
        assert!(calls.iter().all(|call| call["_links"]["self"]["href"].is_string()), "{list}");
        list
    };
    check("", &[0, 1, 2, 3]);
    check("order=desc", &[3, 2, 1, 0]);
    check("status=completed", &[0, 1, 2]);
    check("status=machine", &[3]);
    check("status=answered", &[]);
    check("date_start=2018-10-25T09:26:28.991Z", &[1, 2, 3]);
    check("date_end=2018-10-25T09:26:28.991Z", &[0, 1]);
    check("date_start=2018-10-25T09:26:20Z&date_end=2018-10-25T09:26:38Z", &[1]);
    let conversation = made[2]["conversation_uuid"].as_str().unwrap();
    check(&format!("conversation_uuid={conversation}"), &[2]);
    check("conversation_uuid=CON-0", &[]);
    let page = check("page_size=1&record_index=1", &[1]);
    assert_eq!(
        (&page["count"], &page["page_size"], &page["record_index"]),
        (&json!(4), &json!(1), &json!(1))
    );
    assert_eq!(
        page["_links"],
        json!({
            "self": link("page_size=1&record_index=1"),
            "first": link("page_size=1"),
            "prev": link("page_size=1&record_index=0"),
            "next": link("page_size=1&record_index=2"),
            "last": link("page_size=1&record_index=3"),
        })
    );
    let last = check("page_size=3&record_index=1&order=asc", &[3]);
    assert!(last["_links"].get("next").is_none(), "{last}");
    assert_eq!(last["_links"]["first"], link("page_size=3&order=asc"));
    check("record_index=9", &[]);
    for (query, hint) in [
        ("status=human", "status was \"human\"; it must be one of: started, ringing"),
        ("order=up", "order was \"up\"; it must be one of: asc, desc"),
        ("page_size=101", "page_size was \"101\"; it must be between 1 and 100"),
        ("record_index=-1", "`record_index` must "),
        ("date_start=yesterday", "`date_start` must be a valid ISO 8601 date"),
    ] {
        let refusal = world.rest::<ListCalls>(&format!("/v1/calls?{query}"), "").unwrap_err();
        assert_eq!(refusal.status(), 400, "{query}");
        assert!(refusal.hint().starts_with(hint), "{}", refusal.hint());
    }
}
