//! What conversations, members and events look like, in the parts that the generations share.

use ringback_model::{
    HalLink, HalLinks, Json, MemberId, MemberState as WireState, UserId,
    event::{
        self, Audio, AudioSayBody, AudioSettings, Channel, EventUser, HangupBody, LegBody, LegRef,
        Media, MemberBody, MemberMediaBody, MemberTimes, Reason, RtcRefBody, SayRefBody,
    },
    v1::{
        EmbeddedFrom, EmbeddedUser, MemberLinks, MemberRef, Properties, UserLite, UserProperties,
    },
};

use crate::{
    Exchange,
    conversation::{Conversation, Entry, Member, MemberState, UserName, What},
    directory::User,
    id::{Id, Purpose},
    leg::{Leg, Way},
};

/// Milliseconds in which machine detection decides; part of every outbound channel.
const CPA_TIME: i64 = 5_000;

/// The address of a conversation in a generation.
pub(super) fn address(
    exchange: &Exchange,
    generation: &str,
    conversation: &Conversation,
) -> String {
    format!("{}/{generation}/conversations/{}", exchange.settings.origin, conversation.id())
}

/// The address of a user in a generation.
pub(super) fn user_address(exchange: &Exchange, generation: &str, user: &User) -> String {
    format!("{}/{generation}/users/{}", exchange.settings.origin, user.id())
}

/// The properties of a conversation; it is kept as long as its application says unless it says so itself.
pub(super) fn properties(conversation: &Conversation) -> Properties {
    let kept = conversation.kept.as_deref();
    let mut properties = kept.and_then(|kept| kept.properties.clone()).unwrap_or_default();
    properties.ttl = properties.ttl.or(Some(conversation.application.conversations_ttl));
    properties
}

/// What a conversation has only when it was given it: a name for people and a picture.
pub(super) fn given(conversation: &Conversation) -> (Option<String>, Option<String>) {
    let kept = conversation.kept.as_deref();
    let display_name = kept.and_then(|kept| kept.display_name.clone());
    (display_name, kept.and_then(|kept| kept.image_url.clone()))
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

/// Who made a member what it is.
pub(super) struct Author {
    pub(super) invited: bool,
    pub(super) is_system: bool,
    pub(super) user_id: Option<UserId>,
    pub(super) member_id: Option<MemberId>,
}

/// Who made a member what it is: the platform for legs, else whoever the request named.
pub(super) fn author(conversation: &Conversation, member: &Member) -> Author {
    let more = member.more.as_deref();
    let by = more.and_then(|more| more.invited_by.as_deref());
    let inviting =
        by.and_then(|by| conversation.members.iter().find(|member| member.id().as_str() == by));
    Author {
        invited: member.invited.is_some(),
        is_system: !more.is_some_and(|more| more.by_user),
        user_id: inviting.map(Member::user_id),
        member_id: inviting.map(Member::id),
    }
}

/// Who made a member what it is, in the spelling of a generation.
macro_rules! initiator {
    ($of:ident, $author:expr) => {{
        let author = $author;
        let mut by = $of::InitiatorBy::new();
        by.is_system = Some(author.is_system);
        (by.user_id, by.member_id) = (author.user_id, author.member_id);
        let mut initiator = $of::Initiator::new();
        let verb = if author.invited { &mut initiator.invited } else { &mut initiator.joined };
        *verb = Some(by);
        initiator
    }};
}
pub(super) use initiator;

/// A conversation as the lists of v0.2 and later have it.
macro_rules! listed {
    ($of:ident, $generation:expr, $exchange:expr, $conversation:expr) => {{
        let conversation = $conversation;
        let mut item = $of::new(conversation.id());
        item.name = Some(conversation.name());
        (item.display_name, item.image_url) = view::given(conversation);
        item.timestamp = Some(write::times(conversation));
        item.links = Some(view::link(view::address($exchange, $generation, conversation)));
        item
    }};
}
pub(super) use listed;

/// Who is in a conversation.
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    image_url: Option<String>,
    custom_data: Option<Json>,
}

/// The user behind a member: one of the directory, or one that the platform made for a leg.
pub(super) fn person(exchange: &Exchange, conversation: &Conversation, member: &Member) -> Person {
    let user = match &member.user_name {
        UserName::Given(name) => exchange
            .users
            .get(member.user)
            .or_else(|| exchange.users.find(&conversation.application.application, name)),
        UserName::Id | UserName::Voice(_) => None,
    };
    let Some(user) = user else {
        let display_name = member.more.as_ref().and_then(|more| more.display_name.clone());
        let (id, name) = (member.user_id(), member.user_name());
        return Person { id, name, display_name, image_url: None, custom_data: None };
    };
    let properties = user.properties.as_ref();
    Person {
        id: user.id(),
        name: user.name.to_string(),
        display_name: user.display_name.clone(),
        image_url: user.image_url.clone(),
        custom_data: properties
            .and_then(|properties| properties.read::<UserProperties>().ok())
            .and_then(|properties| properties.custom_data),
    }
}

/// The user as members embed it, with an address in a generation.
pub(super) fn embedded_user(exchange: &Exchange, generation: &str, person: Person) -> EmbeddedUser {
    let mut user = UserLite::new();
    let href = format!("{}/{generation}/users/{}", exchange.settings.origin, person.id);
    user.id = Some(person.id);
    user.name = Some(person.name);
    user.display_name = person.display_name;
    user.links = Some(link(href));
    let mut embedded = EmbeddedUser::new();
    embedded.user = Some(user);
    embedded
}

/// The address of a member, bare as in the specification and below `self` as the Node SDK has it.
pub(super) fn member_links(
    exchange: &Exchange,
    generation: &str,
    conversation: &Conversation,
    member: &Member,
) -> MemberLinks {
    let href = address(exchange, generation, conversation);
    let href = format!("{href}/members/{}", member.id());
    let mut links = MemberLinks::new();
    links.this = Some(HalLink::new(href.clone()));
    links.href = Some(href);
    links
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
            let mut body = MemberBody::new();
            // The users of calls are shown by their id alone.
            if member.leg.is_none() {
                let person = person(exchange, conversation, member);
                user.id = Some(person.id.clone());
                user.user_id = Some(person.id);
                user.member_id = Some(member.id());
                (user.name, user.display_name) = (Some(person.name), person.display_name);
                let mut initiator = initiator!(event, author(conversation, member));
                if entry.what == What::MemberLeft {
                    initiator.left = initiator.joined.clone().or_else(|| initiator.invited.clone());
                }
                body.initiator = Some(initiator);
                body.media = Some(media_of(exchange, member));
                body.invited_by = member.more.as_ref().and_then(|more| more.invited_by.clone());
            }
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
    let sent = conversation.body_of(entry).is_some_and(|body| body.sent);
    if conversation.kept.is_some() || sent {
        return conversation.members.get(entry.member as usize);
    }
    let inbound = |member: &&Member| {
        let leg = member.leg.and_then(|leg| exchange.legs.get(leg));
        leg.is_some_and(|leg| leg.way == Way::Inbound)
    };
    conversation.members.iter().find(inbound).or_else(|| conversation.members.first())
}

/// The user and the member behind an event.
pub(crate) fn embedded_from(
    exchange: &Exchange,
    conversation: &Conversation,
    sender: &Member,
) -> EmbeddedFrom {
    let person = person(exchange, conversation, sender);
    let mut user = EventUser::new();
    user.id = Some(person.id);
    user.name = Some(person.name);
    user.display_name = person.display_name;
    (user.image_url, user.custom_data) = (person.image_url, person.custom_data);
    let mut member = MemberRef::new();
    member.id = Some(sender.id());
    let mut from = EmbeddedFrom::new();
    from.from_user = Some(user);
    from.from_member = Some(member);
    from
}
