//! What the Voice API plays to a call, and the keys that it reports.

use ringback_model::{
    Decimal, LegId, Timestamp,
    calls::{
        MediaReply, SendDtmf, StartStream, StartTalk, StopStream, StopTalk, SubscribeDtmf,
        UnsubscribeDtmf,
    },
};

use super::{answered, ends::address};
use crate::{Caller, Exchange, Refusal, directory::Hook, leg::Medium, refusal};

/// The longest text that is spoken, in characters.
const LONGEST_TEXT: usize = 1_500;

pub(in crate::rest) fn start_talk(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    operation: &StartTalk,
) -> Result<MediaReply, Refusal> {
    let (uuid, body) = (&operation.uuid, &operation.body);
    let key = answered(exchange, caller, uuid, "be spoken to")?;
    let length = spoken_length(&body.text);
    if length > LONGEST_TEXT {
        let reason = "must be at most 1500 characters";
        return Err(refusal::voice::field("text", reason, &format!("{length} characters")));
    }
    if body.text.trim().is_empty() {
        return Err(refusal::voice::field("text", "must not be blank", &body.text));
    }
    check_level(body.level.as_ref())?;
    exchange.speak_to(now, key, &body.text, body.repeat.unwrap_or(1));
    done("Talk started", uuid)
}

pub(in crate::rest) fn stop_talk(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    operation: &StopTalk,
) -> Result<MediaReply, Refusal> {
    let key = answered(exchange, caller, &operation.uuid, "be spoken to")?;
    exchange.stop_player(now, key, Some(Medium::Talk));
    done("Talk stopped", &operation.uuid)
}

pub(in crate::rest) fn start_stream(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    operation: &StartStream,
) -> Result<MediaReply, Refusal> {
    let (uuid, body) = (&operation.uuid, &operation.body);
    let key = answered(exchange, caller, uuid, "be played a sound")?;
    let url = required("stream_url", &body.stream_url)?;
    check_level(body.level.as_ref())?;
    exchange.play_to(now, key, url, body.repeat.unwrap_or(1));
    done("Stream started", uuid)
}

pub(in crate::rest) fn stop_stream(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    operation: &StopStream,
) -> Result<MediaReply, Refusal> {
    let key = answered(exchange, caller, &operation.uuid, "be played a sound")?;
    exchange.stop_player(now, key, Some(Medium::Stream));
    done("Stream stopped", &operation.uuid)
}

pub(in crate::rest) fn send_dtmf(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    operation: &SendDtmf,
) -> Result<MediaReply, Refusal> {
    let (uuid, digits) = (&operation.uuid, &operation.body.digits);
    let key = answered(exchange, caller, uuid, "be sent keys")?;
    check_keys("digits", digits)?;
    exchange.send_keys(now, key, digits);
    done("DTMF sent", uuid)
}

/// Every key is reported from now on, wherever an asynchronous input would report it.
pub(in crate::rest) fn subscribe(
    exchange: &mut Exchange,
    caller: &Caller,
    operation: &SubscribeDtmf,
) -> Result<(), Refusal> {
    let key = answered(exchange, caller, &operation.uuid, "report keys")?;
    let url = required("event_url", &operation.body.event_url)?;
    let like = exchange.event_hook(key);
    if let Some(leg) = exchange.legs.get_mut(key) {
        leg.beside().keys = Some(Hook::of_action(url, None, like.as_deref()));
    }
    Ok(())
}

pub(in crate::rest) fn unsubscribe(
    exchange: &mut Exchange,
    caller: &Caller,
    operation: &UnsubscribeDtmf,
) -> Result<(), Refusal> {
    let key = answered(exchange, caller, &operation.uuid, "report keys")?;
    if let Some(beside) = exchange.legs.get_mut(key).and_then(|leg| leg.beside.as_mut()) {
        beside.keys = None;
    }
    Ok(())
}

/// Keys and pauses: `0` to `9`, `*`, `#` and `p`.
pub(super) fn check_keys(path: &str, keys: &str) -> Result<(), Refusal> {
    if !keys.is_empty() && keys.chars().all(|c| matches!(c, '0'..='9' | '*' | '#' | 'p')) {
        return Ok(());
    }
    Err(refusal::voice::field(path, "must consist of 0 to 9, *, # and p", keys))
}

fn required<'a>(name: &'static str, urls: &'a [String]) -> Result<&'a str, Refusal> {
    address(name, Some(urls))?
        .ok_or_else(|| refusal::voice::field(name, "must contain exactly one address", "[]"))
}

/// The volume; it changes nothing here, but is checked.
fn check_level(level: Option<&Decimal>) -> Result<(), Refusal> {
    match level {
        Some(level) if !level.to_f64().is_some_and(|level| (-1.0..=1.0).contains(&level)) => {
            let reason = "must be a number between -1 and 1";
            Err(refusal::voice::field("level", reason, level.as_str()))
        }
        _ => Ok(()),
    }
}

fn done(message: &str, uuid: &LegId) -> Result<MediaReply, Refusal> {
    Ok(MediaReply::new(message, uuid.clone()))
}

/// How many characters of a text are spoken: tags of SSML do not count.
fn spoken_length(text: &str) -> usize {
    if !text.trim_start().starts_with("<speak") {
        return text.chars().count();
    }
    let mut in_tag = false;
    let spoken = text.chars().filter(|c| {
        let counts = !in_tag && *c != '<';
        in_tag = (in_tag || *c == '<') && *c != '>';
        counts
    });
    spoken.count()
}

#[cfg(test)]
mod tests {
    use super::spoken_length;

    #[test]
    fn tags_are_not_spoken() {
        for (text, length) in
            [("Hello", 5), ("<speak>Hi <break time='1s'/>you</speak>", 6), ("1 < 2 > 0", 9)]
        {
            assert_eq!(spoken_length(text), length, "{text}");
        }
    }
}
