//! What conversations, members and events look like, in the parts that the generations share.

use ringback_model::{
    ConversationId, HalLink, HalLinks, Json, MemberId, MemberState as WireState,
    event::{
        Audio, AudioSayBody, AudioSettings, Channel, ChannelEndpoint, EventUser, HangupBody,
        Initiator, InitiatorBy, LegBody, LegRef, Media, MemberBody, MemberMediaBody, MemberTimes,
        Reason, SayRefBody,
    },
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

pub(super) fn channel(leg: &Leg) -> Channel {
    let phone = |number: &str| {
        let mut end = ChannelEndpoint::new();
        end.kind = Some(ringback_model::ChannelType::Phone);
        end.number = Some(number.to_owned());
        Some(Box::new(end))
    };
    let mut channel = Channel::new();
    channel.kind = Some(ringback_model::ChannelType::Phone);
    channel.id = Some(leg.id());
    channel.from = phone(&leg.from);
    channel.to = phone(&leg.to);
    channel.leg_ids = Some(vec![LegRef::Text(leg.id())]);
    if let Some(dial) = &leg.dial {
        channel.cpa = Some(false);
        channel.preanswer = Some(false);
        channel.ring_timeout = Some(i64::from(dial.timeout) * 1_000);
        channel.cpa_time = Some(CPA_TIME);
        channel.max_length = Some(i64::from(dial.limit) * 1_000);
    }
    channel
}

pub(super) fn media() -> Media {
    let mut settings = AudioSettings::new();
    settings.enabled = Some(true);
    settings.earmuffed = Some(false);
    settings.muted = Some(false);
    let mut media = Media::new();
    media.audio = Some(Audio::Flag(true));
    media.audio_settings = Some(settings);
    media
}

/// The body of an entry of the log.
pub(super) fn body(exchange: &Exchange, conversation: &Conversation, entry: &Entry) -> Json {
    let Some(member) = conversation.members.get(entry.member as usize) else {
        return exchange.empty.clone();
    };
    let Some(leg) = exchange.legs.get(member.leg) else { return exchange.empty.clone() };
    let seed = exchange.settings.seed;
    let say_id =
        |text: u32| Some(Id::derive(seed, Purpose::Trace, member.leg, u64::from(text)).dashed(""));
    let body = match entry.what {
        What::MemberJoined | What::MemberLeft => {
            let mut user = EventUser::new();
            user.id = Some(member.user_id());
            let mut body = MemberBody::new();
            body.user = Some(user);
            body.channel = Some(channel(leg));
            let mut times = times(member);
            times.joined = entry.joined;
            times.left = member.left.filter(|_| entry.what == What::MemberLeft);
            body.timestamp = Some(times);
            Json::of(&body)
        }
        What::MemberMedia => {
            let mut body = MemberMediaBody::new();
            body.audio = Some(true);
            body.media = Some(media());
            body.channel = Some(channel(leg));
            Json::of(&body)
        }
        What::SipRinging | What::SipAnswered => {
            let mut body = LegBody::new();
            body.channel = Some(channel(leg));
            // The samples of `sip:ringing` have no direction.
            body.direction = (entry.what == What::SipAnswered).then(|| leg.direction());
            Json::of(&body)
        }
        What::SipHangup => {
            let mut reason = Reason::new();
            let (_, sip_code) = leg.failure();
            reason.text = Some(leg.state.word().to_owned());
            reason.sip_code = Some(sip_code.unwrap_or(200).to_string());
            let mut body = HangupBody::new();
            body.channel = Some(channel(leg));
            body.direction = Some(leg.direction());
            body.reason = Some(reason);
            Json::of(&body)
        }
        What::AudioSay(text) => {
            let mut body = AudioSayBody::new();
            body.text = conversation.texts.get(text as usize).map(|text| text.to_string());
            Json::of(&body)
        }
        What::AudioSayDone(text) => {
            let mut body = SayRefBody::new();
            body.say_id = say_id(text);
            Json::of(&body)
        }
    };
    body.unwrap_or_else(|_| exchange.empty.clone())
}

/// The member that stands in `from` of every event: the inbound one (as captured logs show).
pub(super) fn sender<'a>(
    exchange: &Exchange,
    conversation: &'a Conversation,
) -> Option<&'a Member> {
    conversation
        .members
        .iter()
        .find(|member| exchange.legs.get(member.leg).is_some_and(|leg| leg.way == Way::Inbound))
        .or_else(|| conversation.members.first())
}
