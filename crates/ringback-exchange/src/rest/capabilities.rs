//! What an application may be capable of: the name and the capabilities of a request, checked.

use std::collections::BTreeMap;

use ringback_model::{
    HttpMethod, Limit,
    applications::{
        Capabilities, LIMITS, MessagesCapability, Region, VerifyCapability, VoiceCapability,
        Webhook,
    },
    problem::known::api,
};

use crate::{
    Refusal,
    directory::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, EVENT_TIMEOUT},
    refusal,
};

/// The methods of most webhooks.
const ANY: &[HttpMethod] = &[HttpMethod::Get, HttpMethod::Post];
/// The methods of those that carry a body always.
const POST: &[HttpMethod] = &[HttpMethod::Post];

/// The capabilities of a request with what counts when it is left out: methods and time-outs of
/// the webhooks of calls.
///
/// Capabilities and fields that are not known stay as they are: applications are read, changed and
/// sent back as a whole.
pub(super) fn checked(
    name: &str,
    capabilities: Option<Capabilities>,
) -> Result<Capabilities, Refusal> {
    if name.trim().is_empty() {
        return wrong("name", "must not be blank", name);
    }
    let mut capabilities = capabilities.unwrap_or_default();
    if let Some(voice) = capabilities.voice.as_deref_mut() {
        check_voice(voice)?;
    }
    if let Some(rtc) = &capabilities.rtc {
        let webhook = rtc.webhooks.as_ref().and_then(|webhooks| webhooks.event_url.as_ref());
        check("rtc.webhooks.event_url", webhook, ANY)?;
    }
    if let Some(messages) = &capabilities.messages {
        check_messages(messages)?;
    }
    if let Some(verify) = &capabilities.verify {
        check_verify(verify)?;
    }
    if let Some(field) = capabilities.vbc.as_ref().and_then(|vbc| vbc.keys().next()) {
        return wrong("capabilities.vbc", "must be an empty object", field);
    }
    if let Some(webhooks) = capabilities.video.as_ref().and_then(|video| video.webhooks.as_ref()) {
        check_video(webhooks)?;
    }
    Ok(capabilities)
}

fn check_voice(voice: &mut VoiceCapability) -> Result<(), Refusal> {
    within("conversations_ttl", voice.conversations_ttl)?;
    within("leg_persistence_time", voice.leg_persistence_time)?;
    if let Some(Region::Unknown(region)) = &voice.region {
        let reason = "must be one of: na-east, na-west, eu-west, eu-east, apac-sng, apac-australia";
        return wrong("capabilities.voice.region", reason, region);
    }
    let Some(webhooks) = voice.webhooks.as_mut() else { return Ok(()) };
    let rows = [
        ("answer_url", &mut webhooks.answer_url, HttpMethod::Get, ANSWER_TIMEOUT, 5_000),
        (
            "fallback_answer_url",
            &mut webhooks.fallback_answer_url,
            HttpMethod::Get,
            ANSWER_TIMEOUT,
            5_000,
        ),
        ("event_url", &mut webhooks.event_url, HttpMethod::Post, EVENT_TIMEOUT, 10_000),
    ];
    for (name, webhook, method, socket_timeout, longest) in rows {
        let Some(webhook) = webhook else { continue };
        let name = format!("voice.webhooks.{name}");
        check(&name, Some(&*webhook), ANY)?;
        timeout(&name, "connect_timeout", webhook.connect_timeout, 300, 1_000)?;
        timeout(&name, "socket_timeout", webhook.socket_timeout, 1_000, longest)?;
        webhook.http_method.get_or_insert(method);
        webhook.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
        webhook.socket_timeout.get_or_insert(socket_timeout);
    }
    Ok(())
}

fn check_messages(messages: &MessagesCapability) -> Result<(), Refusal> {
    if let Some(webhooks) = &messages.webhooks {
        check("messages.webhooks.inbound_url", webhooks.inbound_url.as_ref(), POST)?;
        check("messages.webhooks.status_url", webhooks.status_url.as_ref(), POST)?;
    }
    match messages.version.as_deref() {
        None | Some("v1" | "v0.1") => Ok(()),
        Some(other) => wrong("capabilities.messages.version", "must be one of: v1, v0.1", other),
    }
}

fn check_verify(verify: &VerifyCapability) -> Result<(), Refusal> {
    if let Some(webhooks) = &verify.webhooks {
        check("verify.webhooks.status_url", webhooks.status_url.as_ref(), POST)?;
    }
    match verify.version.as_deref() {
        None | Some("v2") => Ok(()),
        Some(other) => wrong("capabilities.verify.version", "must be one of: v2", other),
    }
}

fn check_video(webhooks: &BTreeMap<String, Webhook>) -> Result<(), Refusal> {
    for (name, webhook) in webhooks {
        check(&format!("video.webhooks.{name}"), Some(webhook), ANY)?;
    }
    Ok(())
}

/// The address and the method of a webhook.
fn check(name: &str, webhook: Option<&Webhook>, methods: &[HttpMethod]) -> Result<(), Refusal> {
    let Some(webhook) = webhook else { return Ok(()) };
    let name = |field: &str| format!("capabilities.{name}.{field}");
    // An empty address is none.
    if let Some(address) = webhook.address.as_deref().filter(|address| !address.is_empty())
        && !address.starts_with("http://")
        && !address.starts_with("https://")
    {
        let accepted = "must be a valid URL beginning with http:// or https://";
        return wrong(&name("address"), accepted, &without_user(address));
    }
    if let Some(method) = webhook.http_method.as_ref().filter(|method| !methods.contains(method)) {
        let methods: Vec<_> = methods.iter().map(HttpMethod::as_str).collect();
        let reason = format!("must be one of: {}", methods.join(", "));
        return wrong(&name("http_method"), &reason, method.as_str());
    }
    Ok(())
}

fn timeout(
    name: &str,
    field: &str,
    millis: Option<u32>,
    least: u32,
    most: u32,
) -> Result<(), Refusal> {
    match millis.filter(|millis| !(least..=most).contains(millis)) {
        None => Ok(()),
        Some(millis) => wrong(
            &format!("capabilities.{name}.{field}"),
            &format!("must be between {least} and {most}"),
            &millis.to_string(),
        ),
    }
}

/// A time of the voice capability, within the documented limits.
fn within(field: &'static str, time: Option<i64>) -> Result<(), Refusal> {
    let documented = |limit: &&Limit| limit.owner == "VoiceCapability" && limit.field == field;
    let limit = LIMITS.iter().find(documented);
    let (Some(time), Some(limit)) = (time, limit) else { return Ok(()) };
    let (least, most) = (limit.minimum.unwrap_or(f64::MIN), limit.maximum.unwrap_or(f64::MAX));
    if (least..=most).contains(&(time as f64)) {
        return Ok(());
    }
    wrong(
        &format!("capabilities.voice.{field}"),
        &format!("must be between {least} and {most}"),
        &time.to_string(),
    )
}

fn wrong<T>(name: &str, reason: &str, seen: &str) -> Result<T, Refusal> {
    Err(refusal::invalid(api::PAYLOAD_VALIDATION, name, reason, seen))
}

/// An address without its user, whose password is nobody's business.
fn without_user(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match authority.rfind('@') {
        Some(at) if scheme.is_empty() => rest[at + 1..].to_owned(),
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => address.to_owned(),
    }
}
