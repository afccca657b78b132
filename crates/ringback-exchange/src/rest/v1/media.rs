//! What the current generation does to the sound of a whole conversation.

use ringback_model::{
    ConversationId, HttpMethod, Json, Timestamp,
    event::{AudioPlayBody, AudioSayBody, EventType},
    ncco::RecordFormat,
    v1::{MediaReply, RecordAction, RecordConversation, StartStream, StartTalk},
};

use super::{act, lookup};
use crate::{
    Exchange, Refusal, Request,
    directory::Hook,
    leg::Medium,
    rest::{act::Recorded, write},
};

pub(super) fn record(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: RecordConversation,
) -> Result<(), Refusal> {
    let key = lookup::key(exchange, &request.caller, &operation.conversation_id)?;
    let body = operation.body;
    if body.action == RecordAction::Stop {
        act::stop(exchange, now, key, None);
        return Ok(());
    }
    if let RecordAction::Unknown(other) = &body.action {
        return Err(write::wrong("action", "must be one of [start, stop]", other));
    }
    if let Some(timeout) = body.timeout.filter(|timeout| *timeout > 7_200) {
        let reason = "must be less than or equal to 7200";
        return Err(write::wrong("timeout", reason, &timeout.to_string()));
    }
    let hook = |urls: Option<&Vec<String>>, method: Option<&HttpMethod>| {
        let url = urls.and_then(|urls| urls.first()).filter(|url| !url.is_empty());
        url.map(|url| Hook::of_action(url, method, None))
    };
    let transcription = body.transcription.as_ref();
    let how = Recorded {
        hook: hook(body.event_url.as_ref(), body.event_method.as_ref()),
        format: body.format.as_ref().map(|format| RecordFormat::from(format.as_str())),
        channels: None,
        // Separate channels unless said otherwise; `conversation` is the only documented value.
        split: body.split.as_deref().is_none_or(|split| split == "conversation"),
        timeout: body.timeout,
        transcribed: transcription.is_some(),
        transcript_hook: transcription.and_then(|transcription| {
            hook(transcription.event_url.as_ref(), transcription.event_method.as_ref())
        }),
    };
    act::begin(exchange, now, key, how);
    Ok(())
}

pub(super) fn talk(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &StartTalk,
) -> Result<MediaReply, Refusal> {
    let key = lookup::key(exchange, &request.caller, &operation.conversation_id)?;
    let talk = &operation.body;
    let mut body = AudioSayBody::new();
    body.text = Some(talk.text.clone());
    body.loop_count = Some(talk.loop_count.unwrap_or(1));
    body.level = level(talk.level.as_deref())?;
    body.language.clone_from(&talk.language);
    (body.style, body.premium) = (talk.style, talk.premium);
    let body = Json::of(&body).unwrap_or_default();
    let first = exchange.sounds + 1;
    let times = act::times(talk.loop_count);
    for leg in act::answered(exchange, key) {
        exchange.speak(now, leg, &talk.text, times, Ok(body.clone()));
    }
    Ok(started(exchange, now, key, "Talk started", first, (EventType::AudioSay, body)))
}

pub(super) fn stream(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &StartStream,
) -> Result<MediaReply, Refusal> {
    let key = lookup::key(exchange, &request.caller, &operation.conversation_id)?;
    let stream = &operation.body;
    let Some(url) = stream.stream_url.first().filter(|url| !url.is_empty()) else {
        return Err(write::wrong("stream_url", "must contain at least 1 items", "[]"));
    };
    write::address("stream_url", Some(url))?;
    let mut body = AudioPlayBody::new();
    body.stream_url = Some(stream.stream_url.clone());
    body.loop_count = Some(stream.loop_count.unwrap_or(1));
    body.level = level(stream.level.as_deref())?;
    let body = Json::of(&body).unwrap_or_default();
    let first = exchange.sounds + 1;
    let times = act::times(stream.loop_count);
    for leg in act::answered(exchange, key) {
        exchange.play(now, leg, url, times, Ok(body.clone()));
    }
    Ok(started(exchange, now, key, "Stream started", first, (EventType::AudioPlay, body)))
}

/// The reply; where nobody is there to hear it, the log tells it all the same.
fn started(
    exchange: &mut Exchange,
    now: Timestamp,
    key: u64,
    message: &str,
    first: u64,
    (kind, body): (EventType, Json),
) -> MediaReply {
    if exchange.sounds < first {
        exchange.sounds += 1;
        exchange.log_of_platform(key, kind, Ok(body), now);
    }
    MediaReply::new(message, exchange.sound_id(first).dashed(""))
}

pub(super) fn stop(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    id: &ConversationId,
    medium: Medium,
) -> Result<MediaReply, Refusal> {
    let key = lookup::key(exchange, &request.caller, id)?;
    let legs = act::answered(exchange, key);
    let playing = legs.iter().find_map(|leg| {
        let player = exchange.legs.get(*leg)?.beside.as_ref()?.player?;
        (player.medium == medium).then_some(player.sound)
    });
    for leg in legs {
        exchange.stop_player(now, leg, Some(medium));
    }
    let message = match medium {
        Medium::Talk => "Talk stopped",
        Medium::Stream => "Stream stopped",
    };
    let sound = playing.unwrap_or(exchange.sounds);
    Ok(MediaReply::new(message, exchange.sound_id(sound).dashed("")))
}

/// The volume, which these operations write as text.
fn level(text: Option<&str>) -> Result<Option<f64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let level = text.parse::<f64>().ok().filter(|level| (-1.0..=1.0).contains(level));
    level.map(Some).ok_or_else(|| write::wrong("level", "must be between -1 and 1", text))
}
