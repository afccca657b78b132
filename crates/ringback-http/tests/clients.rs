//! Clients against a listener on this machine.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{process::Command, time::Duration};

use ringback_http::{Proxies, Settings, client, explain, is_connect, is_timeout};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// Answers one connection with these bytes and closes it; says what was asked.
async fn answer(bytes: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (address, task)
}

#[tokio::test]
async fn plain_http_works_and_no_global_is_touched() {
    let (address, task) = answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let client = client(&Settings::new()).unwrap();
    let reply = client.get(format!("http://{address}/a?b=c")).send().await.unwrap();
    assert_eq!(reply.text().await.unwrap(), "hi");
    let request = task.await.unwrap();
    assert!(request.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{request}");
    assert!(request.to_ascii_lowercase().contains("user-agent: ringback/"), "{request}");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn redirects_are_not_followed_unless_asked() {
    let found = "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n";
    let (address, _task) = answer(found).await;
    let client = client(&Settings::new()).unwrap();
    let reply = client.get(format!("http://{address}/a")).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 302);
}

#[tokio::test]
async fn failures_are_explained() {
    let settings = Settings::new().proxies(Proxies::Never);
    let send = async |url: String, timeout: u64| {
        let settings = settings.clone().timeout(Duration::from_millis(timeout));
        client(&settings).unwrap().get(url).send().await.unwrap_err()
    };
    let check = |error: &reqwest::Error, connect: bool, timeout: bool, expected: &str| {
        let sentence = explain(error);
        assert!(sentence.contains(expected), "{sentence} | {error:?}");
        assert!(!sentence.contains("secret") && !sentence.contains('\n'), "{sentence}");
        assert_eq!((is_connect(error), is_timeout(error)), (connect, timeout), "{error:?}");
    };

    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = send(format!("http://{free}/?api_secret=secret"), 5000).await;
    check(&error, true, false, &format!("nothing listens at http://{free}"));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let error = send(format!("http://{address}/"), 50).await;
    check(&error, false, true, "did not answer in time");

    let (address, _task) = answer("").await;
    let error = send(format!("http://{address}/"), 5000).await;
    check(&error, false, false, "cut the connection");

    let (address, _task) = answer("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let error = send(format!("https://{address}/"), 5000).await;
    check(&error, true, false, "does not speak TLS");

    let error = send("http://exa mple/".to_owned(), 5000).await;
    check(&error, false, false, "not valid");
}

/// Runs one of the ignored tests below in a process with another environment.
fn run(test: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", test])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn loopback_never_goes_through_the_system_proxy() {
    let refused = "http://127.0.0.1:1";
    run("with_a_proxy", &[("HTTP_PROXY", refused), ("http_proxy", refused), ("NO_PROXY", "")]);
}

#[tokio::test]
#[ignore = "run by loopback_never_goes_through_the_system_proxy"]
async fn with_a_proxy() {
    let (address, task) = answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let client = client(&Settings::new()).unwrap();
    assert!(client.get(format!("http://{address}/")).send().await.is_ok());
    task.await.unwrap();
    // The proxy of this test does not exist; that it was tried is seen by the refusal.
    let error = client.get("http://elsewhere.invalid/").send().await.unwrap_err();
    assert!(is_connect(&error) && explain(&error).contains("nothing listens"), "{error:?}");
}

#[test]
fn without_certificates_plain_http_works() {
    let nowhere = "/nonexistent";
    run("with_no_certificates", &[("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)]);
}

#[tokio::test]
#[ignore = "run by without_certificates_plain_http_works"]
async fn with_no_certificates() {
    let (address, task) = answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let client = client(&Settings::new()).unwrap();
    assert!(client.get(format!("http://{address}/")).send().await.is_ok());
    task.await.unwrap();
}
