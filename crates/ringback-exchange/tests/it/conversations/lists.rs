//! Lists are read page by page.

use serde_json::json;

use super::{Api, keys};

#[test]
fn lists_are_read_page_by_page_in_both_orders() {
    for (generation, resource, embedded) in [
        ("v1", "conversations", "/_embedded/conversations"),
        ("v1", "users", "/_embedded/users"),
        ("v0.3", "conversations", "/_embedded/conversations"),
        ("v0.3", "users", "/_embedded/users"),
        ("v0.2", "conversations", "/_embedded/data/conversations"),
        ("v0.2", "users", "/_embedded/data/users"),
    ] {
        let mut api = Api::quiet();
        let made: Vec<String> = (0..25)
            .map(|n| api.id(201, &format!(r#"POST /v1/{resource} {{"name":"n{n:02}"}}"#)))
            .collect();
        for order in ["asc", "DESC"] {
            let mut expected = made.clone();
            if order == "DESC" {
                expected.reverse();
            }
            let base = format!("/{generation}/{resource}");
            let mut next = Some(format!("https://api.nexmo.com{base}?order={order}"));
            let (mut seen, mut sizes) = (Vec::new(), Vec::new());
            while let Some(href) = next.take() {
                let target = href.strip_prefix("https://api.nexmo.com").unwrap();
                let page = api.ok(200, &format!("GET {target}"));
                assert_eq!(page["page_size"], 10);
                assert_eq!(page["_links"]["prev"].is_object(), !seen.is_empty());
                let items = page.pointer(embedded).unwrap().as_array().unwrap();
                sizes.push(items.len());
                seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                next = page["_links"]["next"]["href"].as_str().map(str::to_owned);
            }
            assert_eq!((seen, sizes), (expected, vec![10, 10, 5]), "{generation} {resource}");
        }
        let code = "paginator-builder:error:invalid-cursor";
        api.refused(400, code, &format!("GET /{generation}/{resource}?cursor=nonsense"));
    }
}

#[test]
fn what_is_removed_between_two_pages_moves_nothing() {
    let mut api = Api::quiet();
    let made: Vec<String> = (0..4).map(|_| api.id(201, "POST /v1/users")).collect();
    let page = api.ok(200, "GET /v1/users?page_size=2");
    let next = page["_links"]["next"]["href"].as_str().unwrap().to_owned();
    for id in &made[..3] {
        api.ok(204, &format!("DELETE /v1/users/{id}"));
    }
    let page = api.ok(200, &format!("GET {}", next.strip_prefix("https://api.nexmo.com").unwrap()));
    assert_eq!(page["_embedded"]["users"][0]["id"], made[3]);
    assert!(page["_links"].get("next").is_none());
}

#[test]
fn the_oldest_generations_count_their_pages() {
    let mut api = Api::quiet();
    let made: Vec<String> = (0..12).map(|_| api.conversation()).collect();
    for (generation, link) in [("beta", "/href"), ("v0.1", "/_links/self/href")] {
        let base = format!("/{generation}/conversations");
        let page = api.ok(200, &format!("GET {base}?page_size=5&record_index=2"));
        assert_eq!(
            (&page["count"], &page["page_size"], &page["record_index"]),
            (&json!(12), &json!(5), &json!(2))
        );
        let items = page["_embedded"]["conversations"].as_array().unwrap();
        assert_eq!(
            items.iter().map(|item| item["uuid"].as_str().unwrap()).collect::<Vec<_>>(),
            made[10..]
        );
        let href = format!("https://api.nexmo.com{base}/{}", made[10]);
        assert_eq!(items[0].pointer(link), Some(&json!(href)));
        assert_eq!(keys(&page["_links"]), ["self"]);
    }
}
