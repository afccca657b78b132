//! Applications.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use ringback_model::{
    ApplicationId, HttpMethod,
    applications::{
        Application, ApplicationRequest, Capabilities, CreateApplication, DeleteApplication,
        GetApplication, Keys, ListApplications, UpdateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
};
use secrecy::ExposeSecret as _;

use crate::{
    context::Context,
    credentials,
    errors::Complaint,
    output::{Column, Format, note, print},
    private_file::{PrivateFile, set_aside},
};

/// Applications.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the applications of the account
    List {
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show an application
    Show {
        /// The application
        application: ApplicationId,
    },
    /// Create an application; its private key is told only now
    Create(Create),
    /// Change an application; what is not said stays
    Update(Update),
    /// Delete an application
    Delete {
        /// The application
        application: ApplicationId,
    },
}

/// A new application.
#[derive(Debug, Default, Args)]
pub(crate) struct Create {
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) webhooks: Urls,
    /// Save the private key in this file, which must not exist yet
    #[arg(long, value_name = "FILE", conflicts_with = "public_key")]
    pub(crate) key_file: Option<PathBuf>,
    /// Overwrite the key file
    #[arg(long, requires = "key_file")]
    pub(crate) force: bool,
    /// A public key of one's own: a file or its text; then no pair is made
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) public_key: Option<String>,
}

/// What changes.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The application
    application: ApplicationId,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    webhooks: Urls,
    /// Another public key: a file or its text
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    public_key: Option<String>,
}

/// Where the platform asks for scripts and tells events.
#[derive(Debug, Default, Args)]
pub(crate) struct Urls {
    /// Where call scripts come from
    #[arg(long, value_name = "URL")]
    pub(crate) answer_url: Option<String>,
    /// Where events go
    #[arg(long, value_name = "URL")]
    pub(crate) event_url: Option<String>,
    /// Where call scripts come from when the first place fails
    #[arg(long, value_name = "URL")]
    pub(crate) fallback_url: Option<String>,
    /// The method of the answer webhook, GET unless said
    #[arg(long, value_name = "METHOD")]
    pub(crate) answer_method: Option<HttpMethod>,
    /// The method of the event webhook, POST unless said
    #[arg(long, value_name = "METHOD")]
    pub(crate) event_method: Option<HttpMethod>,
}

const APPLICATIONS: &[Column] = &[
    ("ID", &["/id"]),
    ("NAME", &["/name"]),
    ("ANSWER URL", &["/capabilities/voice/webhooks/answer_url/address"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { limit } => {
                let items = context.items(ListApplications::new().page_size(100), limit).await?;
                context.output.list(&items, APPLICATIONS)?;
            }
            Command::Show { application } => {
                let body = context.answer(&GetApplication::new(application)).await?.body;
                context.output.document(&String::from_utf8_lossy(&body))?;
            }
            Command::Create(args) => {
                let existing = if args.force { Existing::Overwrite } else { Existing::Refuse };
                let created = create(args, existing, context).await?;
                tell(created, context)?;
            }
            Command::Update(args) => {
                let application = update(args, context).await?;
                context.output.value(&application)?;
            }
            Command::Delete { application } => {
                context.send(&DeleteApplication::new(application.clone())).await?;
                note(&format!("{application} is deleted"))?;
                context.output.value(&serde_json::json!({ "id": application.as_str() }))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// An application that was created, and where its key is.
pub(crate) struct Created {
    pub(crate) application: Application,
    pub(crate) key_file: Option<PathBuf>,
}

/// What becomes of a key file that exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and no application is created.
    Refuse,
    /// It is lost.
    Overwrite,
    /// It gets another name.
    SetAside,
}

/// Creates an application and saves its key, if it is to be saved.
///
/// The file is made first: a key that cannot be saved would be lost.
pub(crate) async fn create(
    args: Create,
    existing: Existing,
    context: &Context,
) -> anyhow::Result<Created> {
    let mut body = ApplicationRequest::new(args.name);
    if let Some(webhooks) = args.webhooks.merge(None) {
        let voice = VoiceCapability::new().webhooks(webhooks);
        body = body.capabilities(Capabilities::new().voice(voice));
    }
    body.keys = Some(match &args.public_key {
        Some(source) => Keys::new().public_key(credentials_public(source)?),
        None => Keys::new(),
    });
    let file = args.key_file.as_deref().map(|path| KeyFile::reserve(path, existing)).transpose()?;
    let application = context.send(&CreateApplication::new(body)).await?;
    let key = application.keys.as_ref().and_then(|keys| keys.private_key.as_ref());
    let key_file = match (file, key) {
        (Some(file), Some(key)) => Some(file.save(key.expose())?),
        (Some(_), None) => {
            note("warning: the answer holds no private key, so nothing was saved")?;
            None
        }
        (None, _) => None,
    };
    Ok(Created { application, key_file })
}

fn tell(created: Created, context: &Context) -> anyhow::Result<()> {
    let Created { mut application, key_file } = created;
    note(&format!("application created: {}", application.id))?;
    match key_file {
        Some(path) => {
            note(&format!("private key saved to {}", path.display()))?;
            if let Some(keys) = &mut application.keys {
                keys.private_key = None;
            }
            context.output.value(&application)
        }
        // A table would break the lines of the key.
        None if context.output.format == Format::Table => {
            let key = application.keys.as_mut().and_then(|keys| keys.private_key.take());
            context.output.value(&application)?;
            match key {
                Some(key) => print(&format!("\n{}\n", key.expose().trim_end())),
                None => Ok(()),
            }
        }
        None => context.output.value(&application),
    }
}

async fn update(args: Update, context: &Context) -> anyhow::Result<Application> {
    let old = context.send(&GetApplication::new(args.application.clone())).await?;
    let mut body = ApplicationRequest::new(args.name.or(old.name).unwrap_or_default());
    // What is left out would be gone.
    let mut capabilities = old.capabilities.unwrap_or_default();
    let mut voice = capabilities.voice.take().map(|voice| *voice);
    let before = voice.as_mut().and_then(|voice| voice.webhooks.take());
    if let Some(webhooks) = args.webhooks.merge(before) {
        voice = Some(voice.unwrap_or_default().webhooks(webhooks));
    }
    capabilities.voice = voice.map(Box::new);
    body = body.capabilities(capabilities);
    body.privacy = old.privacy;
    if let Some(source) = &args.public_key {
        body = body.keys(Keys::new().public_key(credentials_public(source)?));
    }
    context.send(&UpdateApplication::new(args.application, body)).await
}

fn credentials_public(source: &str) -> anyhow::Result<String> {
    let (name, text) = credentials::key_text(source, "public")?;
    let key = ringback_jwt::PublicKey::from_pem(text.expose_secret())
        .map_err(|error| Complaint::failure(format!("{name}: {error}")))?;
    Ok(key.to_pem())
}

impl Urls {
    /// The webhooks with what was said put in; none when there are none.
    fn merge(self, before: Option<VoiceWebhooks>) -> Option<VoiceWebhooks> {
        let some = before.is_some()
            || self.answer_url.is_some()
            || self.event_url.is_some()
            || self.fallback_url.is_some();
        let mut webhooks = before.unwrap_or_default();
        let put = |slot: &mut Option<Webhook>,
                   url: Option<String>,
                   method: Option<HttpMethod>,
                   usual: HttpMethod| {
            if url.is_none() && (slot.is_none() || method.is_none()) {
                return;
            }
            let mut webhook = slot.take().unwrap_or_default();
            webhook.address = url.or(webhook.address);
            webhook.http_method = method.or(webhook.http_method).or(Some(usual));
            *slot = Some(webhook);
        };
        let answer = self.answer_method;
        put(&mut webhooks.answer_url, self.answer_url, answer.clone(), HttpMethod::Get);
        put(&mut webhooks.fallback_answer_url, self.fallback_url, answer, HttpMethod::Get);
        put(&mut webhooks.event_url, self.event_url, self.event_method, HttpMethod::Post);
        some.then_some(webhooks)
    }
}

/// A key file that is there, empty and for its owner alone, before the key is known.
struct KeyFile {
    path: PathBuf,
    file: PrivateFile,
    existing: Existing,
}

impl KeyFile {
    fn reserve(path: &Path, existing: Existing) -> anyhow::Result<Self> {
        if path.is_dir() {
            let sentence = format!("the key file `{}` is a directory", path.display());
            return Err(Complaint::failure(sentence).fix("name a file in it").into());
        }
        if existing == Existing::Refuse && path.exists() {
            return Err(Complaint::failure(format!(
                "the key file `{}` exists already, and a key that is overwritten is lost",
                path.display()
            ))
            .fix("name another file, move this one away, or give --force")
            .into());
        }
        let file = PrivateFile::reserve(path).map_err(|error| {
            Complaint::failure(format!("the key file `{}` cannot be made: {error}", path.display()))
                .fix("name a file in a directory that exists and may be written")
        })?;
        Ok(Self { path: path.to_owned(), file, existing })
    }

    fn save(self, key: &str) -> anyhow::Result<PathBuf> {
        let aside = match self.existing {
            Existing::SetAside if self.path.exists() => set_aside(&self.path).map(Some),
            _ => Ok(None),
        };
        let saved = aside.and_then(|aside| {
            self.file.save(&format!("{}\n", key.trim_end()))?;
            Ok(aside)
        });
        let aside = saved.map_err(|error| {
            Complaint::failure(format!(
                "the private key cannot be saved to `{}`: {error}",
                self.path.display()
            ))
            .fix("the application exists; delete it and create another")
        })?;
        if let Some(aside) = aside {
            let (path, aside) = (self.path.display(), aside.display());
            note(&format!("the key file `{path}` existed already: the old one is now `{aside}`"))?;
        }
        Ok(self.path)
    }
}
