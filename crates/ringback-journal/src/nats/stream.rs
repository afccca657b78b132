//! The two streams: made when they are not there, and looked at when they are.

use std::{collections::BTreeMap, time::Duration};

use async_nats::jetstream::{
    ErrorCode,
    context::Context,
    response::Response,
    stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType},
};

use super::{
    cluster::{Cluster, state_stream},
    fault::{code_of, refused, unreachable},
    settings::NatsSettings,
    strict,
};
use crate::Error;

/// How often it is tried to make a stream: servers that just started have no leader yet.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

/// Makes both streams where they are not there, and says how they are.
pub(super) async fn ready(cluster: &Cluster) -> Result<[Info; 2], Error> {
    let settings = &cluster.settings;
    let events = one(&cluster.context, &events(cluster)).await?;
    let state = one(&cluster.context, &state(settings)).await?;
    Ok([events, state])
}

/// Why entries would not be safe in a stream that somebody else has set up.
pub(super) fn foreign(cluster: &Cluster, info: &Info) -> Result<(), Error> {
    let is_state = info.config.name != cluster.settings.stream;
    let ours = if is_state { state(&cluster.settings) } else { events(cluster) };
    let faults = faults(&ours, &info.config, is_state);
    if faults.is_empty() {
        return Ok(());
    }
    Err(refused(
        "journal-foreign",
        format!(
            "the stream {} is set up for something else: {}; correct it with `nats stream edit`, \
             or give the journal another stream",
            info.config.name,
            faults.join("; "),
        ),
    ))
}

fn events(cluster: &Cluster) -> Config {
    let settings = &cluster.settings;
    Config {
        name: settings.stream.clone(),
        subjects: vec![cluster.all()],
        duplicate_window: settings.window,
        max_age: settings.max_age.unwrap_or_default(),
        allow_atomic_publish: strict::takes_batches(&cluster.client.server_info().version),
        ..common(settings, "Events that Ringback has acknowledged")
    }
}

fn state(settings: &NatsSettings) -> Config {
    Config {
        name: state_stream(&settings.stream),
        subjects: vec![format!("$KV.{}.>", settings.stream)],
        max_messages_per_subject: 1,
        allow_rollup: true,
        ..common(settings, "What consumers of Ringback's events have done")
    }
}

fn common(settings: &NatsSettings, description: &str) -> Config {
    Config {
        description: Some(description.to_owned()),
        storage: StorageType::File,
        num_replicas: settings.replicas,
        retention: RetentionPolicy::Limits,
        // What does not fit is refused; nothing that was acknowledged makes room for it.
        discard: DiscardPolicy::New,
        allow_direct: true,
        ..Config::default()
    }
}

async fn one(context: &Context, config: &Config) -> Result<Info, Error> {
    let name = &config.name;
    let mut tries = 0;
    loop {
        let error = match ask(context, &format!("STREAM.INFO.{name}"), &()).await {
            Ok(info) => return Ok(info),
            Err(error) if code_of(&*error) == Some(ErrorCode::STREAM_NOT_FOUND) => {
                match ask(context, &format!("STREAM.CREATE.{name}"), config).await {
                    Ok(info) => return Ok(info),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        tries += 1;
        if let Some(refusal) = refusal(config, &*error) {
            return Err(refusal);
        }
        if tries == TRIES {
            return Err(unreachable(&format!("make the stream {name}"), error));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask(
    context: &Context,
    subject: &str,
    request: &(impl serde::Serialize + ?Sized),
) -> Result<Info, BoxedError> {
    match context.request(subject.to_owned(), request).await? {
        Response::Ok(info) => Ok(info),
        Response::Err { error } => Err(error.into()),
    }
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// What no other try would change.
fn refusal(config: &Config, error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let code = code_of(error)?;
    let name = &config.name;
    match code {
        ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED => Some(refused(
            "journal-unsafe",
            format!(
                "this NATS server is alone, and the stream {name} is to be kept on {} servers; \
                 start a cluster of that many, or give up safety with relaxed and one replica",
                config.num_replicas
            ),
        )),
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
            Some(refused(
                "journal-foreign",
                "JetStream is off on these NATS servers, or for this account; \
                 write jetstream { sync_interval: always } into their configuration",
            ))
        }
        ErrorCode::STREAM_SUBJECT_OVERLAP => Some(refused(
            "journal-foreign",
            format!(
                "another stream has the subjects {} already, so {name} cannot be made; \
                 remove that stream, or give the journal another name",
                config.subjects.join(", ")
            ),
        )),
        _ => None,
    }
}

/// What is wrong with a stream, in words.
fn faults(ours: &Config, seen: &Config, is_state: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |good: bool, fault: String| {
        if !good {
            faults.push(fault);
        }
    };
    check(
        seen.subjects == ours.subjects,
        format!("its subjects are {:?} and should be {:?}", seen.subjects, ours.subjects),
    );
    check(
        seen.storage == StorageType::File,
        "it is kept in memory and should be in files, which outlive a server".to_owned(),
    );
    check(
        seen.retention == RetentionPolicy::Limits,
        format!("its retention is {:?} and should be limits", seen.retention),
    );
    let limits: BTreeMap<_, _> = [
        ("max_msgs", seen.max_messages),
        ("max_bytes", seen.max_bytes),
        ("max_msgs_per_subject", if is_state { -1 } else { seen.max_messages_per_subject }),
    ]
    .into_iter()
    .filter(|(_, limit)| *limit > 0)
    .collect();
    check(
        limits.is_empty() || seen.discard == DiscardPolicy::New,
        format!(
            "its limits ({limits:?}) throw old entries away to make room; set discard to new, so \
             that new ones are refused instead"
        ),
    );
    check(
        is_state == (seen.max_messages_per_subject == 1),
        format!("it keeps {} messages of a subject", seen.max_messages_per_subject),
    );
    check(
        is_state || seen.duplicate_window >= ours.duplicate_window,
        format!(
            "it knows copies for {:?} and should for {:?} (duplicate_window)",
            seen.duplicate_window, ours.duplicate_window
        ),
    );
    check(
        seen.max_age.is_zero() || (!ours.max_age.is_zero() && seen.max_age >= ours.max_age),
        format!(
            "it forgets entries after {:?} and should {} (max_age)",
            seen.max_age,
            if ours.max_age.is_zero() {
                "keep them".to_owned()
            } else {
                format!("keep them for {:?}", ours.max_age)
            }
        ),
    );
    check(!seen.no_ack, "it acknowledges nothing (no_ack)".to_owned());
    check(!seen.sealed, "it is sealed".to_owned());
    check(
        seen.mirror.is_none() && seen.sources.as_ref().is_none_or(Vec::is_empty),
        "it copies another stream".to_owned(),
    );
    check(!seen.deny_purge && !seen.deny_delete, "nothing can be removed from it".to_owned());
    check(seen.allow_direct, "it is not read from its replicas (allow_direct)".to_owned());
    check(
        !matches!(seen.persist_mode, Some(async_nats::jetstream::stream::PersistenceMode::Async)),
        "it acknowledges before it writes (persist_mode async)".to_owned(),
    );
    faults
}
