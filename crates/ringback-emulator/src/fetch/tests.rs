use axum::{Router, body::Body, extract::Path, response::Response as Reply, routing::get};
use ringback_jwt::WebhookSigner;
use tokio::{io::AsyncReadExt, net::TcpListener};

use super::*;
use crate::{Mapping, edge::WallClock};

fn sender(maps: Vec<Mapping>) -> Sender {
    let secret = "test-signature-secret-0123456789abcdef".into();
    let signer = WebhookSigner::new(&secret, "a1b2c3d4").unwrap();
    Sender::new(signer, maps, WallClock::system(), Trust::System).unwrap()
}

/// Ten frames of 36 ms: MPEG-2, 16 kHz, 32 kbit/s, mono.
fn mp3() -> Vec<u8> {
    let mut frame = [0; 144];
    frame[..4].copy_from_slice(&[0xFF, 0xF3, 0x48, 0xC4]);
    frame.repeat(10)
}

fn reply(status: u16, name: &str, value: &str, body: Vec<u8>) -> Reply {
    Reply::builder().status(status).header(name, value).body(Body::from(body)).unwrap()
}

async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new()
        .route("/a.mp3", get(|| async { reply(200, "content-type", "audio/mpeg", mp3()) }))
        .route(
            "/page",
            get(|| async { reply(200, "content-type", "text/html", b"<html></html>".to_vec()) }),
        )
        .route(
            "/large",
            get(|| async { reply(200, "content-type", "audio/mpeg", vec![0; LARGEST + 1]) }),
        )
        .route(
            "/to/{count}",
            get(|Path(count): Path<u32>| async move {
                let next = match count {
                    0 => "https://sounds.example/a.mp3".to_owned(),
                    count => format!("/to/{}", count - 1),
                };
                reply(302, "location", &next, Vec::new())
            }),
        )
        .route("/loop", get(|| async { reply(301, "location", "/loop", Vec::new()) }));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

#[tokio::test]
async fn sounds_are_measured_and_failures_say_why() {
    let url = server().await;
    let map = Mapping::parse(&format!("https://sounds.example={url}")).unwrap();
    let (fetcher, sender) = (Fetcher::new(Trust::System).unwrap(), sender(vec![map]));
    let check = async |url: String, expected: Result<u64, &str>| match (
        fetcher.measure(&sender, &url).await,
        expected,
    ) {
        (Ok(millis), Ok(expected)) => assert_eq!(millis, expected, "{url}"),
        (Err(why), Err(part)) => assert!(why.contains(part), "{url}: {why}"),
        (found, _) => panic!("{url}: {found:?}"),
    };
    check(format!("{url}/a.mp3"), Ok(360)).await;
    check("https://sounds.example/a.mp3?x=1".into(), Ok(360)).await;
    // Each redirect is mapped too.
    check(format!("{url}/to/4"), Ok(360)).await;
    check(format!("{url}/to/5"), Err("redirects more than 5 times")).await;
    check(format!("{url}/loop"), Err("redirects more than 5 times")).await;
    check(
        format!("{url}/page"),
        Err("it is a web page or another document (content type text/html)"),
    )
    .await;
    check(format!("{url}/none"), Err("status 404")).await;
    check(format!("{url}/large"), Err("larger than 20 MB")).await;
    check("nothing".into(), Err("not an http address")).await;
    check("file:///etc/passwd".into(), Err("not an http address")).await;

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let secret = format!("http://{address}/a.mp3?token=planted-1");
    check(secret.clone(), Err("nothing listens")).await;
    let why = fetcher.measure(&sender, &secret).await.unwrap_err();
    assert!(!why.contains("planted-1"), "{why}");
}

#[tokio::test]
async fn a_sound_that_does_not_come_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a.mp3", silent.local_addr().unwrap());
    let (fetcher, sender) = (Fetcher::new(Trust::System).unwrap(), sender(vec![]));
    let fetch = fetcher.measure(&sender, &url);
    tokio::pin!(fetch);
    let (mut stream, _) = tokio::select! {
        _ = &mut fetch => panic!("nobody answered"),
        accepted = silent.accept() => accepted.unwrap(),
    };
    let mut bytes = [0; 64];
    tokio::select! {
        _ = &mut fetch => panic!("nobody answered"),
        read = stream.read(&mut bytes) => assert!(read.unwrap() > 0),
    }
    // The request is out; only time is missing.
    tokio::time::pause();
    let why = fetch.await.unwrap_err();
    assert!(why.contains("did not a"), "{why}");
}
