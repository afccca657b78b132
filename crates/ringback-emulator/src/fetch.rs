//! Fetching a sound that a script plays, to learn how long it is.

use std::{sync::Arc, time::Duration};

use http::{StatusCode, header};
use reqwest::{Client, Response};
use ringback_exchange::{Fetch, Input};
use ringback_http::{Settings, Trust};

use crate::{Error, mask, platform::Platform, sound, turns::Turns, webhook::sender::Sender};

/// How long a sound may take to arrive as a whole.
const TIME: Duration = Duration::from_secs(5);
/// The largest sound that is read, in bytes.
const LARGEST: usize = 20_000_000;
/// How many redirects are followed.
const REDIRECTS: usize = 5;
/// How many sounds are fetched at once, each with its bytes in memory; the others wait.
const AT_ONCE: usize = 64;
/// How many of them come from one origin.
const FROM_ONE: usize = 8;

/// Fetches sounds.
#[derive(Debug)]
pub(crate) struct Fetcher {
    client: Client,
    turns: Turns,
}

impl Fetcher {
    pub(crate) fn new(trust: Trust) -> Result<Self, Error> {
        // Redirects are followed here, so that each is mapped as any other address.
        let settings = Settings::new().connect_timeout(TIME).timeout(TIME).trust(trust);
        let client =
            ringback_http::client(&settings).map_err(|error| Error::Sender(error.into()))?;
        Ok(Self { client, turns: Turns::new(AT_ONCE, FROM_ONE) })
    }

    /// How long the sound at an address plays in milliseconds, or one sentence that says why none
    /// does.
    pub(crate) async fn measure(&self, sender: &Sender, url: &str) -> Result<u64, String> {
        // Its redirects may lead elsewhere; the server that is asked first is the one that hangs.
        let share = sender.target(url).map(|url| self.turns.share(&url));
        let _turn = match &share {
            Some(share) => Some(self.turns.take(share).await),
            None => None,
        };
        let why = match tokio::time::timeout(TIME, self.fetch(sender, url)).await {
            Ok(Ok(millis)) => return Ok(millis),
            Ok(Err(why)) => why,
            Err(_) => format!("it did not arrive within {} s", TIME.as_secs()),
        };
        Err(format!("the sound {} cannot be played: {why}", cut(&mask::addresses(url))))
    }

    async fn fetch(&self, sender: &Sender, url: &str) -> Result<u64, String> {
        let no_address = || "its address is not an http address".to_owned();
        let mut target = sender.target(url).ok_or_else(no_address)?;
        for _ in 0..=REDIRECTS {
            let sent = self.client.get(target.clone()).send().await;
            let response = sent.map_err(|error| ringback_http::explain(&error))?;
            let status = response.status();
            let next = response.headers().get(header::LOCATION).filter(|_| status.is_redirection());
            let Some(next) = next else { return read(response).await };
            let next = next.to_str().ok().and_then(|next| target.join(next).ok());
            let next = next.ok_or("its server redirects to what is no address")?;
            target = sender.target(next.as_str()).ok_or_else(no_address)?;
        }
        Err(format!("its server redirects more than {REDIRECTS} times"))
    }
}

/// Fetches a sound in the background and reports it, unless a reset comes first.
pub(crate) fn begin(platform: &Arc<Platform>, epoch: u64, fetch: &Fetch) {
    let (id, url) = (fetch.id, Arc::clone(&fetch.url));
    let work = Arc::clone(platform);
    platform.spawn(async move {
        let outcome = work.fetcher.measure(&work.sender, &url).await;
        tracing::debug!(fetch = id.0, ?outcome, "sound");
        work.report(epoch, Input::Sound { id, outcome }, |activity, now| activity.errand_ends(now));
    });
}

async fn read(mut response: Response) -> Result<u64, String> {
    let status = response.status();
    if status != StatusCode::OK {
        return Err(format!("its server answers with status {}", status.as_u16()));
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| cut(&String::from_utf8_lossy(kind.as_bytes())));
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => return Err("the connection was cut before all of it had come".to_owned()),
        }
        if bytes.len() > LARGEST {
            return Err(format!("it is larger than {} MB", LARGEST / 1_000_000));
        }
    }
    sound::measure(&bytes).map_err(|why| match kind {
        Some(kind) => format!("{why} (content type {kind})"),
        None => why,
    })
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;
