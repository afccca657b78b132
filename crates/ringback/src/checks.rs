//! Checks of credentials and of what is set up: what was seen, and what to do about it.

use std::process::ExitCode;

use ringback_model::{
    ApplicationId, Operation,
    applications::{Application, GetApplication, ListApplications},
    v1,
};
use serde::Serialize;

use crate::{
    context::Context,
    credentials,
    errors::{Complaint, FAILURE, REFUSED},
    output::Column,
    settings::Name,
};

/// One check.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) check: &'static str,
    pub(crate) result: Outcome,
    pub(crate) seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// The API said no.
    Refused,
    /// What it needs is missing.
    Skipped,
}

const CHECKS: &[Column] =
    &[("CHECK", &["/check"]), ("RESULT", &["/result"]), ("SEEN", &["/seen"]), ("FIX", &["/fix"])];

impl Check {
    pub(crate) fn good(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, result: Outcome::Good, seen: seen.into(), fix: None }
    }

    pub(crate) fn bad(
        check: &'static str,
        seen: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { check, result: Outcome::Bad, seen: seen.into(), fix: Some(fix.into()) }
    }

    pub(crate) fn skipped(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, result: Outcome::Skipped, seen: seen.into(), fix: None }
    }

    /// What a failure means for a check.
    pub(crate) fn failed(check: &'static str, error: &anyhow::Error) -> Self {
        let complaint = error.downcast_ref::<Complaint>();
        let result = match complaint.is_some_and(Complaint::is_refusal) {
            true => Outcome::Refused,
            false => Outcome::Bad,
        };
        let fix = complaint.and_then(Complaint::advice).map(str::to_owned);
        Self { check, result, seen: format!("{error:#}"), fix }
    }

    /// The failure that stands for a check that went wrong.
    pub(crate) fn complaint(&self) -> Option<Complaint> {
        let complaint = match self.result {
            Outcome::Good | Outcome::Skipped => return None,
            Outcome::Bad => Complaint::failure(&self.seen),
            Outcome::Refused => Complaint::refused(&self.seen),
        };
        Some(complaint.note_if("fix", self.fix.as_deref()))
    }
}

/// Prints checks, and gives the exit code: 3 when the API said no, 1 when anything else is wrong.
pub(crate) fn show(checks: &[Check], context: &Context) -> anyhow::Result<ExitCode> {
    let rows: Result<Vec<String>, _> = checks.iter().map(serde_json::to_string).collect();
    context.output.list(&rows?, CHECKS)?;
    let any = |outcome| checks.iter().any(|check| check.result == outcome);
    Ok(match (any(Outcome::Refused), any(Outcome::Bad)) {
        (true, _) => ExitCode::from(REFUSED),
        (false, true) => ExitCode::from(FAILURE),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Whether the API takes the credentials, and whether they belong together.
///
/// The second half is the application, where it could be asked for.
pub(crate) async fn credentials(context: &Context) -> (Vec<Check>, Option<Application>) {
    let mut checks = vec![account(context).await];
    let known = checks.iter().all(|check| check.result == Outcome::Good);
    let (application, found) = application(context, known).await;
    checks.push(application);
    checks.push(key_pair(context, found.as_ref()));
    checks.push(token(context).await);
    (checks, found)
}

async fn account(context: &Context) -> Check {
    const NAME: &str = "account";
    match (context.settings.text(Name::ApiKey), context.settings.get(Name::ApiSecret)) {
        (Err(error), _) | (_, Err(error)) => Check::failed(NAME, &error),
        (Ok(None), Ok(None)) => Check::skipped(NAME, "there is no API key"),
        (Ok(key), Ok(_)) => match context.send(&ListApplications::new().page_size(1)).await {
            Ok(_) => Check::good(NAME, format!("the API takes {}", key.unwrap_or_default())),
            Err(error) => Check::failed(NAME, &error),
        },
    }
}

async fn application(context: &Context, account: bool) -> (Check, Option<Application>) {
    const NAME: &str = "application";
    let id = match context.settings.text(Name::ApplicationId) {
        Ok(Some(id)) => ApplicationId::new(id),
        Ok(None) => return (Check::skipped(NAME, "there is no application id"), None),
        Err(error) => return (Check::failed(NAME, &error), None),
    };
    if !account {
        return (Check::skipped(NAME, "only the account may look it up"), None);
    }
    match context.send(&GetApplication::new(id.clone())).await {
        Ok(application) => {
            let name = application.name.as_deref().unwrap_or("no name");
            (Check::good(NAME, format!("{id} ({name})")), Some(application))
        }
        Err(error) => (Check::failed(NAME, &error), None),
    }
}

/// Whether the private key is the other half of the application's public key.
fn key_pair(context: &Context, application: Option<&Application>) -> Check {
    const NAME: &str = "key pair";
    let signer = match context.settings.get(Name::PrivateKey) {
        Ok(Some(key)) => credentials::signer(&key.text),
        Ok(None) => return Check::skipped(NAME, "there is no private key"),
        Err(error) => Err(error),
    };
    let signer = match signer {
        Ok(signer) => signer,
        Err(error) => return Check::failed(NAME, &error),
    };
    let Some(application) = application else {
        return Check::skipped(NAME, "the application's public key is not known");
    };
    let public = application.keys.as_ref().and_then(|keys| keys.public_key.as_deref());
    match public.map(|public| signer.matches(public)) {
        Some(Ok(true)) => Check::good(NAME, "the private key is that of the application"),
        Some(Ok(false)) => Check::bad(
            NAME,
            format!("the private key is not that of the application {}", application.id),
            "give the key that was saved when the application was created, or give the application \
             this one's public key with `ringback apps update ID --public-key FILE`",
        ),
        Some(Err(error)) => {
            let text = format!("the application's public key cannot be read: {error}");
            Check::bad(NAME, text, "give the application another with `ringback apps update`")
        }
        None => Check::bad(
            NAME,
            format!("the application {} has no public key", application.id),
            "give it one with `ringback apps update ID --public-key FILE`",
        ),
    }
}

async fn token(context: &Context) -> Check {
    const NAME: &str = "token";
    let list = v1::ListConversations::new().page_size(1);
    match (context.settings.get(Name::ApplicationId), context.settings.get(Name::PrivateKey)) {
        (Err(error), _) | (_, Err(error)) => Check::failed(NAME, &error),
        (Ok(Some(_)), Ok(Some(_))) => match context.send(&list).await {
            Ok(_) => {
                let path = <v1::ListConversations as Operation>::INFO.path;
                Check::good(NAME, format!("the API takes it for {path}"))
            }
            Err(error) => Check::failed(NAME, &error),
        },
        _ => Check::skipped(NAME, "it takes an application id and a private key"),
    }
}
