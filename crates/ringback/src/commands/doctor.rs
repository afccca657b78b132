//! Everything between here and a first call, checked one by one.

use std::{process::ExitCode, time::Duration};

use axum::http::{Uri, header::DATE};
use jiff::fmt::rfc2822;
use ringback_http::Settings;
use ringback_model::{
    Operation,
    applications::{Application, GetApplication, Webhook},
    numbers::ListNumbers,
};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;

use crate::{
    checks::{self, Check},
    context::{Context, now},
    settings::{Name, own},
};

/// How long anything may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// By how many seconds clocks may differ: tokens from the future are refused.
const SKEW: i64 = 30;

pub(crate) fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let checks = context.wait(async {
        let mut checks = vec![settings(context)];
        let reached = origin(context, &mut checks).await;
        if reached {
            let (credentials, application) = checks::credentials(context).await;
            checks.extend(credentials);
            if let Some(application) = application {
                webhooks(&application, context, &mut checks).await;
                checks.push(number(&application, context).await);
            }
        }
        checks.extend(permissions(context));
        Ok(checks)
    })?;
    checks::show(&checks, context)
}

/// What is set, and where.
fn settings(context: &Context) -> Check {
    const NAME: &str = "settings";
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in Name::ALL {
        match context.settings.get(name) {
            Ok(Some(value)) => found.push(format!("{} from {}", name.as_str(), value.source)),
            // Webhooks need not be signed.
            Ok(None) if name == Name::SignatureSecret => {}
            Ok(None) => missing.push(name.as_str()),
            Err(error) => return Check::failed(NAME, &error),
        }
    }
    let found = match found.is_empty() {
        true => "nothing is set".to_owned(),
        false => found.join(", "),
    };
    match missing.is_empty() {
        true => Check::good(NAME, found),
        false => Check::bad(
            NAME,
            format!("{found}; missing: {}", missing.join(", ")),
            "save them with `ringback auth set`, or for an emulator: eval \"$(ringback env)\"",
        ),
    }
}

/// Whether the API can be reached, and what it says the time is.
async fn origin(context: &Context, checks: &mut Vec<Check>) -> bool {
    const NAME: &str = "origin";
    let origin = context.origin(<GetApplication as Operation>::INFO);
    let origin = match origin {
        Ok(origin) => origin,
        Err(error) => {
            checks.push(Check::failed(NAME, &error));
            return false;
        }
    };
    let client = match ringback_http::client(&Settings::new().timeout(PATIENCE).redirects(0)) {
        Ok(client) => client,
        Err(error) => {
            checks.push(Check::failed(NAME, &error.into()));
            return false;
        }
    };
    match client.get(&origin).send().await {
        Ok(answer) => {
            let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
            let clock = clock(date, now());
            checks.push(Check::good(NAME, format!("{origin} answers")));
            checks.push(clock);
            true
        }
        Err(error) => {
            let fix =
                "start one with `ringback emulator`, name another with --url, or mend the network";
            checks.push(Check::bad(NAME, ringback_http::explain(&error), fix));
            false
        }
    }
}

/// How far the clocks are apart.
fn clock(date: Option<&str>, now: i64) -> Check {
    const NAME: &str = "clock";
    let Some(date) = date else { return Check::skipped(NAME, "the answer has no Date header") };
    let Ok(there) = rfc2822::parse(date) else {
        return Check::skipped(NAME, "the Date header of the answer is no date");
    };
    let ahead = now - there.timestamp().as_second();
    match ahead {
        0 => Check::good(NAME, "the clocks agree"),
        _ => {
            let word = if ahead > 0 { "ahead" } else { "behind" };
            let seen = format!("the clock of this machine is {} s {word}", ahead.abs());
            match ahead.abs() <= SKEW {
                true => Check::good(NAME, seen),
                false => Check::bad(NAME, seen, "set it: a token from another time is refused"),
            }
        }
    }
}

/// Whether the application's webhooks are set, and whether anything listens there.
async fn webhooks(application: &Application, context: &Context, checks: &mut Vec<Check>) {
    let voice = application.capabilities.as_ref().and_then(|all| all.voice.as_ref());
    let webhooks = voice.and_then(|voice| voice.webhooks.as_ref());
    let local = context
        .origin(<GetApplication as Operation>::INFO)
        .ok()
        .and_then(|origin| origin.parse::<Uri>().ok())
        .is_some_and(|origin| is_loopback(origin.host().unwrap_or_default()));
    for (name, flag, webhook) in [
        ("answer webhook", "--answer-url", webhooks.and_then(|all| all.answer_url.as_ref())),
        ("event webhook", "--event-url", webhooks.and_then(|all| all.event_url.as_ref())),
    ] {
        checks.push(match webhook.and_then(address) {
            Some(address) => listens(name, address, local).await,
            None => Check::bad(
                name,
                format!("the application {} has none", application.id),
                format!("ringback apps update {} {flag} URL", application.id),
            ),
        });
    }
}

fn address(webhook: &Webhook) -> Option<&str> {
    webhook.address.as_deref().filter(|address| !address.is_empty())
}

/// Whether anything listens at an address; nothing is asked there, for it might act on it.
async fn listens(name: &'static str, address: &str, local: bool) -> Check {
    let parsed = address.parse::<Uri>().ok();
    let Some((uri, host)) = parsed.as_ref().and_then(|uri| Some((uri, uri.host()?))) else {
        return Check::bad(name, format!("`{address}` is no URL"), "give one with http or https");
    };
    if is_loopback(host) && !local {
        return Check::bad(
            name,
            format!("{address} is on this machine, where the platform cannot reach it"),
            "open a tunnel, and give the application its address with `ringback apps update`",
        );
    }
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    });
    let bare = host.trim_matches(['[', ']']);
    let problem = match tokio::time::timeout(PATIENCE, TcpStream::connect((bare, port))).await {
        Ok(Ok(_)) => return Check::good(name, format!("{address}: {host}:{port} listens")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer in {} s", PATIENCE.as_secs()),
    };
    Check::bad(
        name,
        format!("{address}: nothing listens at {host}:{port}: {problem}"),
        "start the application there; `ringback serve` is one",
    )
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether any number leads to the application.
async fn number(application: &Application, context: &Context) -> Check {
    const NAME: &str = "number";
    let list = ListNumbers::new().application_id(application.id.clone()).size(100);
    match context.send(&list).await {
        Err(error) => Check::failed(NAME, &error),
        Ok(reply) => {
            let numbers = reply.numbers.unwrap_or_default();
            let numbers: Vec<&str> = numbers
                .iter()
                .filter_map(|number| Some(number.msisdn.as_ref()?.as_str()))
                .collect();
            match numbers.as_slice() {
                [] => Check::bad(
                    NAME,
                    format!("no number is linked to the application {}", application.id),
                    format!("ringback numbers link NUMBER {}", application.id),
                ),
                numbers => Check::good(NAME, format!("linked: {}", numbers.join(", "))),
            }
        }
    }
}

/// Whether files with secrets can be read by their owner alone.
fn permissions(context: &Context) -> Vec<Check> {
    let mut files = Vec::new();
    if let Ok(Some(key)) = context.settings.get(Name::PrivateKey) {
        files.push(std::path::PathBuf::from(key.text.expose_secret()));
    }
    files.push(own::Pair::project().secret);
    files.extend(own::Pair::user().ok().map(|pair| pair.secret));
    files.iter().filter_map(|path| permission(path)).collect()
}

#[cfg(unix)]
fn permission(path: &std::path::Path) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt as _;
    const NAME: &str = "permissions";
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mode = about.permissions().mode() & 0o777;
    let path = path.display();
    let seen = format!("{path} has mode {mode:04o}");
    Some(match mode & 0o077 {
        0 => Check::good(NAME, seen),
        _ => Check::bad(NAME, format!("{seen}: others can read it"), format!("chmod 600 {path}")),
    })
}

#[cfg(not(unix))]
fn permission(_: &std::path::Path) -> Option<Check> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Outcome;

    #[test]
    fn clocks_are_compared() {
        // RFC 9110, 5.6.7.
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let check = |date: Option<&str>, now: i64, expected: Outcome, seen: &str| {
            let check = clock(date, now);
            assert_eq!((check.result, check.seen.as_str()), (expected, seen));
        };
        check(Some(date), 784_111_777, Outcome::Good, "the clocks agree");
        check(Some(date), 784_111_787, Outcome::Good, "the clock of this machine is 10 s ahead");
        check(Some(date), 784_111_677, Outcome::Bad, "the clock of this machine is 100 s behind");
        check(None, 0, Outcome::Skipped, "the answer has no Date header");
        check(Some("soon"), 0, Outcome::Skipped, "the Date header of the answer is no date");
    }

    #[test]
    fn loopback_addresses_are_known() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("demo.example", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
