//! What conversations, members and events look like, in the parts that the generations share.

use ringback_model::{
    ConversationId, HalLink, HalLinks, Json, MemberId, MemberState as WireState,
    event::{
        Audio, AudioSayBody, AudioSettings, Channel, EventUser, HangupBody, Initiator, InitiatorBy,
        LegBody, LegRef, Media, MemberBody, MemberMediaBody, MemberTimes, Reason, RtcRefBody,
        SayRefBody,
    },
    v1::{EmbeddedFrom, MemberRef},
};

use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Entry, Member, MemberState, What},
    id::{Id, Purpose},
    leg::{Leg, Way},
    refusal,
};

/// Milliseconds in which machine detection decides; part of every outbound channel.
const CPA_TIME: i64 = 5_000;

/// A conversation of the caller's application.
pub(super) fn find<'a>(
    exchange: &'a Exchange,
    caller: &Caller,
    id: &ConversationId,
) -> Result<&'a Conversation, Refusal> {
    let text = id.as_str();
    let shown: String = text.chars().take(60).collect();
    let key = text
        .strip_prefix("CON-")
        .and_then(Id::from_dashed)
        .and_then(|id| exchange.conversation_ids.get(&id));
    let Some(&key) = key else {
        let fix = "take the id from the answer webhook of a call that is up, CON- and all";
        return Err(refusal::conversation(
            "conversation-unknown",
            format!("there is no conversation {shown:?}"),
            fix,
        ));
    };
    let Some(conversation) = exchange.conversations.get(key) else {
        return Err(refusal::conversation(
            "conversation-over",
            format!("the call of {shown} is over, and its conversation went with it"),
            "get it while the call is up",
        ));
    };
    let owner = &conversation.application.application;
    match caller {
        Caller::Application { id, .. } if id == owner => Ok(conversation),
        Caller::Application { id, .. } => Err(refusal::conversation(
            "conversation-of-another-application",
            format!("the token is of application {id}, but {shown} belongs to {owner}"),
            "mint the token with the application_id and private key of the application behind the number",
        )),
        Caller::Account | Caller::Control => Ok(conversation),
    }
}

/// The conversations of the caller's application, the oldest first.
pub(super) fn of_caller<'a>(exchange: &'a Exchange, caller: &'a Caller) -> Vec<&'a Conversation> {
    exchange
        .conversations
        .iter()
        .map(|(_, conversation)| conversation)
        .filter(|conversation| match caller {
            Caller::Application { id, .. } => *id == conversation.application.application,
            Caller::Account | Caller::Control => true,
        })
        .collect()
}

/// A member by its id.
pub(super) fn member<'a>(
    conversation: &'a Conversation,
    id: &MemberId,
) -> Result<&'a Member, Refusal> {
    conversation.members.iter().find(|member| member.id().as_str() == id.as_str()).ok_or_else(
        || {
            refusal::within_conversation(
                ringback_model::problem::known::conversation::MEMBER_NOT_FOUND,
                "member",
                id.as_str(),
            )
        },
    )
}

/// An event by its id, with the id as a number.
pub(super) fn event<'a>(
    conversation: &'a Conversation,
    id: &str,
) -> Result<(u64, &'a Entry), Refusal> {
    id.parse::<u64>()
        .ok()
        .and_then(|number| {
            let place = usize::try_from(number.checked_sub(1)?).ok()?;
            Some((number, conversation.log.get(place)?))
        })
        .ok_or_else(|| {
            refusal::within_conversation(
                ringback_model::problem::known::conversation::EVENT_NOT_FOUND,
                "event",
                id,
            )
        })
}

pub(super) fn link(href: String) -> HalLinks {
    let mut links = HalLinks::new();
    links.this = Some(HalLink::new(href));
    links
}

pub(super) fn state(member: &Member) -> WireState {
    match member.state {
        MemberState::Invited => WireState::Invited,
        MemberState::Joined => WireState::Joined,
        MemberState::Left => WireState::Left,
    }
}

pub(super) fn times(member: &Member) -> MemberTimes {
    let mut times = MemberTimes::new();
    times.invited = member.invited;
    times.joined = member.joined;
    times.left = member.left;
    times
}

/// Who made a member what it is: the platform, by the way it first came in.
pub(super) fn initiator(member: &Member) -> Initiator {
    let mut by = InitiatorBy::new();
    by.is_system = Some(true);
    let mut initiator = Initiator::new();
    if member.invited.is_some() {
        initiator.invited = Some(by);
    } else {
        initiator.joined = Some(by);
    }
    initiator
}

pub(crate) fn channel(leg: &Leg) -> Channel {
    let (from, to) = leg.ends();
    let mut channel = Channel::new();
    channel.kind = Some(leg.far.kind());
    channel.id = Some(leg.id());
    channel.from = Some(Box::new(from));
    channel.to = Some(Box::new(to));
    channel.headers = leg.far.headers().cloned();
    channel.leg_ids = Some(vec![LegRef::Text(leg.id())]);
    if let Some(dial) = &leg.dial {
        channel.cpa = Some(dial.detection.is_some());
        channel.preanswer = Some(false);
        channel.ring_timeout = Some(i64::from(dial.timeout) * 1_000);
        channel.cpa_time = Some(CPA_TIME);
        channel.max_length = Some(i64::from(dial.limit) * 1_000);
    }
    channel
}

/// The channel of a member: that of its leg, or what the Conversation API was given.
pub(super) fn channel_of(exchange: &Exchange, member: &Member) -> Option<Channel> {
    match member.leg {
        Some(leg) => exchange.legs.get(leg).map(channel),
        None => member.more.as_ref()?.channel.as_ref()?.read().ok(),
    }
}

/// The media of a member: what its leg hears and lets hear, or what the Conversation API was given.
pub(super) fn media_of(exchange: &Exchange, member: &Member) -> Media {
    let given = member.more.as_ref().and_then(|more| more.media.as_ref());
    if let Some(given) = given.and_then(|given| given.read().ok()) {
        return given;
    }
    let leg = member.leg.and_then(|leg| exchange.legs.get(leg));
    media(leg.is_some(), leg.is_some_and(|leg| leg.muted), leg.is_some_and(|leg| leg.earmuffed))
}

fn media(enabled: bool, muted: bool, earmuffed: bool) -> Media {
    let mut settings = AudioSettings::new();
    settings.enabled = Some(enabled);
    settings.earmuffed = Some(earmuffed);
    settings.muted = Some(muted);
    let mut media = Media::new();
    media.audio = Some(Audio::Flag(enabled));
    media.audio_settings = Some(settings);
    media
}

/// The body of an entry of the log.
pub(crate) fn body(exchange: &Exchange, conversation: &Conversation, entry: &Entry) -> Json {
    if let What::Body(place) = entry.what {
        let body = conversation.bodies.get(place as usize);
        return body.map_or_else(|| exchange.empty.clone(), |body| body.text.clone());
    }
    let Some(member) = conversation.members.get(entry.member as usize) else {
        return exchange.empty.clone();
    };
    let leg = member.leg.and_then(|leg| exchange.legs.get(leg));
    let channel = || channel_of(exchange, member);
    let say_id = |text: u32| {
        let seed = exchange.settings.seed;
        let leg = member.leg.unwrap_or(u64::MAX);
        Some(Id::derive(seed, Purpose::Trace, leg, u64::from(text)).dashed(""))
    };
    let body = match entry.what {
        What::MemberInvited | What::MemberJoined | What::MemberLeft => {
            let mut user = EventUser::new();
            user.id = Some(member.user_id());
            // The users of calls are shown by their id alone.
            if member.leg.is_none() {
                user.name = Some(member.user_name());
            }
            let mut body = MemberBody::new();
            body.user = Some(user);
            body.channel = channel();
            let mut times = times(member);
            times.joined = entry.joined;
            times.left = member.left.filter(|_| entry.what == What::MemberLeft);
            body.timestamp = Some(times);
            body.member_id = member.leg.is_none().then(|| member.id());
            let reason = member.more.as_ref().and_then(|more| more.reason.as_ref());
            if entry.what == What::MemberLeft {
                body.reason = reason.and_then(|reason| reason.read().ok());
            }
            Json::of(&body)
        }
        What::MemberMedia => {
            let mut body = MemberMediaBody::new();
            body.audio = Some(true);
            body.media = Some(media(true, false, false));
            body.channel = channel();
            Json::of(&body)
        }
        What::SipRinging | What::SipAnswered | What::RtcAnswered => {
            let mut body = LegBody::new();
            body.channel = channel();
            // The samples of `sip:ringing` have no direction.
            body.direction =
                leg.filter(|_| entry.what != What::SipRinging).map(|leg| leg.direction());
            Json::of(&body)
        }
        What::SipHangup | What::RtcHangup => {
            let mut reason = Reason::new();
            if let Some(leg) = leg {
                let (_, sip_code) = leg.failure();
                reason.text = Some(leg.state.word().to_owned());
                reason.sip_code = Some(sip_code.unwrap_or(200).to_string());
            }
            let mut body = HangupBody::new();
            body.channel = channel();
            body.direction = leg.map(|leg| leg.direction());
            body.reason = Some(reason);
            Json::of(&body)
        }
        What::MuteOn | What::MuteOff | What::EarmuffOn | What::EarmuffOff => {
            let mut body = RtcRefBody::new();
            body.rtc_id = leg.map(Leg::id);
            body.channel = channel();
            Json::of(&body)
        }
        What::AudioSay(text) => {
            let mut body = AudioSayBody::new();
            body.text = conversation.texts.get(text as usize).map(|text| text.to_string());
            Json::of(&body)
        }
        What::AudioSayDone(text) | What::AudioSayStop(text) => {
            let mut body = SayRefBody::new();
            body.say_id = say_id(text);
            Json::of(&body)
        }
        What::Body(_) => Ok(exchange.empty.clone()),
    };
    body.unwrap_or_else(|_| exchange.empty.clone())
}

/// The member that stands in `from` of an event.
///
/// In a conversation that a call made it is the inbound one in every event, as captured logs show;
/// elsewhere it is the member that the event is about.
pub(crate) fn sender<'a>(
    exchange: &Exchange,
    conversation: &'a Conversation,
    entry: &Entry,
) -> Option<&'a Member> {
    if conversation.kept.is_some() {
        return conversation.members.get(entry.member as usize);
    }
    let inbound = |member: &&Member| {
        let leg = member.leg.and_then(|leg| exchange.legs.get(leg));
        leg.is_some_and(|leg| leg.way == Way::Inbound)
    };
    conversation.members.iter().find(inbound).or_else(|| conversation.members.first())
}

/// The user and the member behind an event.
pub(crate) fn embedded_from(sender: &Member) -> EmbeddedFrom {
    let mut user = EventUser::new();
    user.id = Some(sender.user_id());
    user.name = Some(sender.user_name());
    user.display_name = sender.more.as_ref().and_then(|more| more.display_name.clone());
    let mut member = MemberRef::new();
    member.id = Some(sender.id());
    let mut from = EmbeddedFrom::new();
    from.from_user = Some(user);
    from.from_member = Some(member);
    from
}
