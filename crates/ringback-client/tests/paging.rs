//! Lists over several pages, by each of the three rules.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use futures_util::{StreamExt as _, TryStreamExt as _};
use ringback_client::{Client, Credentials, Error};
use ringback_model::{
    applications::ListApplications, numbers::SearchNumbers, v1::ListConversations,
};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{query_param, query_param_is_missing},
};

/// A server whose pages are chosen by one parameter, and a client of it.
async fn pages(parameter: &str, pages: Vec<(Option<&str>, Value)>) -> (MockServer, Client) {
    let server = MockServer::start().await;
    for (value, page) in pages {
        let mock = match value {
            Some(value) => Mock::given(query_param(parameter, value)),
            None => Mock::given(query_param_is_missing(parameter)),
        };
        mock.respond_with(ResponseTemplate::new(200).set_body_json(page))
            .expect(1)
            .mount(&server)
            .await;
    }
    let credentials = Credentials::new().account("aaa012", "abc".into()).token("t.t.t".into());
    let client = Client::new(credentials).origin(&server.uri()).unwrap();
    (server, client)
}

#[tokio::test]
async fn by_page_number() {
    let page = |ids: &[&str]| {
        let applications: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({"page_size": 2, "total_pages": 2, "total_items": 3, "_embedded": {"applications": applications}})
    };
    let (_server, client) =
        pages("page", vec![(None, page(&["a", "b"])), (Some("2"), page(&["c"]))]).await;
    let items: Vec<_> = client.items(ListApplications::new()).try_collect().await.unwrap();
    let ids: Vec<_> = items.iter().map(|application| application.id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn by_index() {
    let page = |numbers: &[&str]| {
        let numbers: Vec<_> =
            numbers.iter().map(|n| json!({"country": "GB", "msisdn": n})).collect();
        json!({"count": 3, "numbers": numbers})
    };
    let first = page(&["447700900000", "447700900001"]);
    let (_server, client) =
        pages("index", vec![(None, first), (Some("2"), page(&["447700900002"]))]).await;
    let search = SearchNumbers::new("GB").size(2);
    let replies: Vec<_> = client.pages(search).try_collect().await.unwrap();
    assert_eq!(
        replies.iter().map(|r| r.numbers.as_ref().unwrap().len()).collect::<Vec<_>>(),
        [2, 1]
    );
}

fn conversations(id: &str, next: Option<&str>) -> Value {
    let mut links = json!({"self": {"href": "https://api.nexmo.com/v1/conversations"}});
    if let Some(next) = next {
        links["next"] = json!({"href": format!("https://api.nexmo.com/v1/conversations?page_size=1&cursor={next}")});
    }
    json!({"page_size": 1, "_embedded": {"conversations": [{"id": id, "name": id}]}, "_links": links})
}

#[tokio::test]
async fn by_link() {
    let given = vec![
        (None, conversations("CON-1", Some("a%2Bb%3D"))),
        (Some("a+b="), conversations("CON-2", None)),
    ];
    let (_server, client) = pages("cursor", given).await;
    let items: Vec<_> = client.items(ListConversations::new()).try_collect().await.unwrap();
    assert_eq!(items.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["CON-1", "CON-2"]);
}

#[tokio::test]
async fn a_page_that_names_itself_ends_with_an_error() {
    let given = vec![
        (None, conversations("CON-1", Some("x"))),
        (Some("x"), conversations("CON-2", Some("x"))),
    ];
    let (_server, client) = pages("cursor", given).await;
    let mut replies = Box::pin(client.pages(ListConversations::new()));
    assert!(replies.next().await.unwrap().is_ok());
    let error = replies.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Paging { .. }), "{error}");
    assert!(replies.next().await.is_none());
}

#[tokio::test]
async fn nothing_is_asked_for_before_it_is_wanted() {
    let (server, client) = pages("cursor", vec![(None, conversations("CON-1", Some("x")))]).await;
    let mut items = Box::pin(client.items(ListConversations::new()));
    assert!(items.next().await.unwrap().is_ok());
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}
