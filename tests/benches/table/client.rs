//! Requests of the client.

use futures_util::future::join_all;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use ringback_client::{Client, Credentials};
use ringback_jwt::{Claims, KeyPair, Signer, TokenCache};
use ringback_model::{Kept, beta::GetConversation};
use ringback_tests::measure::{Goal, Line, Pair, thread_seconds};
use secrecy::ExposeSecret as _;
use tokio::runtime::Builder;

use crate::server::Server;

const IN_FLIGHT: usize = 16;
const TURN: usize = 1_600;
const ID: &str = "CON-bc643220-2542-499a-892e-c982c4150c06";

/// The client's verb against a bare reqwest client whose JSON is read as the same type.
///
/// Both run on this thread and ask a server in another process; counted is the processor time here.
pub(crate) fn send() {
    let server = Server::start("bare-conversation");
    let origin = format!("http://{}", server.address);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();

    let keys = KeyPair::generate().unwrap();
    let signer = Signer::from_pem(keys.private_key.expose_secret()).unwrap();
    let tokens = TokenCache::new(signer, Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"));
    let client = Client::new(Credentials::new().application(tokens)).origin(&origin).unwrap();
    let operation = GetConversation::new(ID);

    let bare = ringback_http::client(&ringback_http::Settings::new()).unwrap();
    let url = format!("{origin}/beta/conversations/{ID}");
    let signer = Signer::from_pem(keys.private_key.expose_secret()).unwrap();
    let token = signer.mint(&Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"), 0).unwrap();
    let bearer = format!("Bearer {}", token.expose());

    let ours = || {
        let begin = thread_seconds();
        runtime.block_on(join_all((0..IN_FLIGHT).map(|_| async {
            for _ in 0..TURN / IN_FLIGHT {
                let conversation = client.send(&operation).await.unwrap();
                assert_eq!(conversation.uuid.as_str(), ID);
            }
        })));
        (thread_seconds() - begin) / TURN as f64
    };
    let theirs = || {
        let begin = thread_seconds();
        runtime.block_on(join_all((0..IN_FLIGHT).map(|_| async {
            for _ in 0..TURN / IN_FLIGHT {
                let request = bare.get(&url).header(AUTHORIZATION, &bearer);
                let response = request.header(ACCEPT, "application/json").send().await.unwrap();
                let response = response.error_for_status().unwrap();
                let conversation: <GetConversation as ringback_model::Operation>::Reply =
                    Kept::from_bytes(response.bytes().await.unwrap()).unwrap();
                assert_eq!(conversation.uuid.as_str(), ID);
            }
        })));
        (thread_seconds() - begin) / TURN as f64
    };
    ours();
    theirs();
    let pair = Pair::of(60, ours, theirs);
    let line = Line {
        name: "client-send",
        what: "client `send` GET conversation, 16 in flight, per CPU second of the client",
        against: "bare reqwest, the reply read as the same type",
        goal: Goal::AtLeast(0.9),
    };
    line.print(pair.speed(), "x", &pair);
}
