//! The few lines that point an official client at an emulator.

use clap::ValueEnum;

use crate::{context::EMULATOR, output::print};

/// An official client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// The Python SDK, `vonage`
    Python,
    /// The Node SDK, `@vonage/server-sdk`
    Node,
    /// The old command line, `nexmo`
    NexmoCli,
    /// The command line of today, `vonage`
    VonageCli,
}

/// Carries what a Node program asks of the platform's hosts to the emulator.
const PRELOAD: &str = include_str!("setup/preload.cjs");

/// Prints the lines for the emulator at this URL; `tls` is its https listener, if it has one.
pub(crate) fn run(client: Client, url: &str, tls: Option<&str>) -> anyhow::Result<()> {
    print(&lines(client, url, tls))
}

fn lines(client: Client, url: &str, tls: Option<&str>) -> String {
    let env = match url == EMULATOR {
        true => "ringback env".to_owned(),
        false => format!("ringback env --url {url}"),
    };
    match (client, tls) {
        (Client::Python, Some(tls)) => {
            let host = tls.split_once("://").map_or(tls, |(_, host)| host).trim_end_matches('/');
            format!(
                "\
# After: eval \"$({env})\"
# and: curl -s {url}/_ringback/ca.pem >ca.pem; export REQUESTS_CA_BUNDLE=$PWD/ca.pem
import os
from vonage import Auth, HttpClientOptions, Vonage

client = Vonage(
    Auth(
        api_key=os.environ[\"VONAGE_API_KEY\"],
        api_secret=os.environ[\"VONAGE_API_SECRET\"],
        application_id=os.environ.get(\"VONAGE_APPLICATION_ID\"),
        private_key=os.environ.get(\"VONAGE_PRIVATE_KEY\"),
    ),
    HttpClientOptions(api_host=\"{host}\", rest_host=\"{host}\"),
)
"
            )
        }
        // The SDK writes https itself.
        (Client::Python, None) => format!(
            "\
# After: eval \"$({env})\"
import os
from urllib.parse import urlsplit
from requests.adapters import HTTPAdapter
from vonage import Auth, Vonage

class Emulator(HTTPAdapter):
    def send(self, request, **options):
        to = urlsplit(\"{url}\")
        request.url = urlsplit(request.url)._replace(scheme=to.scheme, netloc=to.netloc).geturl()
        return super().send(request, **options)

client = Vonage(
    Auth(
        api_key=os.environ[\"VONAGE_API_KEY\"],
        api_secret=os.environ[\"VONAGE_API_SECRET\"],
        application_id=os.environ.get(\"VONAGE_APPLICATION_ID\"),
        private_key=os.environ.get(\"VONAGE_PRIVATE_KEY\"),
    )
)
client.http_client._session.mount(\"https://\", Emulator())
"
        ),
        (Client::Node, _) => format!(
            "\
// After: eval \"$({env})\"
const {{ Vonage }} = require(\"@vonage/server-sdk\");

const vonage = new Vonage(
  {{
    apiKey: process.env.VONAGE_API_KEY,
    apiSecret: process.env.VONAGE_API_SECRET,
    applicationId: process.env.VONAGE_APPLICATION_ID,
    privateKey: process.env.VONAGE_PRIVATE_KEY,
  }},
  {{ apiHost: \"{url}\", restHost: \"{url}\" }},
);
"
        ),
        (Client::NexmoCli, _) => shell(
            &env,
            "nexmo setup \"$VONAGE_API_KEY\" \"$VONAGE_API_SECRET\"   # writes ~/.nexmorc\n",
        ),
        // It reads the locale's country, and stops without one.
        (Client::VonageCli, _) => shell(
            &env,
            "export LC_ALL=en_US.UTF-8\n\
             vonage auth set --api-key \"$VONAGE_API_KEY\" --api-secret \"$VONAGE_API_SECRET\"   # writes ~/.vonage/config.json\n",
        ),
    }
}

/// Lines for a shell; the client has no setting for its hosts.
fn shell(env: &str, setup: &str) -> String {
    format!(
        "\
cat > ringback-preload.cjs <<'END'
{PRELOAD}END
eval \"$({env})\"
export NODE_OPTIONS=\"--require $PWD/ringback-preload.cjs\"
{setup}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preload_is_the_one_that_official_clients_are_tried_with() {
        let tried = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign/preload.cjs");
        // Whoever has this crate alone has no such file.
        if let Ok(tried) = std::fs::read_to_string(tried) {
            assert_eq!(PRELOAD, tried);
        }
    }

    #[test]
    fn the_lines_name_the_emulator() {
        let check = |client, tls, expected: &[&str]| {
            let lines = lines(client, "http://127.0.0.1:4711", tls);
            for expected in expected {
                assert!(lines.contains(expected), "{lines}");
            }
            assert!(
                lines.ends_with('\n') && lines.contains("ringback env --url http://127.0.0.1:4711")
            );
        };
        let url = "http://127.0.0.1:4711";
        check(Client::Python, None, &[url, "mount(\"https://\"", "urlsplit(\"http"]);
        check(
            Client::Python,
            Some("https://127.0.0.1:4712"),
            &["api_host=\"127.0.0.1:4712\", rest_host=\"127.0.0.1:4712\""],
        );
        check(Client::Node, None, &["apiHost: \"http://127.0.0.1:4711\""]);
        check(Client::NexmoCli, None, &["NODE_OPTIONS=\"--require", "nexmo setup", "nexmo|vonage"]);
        check(Client::VonageCli, None, &["NODE_OPTIONS=\"--require", "vonage auth set"]);
    }
}
