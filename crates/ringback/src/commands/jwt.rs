//! Tokens: minting, verifying, explaining.

use std::{fs, io::Read as _, process::ExitCode};

use clap::{Args, Subcommand};
use ringback_jwt::{Acl, Claims, Refused, Signer, Verifier, Warning, WebhookVerifier, inspect};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    cli::secret,
    context::{Context, now},
    credentials,
    errors::{Complaint, printable},
    output::{Format, note, print},
    settings::Name,
};

/// Tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Mint a token of an application; the token alone goes to stdout
    Create(Create),
    /// Check a token: exit code 0 when it is good, 1 when it is refused
    Verify(Verify),
    /// Show what a token says, without checking its signature
    Explain(Explain),
}

/// What a token shall say.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Seconds it lives; the platform takes 30 to 86400
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..), conflicts_with = "exp")]
    ttl: Option<i64>,
    /// When it ends, in seconds since 1970
    #[arg(long, value_name = "EPOCH")]
    exp: Option<i64>,
    /// Before when it is not valid, in seconds since 1970
    #[arg(long, value_name = "EPOCH")]
    nbf: Option<i64>,
    /// When it was issued, instead of now
    #[arg(long, value_name = "EPOCH")]
    iat: Option<i64>,
    /// Its own id, instead of a new UUID
    #[arg(long, value_name = "ID")]
    jti: Option<String>,
    /// The name of the user it is for
    #[arg(long, value_name = "USER")]
    sub: Option<String>,
    /// The paths it opens: JSON, @FILE, or `client` for the usual set of a client SDK
    #[arg(long, value_name = "ACL")]
    acl: Option<String>,
    /// Another claim; what is JSON is taken as JSON
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = pair)]
    claims: Vec<(String, String)>,
}

/// What a token is checked with.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The token, or - for stdin
    token: String,
    /// The application's public key: a file or its text; without it, that of --private-key
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    public_key: Option<String>,
    /// For the token of a signed webhook: the account's signature secret
    #[arg(long, value_name = "SECRET", value_parser = secret, conflicts_with = "public_key")]
    signature_secret: Vec<SecretString>,
    /// The body of that webhook: a file
    #[arg(long, value_name = "FILE", requires = "signature_secret", conflicts_with = "query")]
    body: Option<String>,
    /// The query of that webhook, as it came
    #[arg(long, value_name = "QUERY", requires = "signature_secret")]
    query: Option<String>,
    /// Seconds by which clocks may differ
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    leeway: i64,
}

/// What is to be explained.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The token, or - for stdin
    token: String,
}

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(args) => create(args, context),
        Command::Verify(args) => verify(&args, context),
        Command::Explain(args) => explain(&args, context),
    }
}

fn create(args: Create, context: &Context) -> anyhow::Result<ExitCode> {
    let Some(id) = context.settings.text(Name::ApplicationId)? else {
        return Err(Complaint::usage("a token needs the id of its application")
            .fix("give --application-id ID or set VONAGE_APPLICATION_ID")
            .into());
    };
    let Some(key) = context.settings.get(Name::PrivateKey)? else {
        return Err(Complaint::usage("a token is signed with the private key of its application")
            .fix("give --private-key FILE or set VONAGE_PRIVATE_KEY")
            .into());
    };
    let mut claims = Claims::new(id);
    if let Some(seconds) = args.ttl {
        claims = claims.ttl(seconds);
    }
    if let Some(epoch) = args.exp {
        claims = claims.exp(epoch);
    }
    if let Some(epoch) = args.nbf {
        claims = claims.nbf(epoch);
    }
    if let Some(epoch) = args.iat {
        claims = claims.iat(epoch);
    }
    if let Some(id) = args.jti {
        claims = claims.jti(id);
    }
    if let Some(user) = args.sub {
        claims = claims.sub(user);
    }
    if let Some(text) = args.acl {
        claims = claims.acl(acl(&text)?);
    }
    for (name, text) in args.claims {
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        claims = claims.claim(name, value);
    }
    let token = mint(&credentials::signer(&key.text)?, &claims)?;
    print(&token)?;
    warn(&token)?;
    Ok(ExitCode::SUCCESS)
}

/// The token with its line break.
pub(crate) fn mint(signer: &Signer, claims: &Claims) -> anyhow::Result<String> {
    let token = signer.mint(claims, now()).map_err(in_words)?;
    Ok(format!("{}\n", token.expose()))
}

/// Says on stderr what is unusual about a token that was minted.
pub(crate) fn warn(token: &str) -> anyhow::Result<()> {
    if let Ok(inspection) = inspect(token.trim()) {
        if let Some(id) = inspection.claims.get("application_id").filter(|id| !is_uuid(id)) {
            let id = printable(&id.as_str().map_or_else(|| id.to_string(), str::to_owned), false);
            note(&format!(
                "warning: the application id `{id}` is not a UUID, so the platform knows no such application"
            ))?;
        }
        for warning in inspection.explain(now()).warnings {
            note(&format!("warning: {}", warning.text))?;
        }
    }
    Ok(())
}

/// Whether it is a text such as `aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab`.
fn is_uuid(value: &Value) -> bool {
    let groups = value.as_str().unwrap_or_default().split('-');
    let hex = |group: &str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.clone().all(hex) && groups.map(str::len).eq([8, 4, 4, 4, 12])
}

fn in_words(error: ringback_jwt::Error) -> anyhow::Error {
    match error {
        error @ ringback_jwt::Error::Acl(_) => Complaint::usage(error.to_string()).into(),
        error => error.into(),
    }
}

fn acl(text: &str) -> anyhow::Result<Acl> {
    match text.strip_prefix('@') {
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
            Acl::from_json(&text).map_err(in_words)
        }
        None if text == "client" => Ok(Acl::client()),
        None => Acl::from_json(text).map_err(in_words),
    }
}

fn verify(args: &Verify, context: &Context) -> anyhow::Result<ExitCode> {
    let token = token(&args.token)?;
    if !args.signature_secret.is_empty() {
        return verify_webhook(&token, args, context);
    }
    let mut verifier = match &args.public_key {
        Some(source) => {
            let (name, text) = credentials::key_text(source, "public")?;
            Verifier::new(text.expose_secret())
                .map_err(|error| Complaint::failure(format!("{name}: {error}")))?
        }
        None => {
            let key = context.settings.get(Name::PrivateKey)?.ok_or_else(|| {
                Complaint::usage("a token is checked with the public key of its application")
                    .fix("give --public-key FILE, or --private-key FILE with the other half")
            })?;
            Verifier::from_key(credentials::signer(&key.text)?.public_key())
        }
    };
    // A variable that was set for something else must not make a token bad.
    if let Some(id) = context.settings.flag(Name::ApplicationId) {
        verifier = verifier.application_id(id.expose_secret());
    }
    match verifier.verify(&token, now(), args.leeway) {
        Ok(verified) => good(&verified.claims, &verified.warnings, context),
        Err(refused) => Err(refusal(&refused)),
    }
}

fn verify_webhook(token: &str, args: &Verify, context: &Context) -> anyhow::Result<ExitCode> {
    let verifier = WebhookVerifier::new(&args.signature_secret)
        .map_err(|error| Complaint::usage(error.to_string()))?;
    let outcome = match (&args.body, &args.query) {
        (_, Some(query)) => verifier.verify_query(token, query, now()),
        (Some(file), None) => {
            let body = fs::read(file).map_err(|error| unreadable(file, &error))?;
            verifier.verify_body(token, &body, now())
        }
        (None, None) => {
            return Err(Complaint::usage(
                "the token of a signed webhook is checked with its payload",
            )
            .fix("give --body FILE or --query QUERY")
            .into());
        }
    };
    match outcome {
        Ok(_) => {
            let claims = inspect(token).map(|inspection| inspection.claims).unwrap_or_default();
            good(&claims, &[], context)
        }
        Err(refused) => Err(refusal(&refused)),
    }
}

fn good(
    claims: &Map<String, Value>,
    warnings: &[Warning],
    context: &Context,
) -> anyhow::Result<ExitCode> {
    note("the token is good")?;
    for warning in warnings {
        note(&format!("warning: {}", warning.text))?;
    }
    context.output.value(claims)?;
    Ok(ExitCode::SUCCESS)
}

fn refusal(refused: &Refused) -> anyhow::Error {
    Complaint::failure(format!("the token is refused: {}", refused.seen))
        .note("reason", refused.reason.as_str())
        .note("expected", refused.expected.as_str())
        .fix(refused.fix.as_str())
        .into()
}

fn explain(args: &Explain, context: &Context) -> anyhow::Result<ExitCode> {
    let inspection = inspect(&token(&args.token)?).map_err(|refused| refusal(&refused))?;
    let explanation = inspection.explain(now());
    if context.output.format != Format::Table {
        context.output.value(&explanation)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut lines = vec![
        serde_json::to_string(&Line {
            name: "kind",
            value: serde_json::to_value(explanation.kind)?,
            meaning: "what sort of token it seems to be; the signature is not checked here",
        })?,
        serde_json::to_string(&Line {
            name: "alg",
            value: explanation.header.get("alg").cloned().unwrap_or_default(),
            meaning: "how it is signed",
        })?,
    ];
    for claim in &explanation.claims {
        lines.push(serde_json::to_string(claim)?);
    }
    let columns: [(_, &[_]); 3] =
        [("CLAIM", &["/name"]), ("VALUE", &["/value"]), ("MEANING", &["/meaning"])];
    context.output.list(&lines, &columns)?;
    for warning in &explanation.warnings {
        note(&format!("warning: {}", warning.text))?;
    }
    Ok(ExitCode::SUCCESS)
}

#[derive(Serialize)]
struct Line {
    name: &'static str,
    value: Value,
    meaning: &'static str,
}

fn token(text: &str) -> anyhow::Result<String> {
    if text != "-" {
        return Ok(text.trim().to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.trim().to_owned())
}

/// Splits `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("it has the form NAME=VALUE"),
    }
}

/// A file that cannot be read, in words.
pub(crate) fn unreadable(file: &str, error: &std::io::Error) -> Complaint {
    match error.kind() {
        std::io::ErrorKind::NotFound => Complaint::failure(format!("there is no file `{file}`")),
        _ => Complaint::failure(format!("`{file}` cannot be read: {error}")),
    }
}
