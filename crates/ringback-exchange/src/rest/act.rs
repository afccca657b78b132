//! Events that REST sends and that change what is heard: saying, playing, muting, recording.

use std::sync::Arc;

use ringback_model::{
    Json, Timestamp,
    event::{AudioPlayBody, AudioRecordBody, AudioSayBody, EventType, RecordRefBody, RtcRefBody},
    ncco::RecordFormat,
};

use crate::{
    Exchange,
    directory::Hook,
    flow::record::Order,
    leg::{Medium, State},
    recording::Transcript,
};

/// An event that somebody sends.
pub(super) struct Wish<'a> {
    pub(super) kind: &'a EventType,
    pub(super) body: &'a Json,
    /// The place of the member who sends it.
    pub(super) from: u32,
    /// The place of the member whom it is for.
    pub(super) to: Option<u32>,
}

/// Does what an event of a type `audio:…` says; the log tells it.
///
/// It is for the leg that the body or `to` names, else for that of the sender, else for all.
pub(super) fn act(exchange: &mut Exchange, now: Timestamp, key: u64, wish: &Wish<'_>) {
    let legs = legs_for(exchange, key, wish);
    match wish.kind {
        EventType::AudioSay => {
            let Ok(say) = wish.body.read::<AudioSayBody>() else { return };
            let times = times(say.loop_count);
            for leg in legs {
                let body = Ok(wish.body.clone());
                exchange.speak(now, leg, say.text.as_deref().unwrap_or_default(), times, body);
            }
        }
        EventType::AudioPlay => {
            let Ok(play) = wish.body.read::<AudioPlayBody>() else { return };
            let Some(url) = play.stream_url.as_ref().and_then(|urls| urls.first()) else { return };
            for leg in legs {
                exchange.play(now, leg, url, times(play.loop_count), Ok(wish.body.clone()));
            }
        }
        EventType::AudioSayStop | EventType::AudioPlayStop => {
            let says = *wish.kind == EventType::AudioSayStop;
            let medium = if says { Medium::Talk } else { Medium::Stream };
            for leg in legs {
                exchange.stop_player(now, leg, Some(medium));
            }
        }
        EventType::AudioMuteOn | EventType::AudioMuteOff => {
            for leg in legs {
                exchange.set_muted(now, leg, *wish.kind == EventType::AudioMuteOn);
            }
        }
        EventType::AudioEarmuffOn | EventType::AudioEarmuffOff => {
            for leg in legs {
                exchange.set_earmuffed(now, leg, *wish.kind == EventType::AudioEarmuffOn);
            }
        }
        EventType::AudioRecord => {
            let Ok(record) = wish.body.read::<AudioRecordBody>() else { return };
            let order = Recorded {
                format: record.format.as_deref().map(RecordFormat::from),
                channels: record.channels.and_then(|channels| u32::try_from(channels).ok()),
                split: record.split == Some(true),
                transcribed: record.transcription.is_some(),
                ..Recorded::default()
            };
            begin(exchange, now, key, order);
        }
        EventType::AudioRecordStop => {
            let named = wish.body.read::<RecordRefBody>().ok().and_then(|body| body.record_id);
            stop(exchange, now, key, named.as_deref());
        }
        _ => {}
    }
}

fn legs_for(exchange: &Exchange, key: u64, wish: &Wish<'_>) -> Vec<u64> {
    let all = answered(exchange, key);
    let Some(conversation) = exchange.conversations.get(key) else { return all };
    let named = wish.body.read::<RtcRefBody>().ok().and_then(|body| body.rtc_id);
    let of = |place: u32| conversation.members.get(place as usize).and_then(|member| member.leg);
    let one = match (named, wish.to) {
        (Some(leg), _) => exchange.leg_by_id(leg.as_str()),
        (None, Some(to)) => of(to),
        (None, None) => of(wish.from),
    };
    match one {
        Some(leg) => all.into_iter().filter(|other| *other == leg).collect(),
        None if wish.to.is_some() => Vec::new(),
        None => all,
    }
}

/// The legs of a conversation that have been answered.
pub(super) fn answered(exchange: &Exchange, key: u64) -> Vec<u64> {
    let is_answered =
        |leg: &u64| exchange.legs.get(*leg).is_some_and(|leg| leg.state == State::Answered);
    let conversation = exchange.conversations.get(key);
    conversation.map(|c| c.legs().filter(is_answered).collect()).unwrap_or_default()
}

/// How often something is played: once, unless a number says otherwise; 0 is for ever.
pub(super) fn times(loops: Option<i64>) -> u32 {
    loops.map_or(1, |loops| u32::try_from(loops).unwrap_or(1))
}

/// How a conversation is to be recorded.
#[derive(Default)]
pub(super) struct Recorded {
    /// Where the recording is announced; the application's event URL without one.
    pub(super) hook: Option<Arc<Hook>>,
    pub(super) format: Option<RecordFormat>,
    pub(super) channels: Option<u32>,
    pub(super) split: bool,
    pub(super) timeout: Option<u32>,
    pub(super) transcribed: bool,
    /// Where the transcript is announced; where the recording is without one.
    pub(super) transcript_hook: Option<Arc<Hook>>,
}

/// Records a conversation; one that is recorded already goes on as it is.
pub(super) fn begin(exchange: &mut Exchange, now: Timestamp, key: u64, how: Recorded) {
    if !of_conversation(exchange, key).is_empty() {
        return;
    }
    let Some(conversation) = exchange.conversations.get(key) else { return };
    let hook = how.hook.or_else(|| conversation.application.event.clone());
    let transcript_hook = how.transcript_hook.or_else(|| hook.clone());
    let order = Order {
        conversation: key,
        leg: None,
        teller: answered(exchange, key).first().copied(),
        hook,
        format: how.format,
        channels: how.channels,
        split: how.split,
        timeout: how.timeout,
        end_key: None,
        silence: None,
        transcription: how.transcribed.then_some(Transcript { hook: transcript_hook }),
    };
    exchange.begin_take(now, order);
}

/// Stops recording a conversation; recordings that scripts began go on.
pub(super) fn stop(exchange: &mut Exchange, now: Timestamp, key: u64, named: Option<&str>) {
    for take in of_conversation(exchange, key) {
        let is_named =
            |id: &str| exchange.takes.get(take).is_some_and(|take| take.id().as_str() == id);
        if named.is_none_or(is_named) {
            exchange.stop_take(now, take);
        }
    }
}

/// The running recordings of a conversation that no script of a leg began.
fn of_conversation(exchange: &Exchange, key: u64) -> Vec<u64> {
    let mut takes = exchange.running_in(key);
    takes.retain(|take| exchange.takes.get(*take).is_some_and(|take| take.leg.is_none()));
    takes
}
