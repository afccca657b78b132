//! A conversation: its members and its log.

use std::sync::Arc;

use ringback_model::{
    ConversationId, Json, LegId, MemberId, Timestamp, UserId, event::EventType, v1,
};

use serde::{Deserialize, Serialize};

use crate::{
    directory::Routes,
    id::{Id, Purpose},
};

/// What legs take part in.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: Id,
    pub(crate) name: Name,
    pub(crate) application: Arc<Routes>,
    pub(crate) created: Timestamp,
    pub(crate) members: Vec<Member>,
    pub(crate) log: Vec<Entry>,
    /// What was spoken.
    pub(crate) texts: Vec<Box<str>>,
    /// What is special about one that outlives its calls; none for one that a call made for itself.
    pub(crate) kept: Option<Box<Kept>>,
    /// Bodies of entries that say more than the state does.
    pub(crate) bodies: Vec<Body>,
    /// How many of its legs are up.
    pub(crate) live: u32,
}

/// The name of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Name {
    /// `NAM-…`, made up.
    Made(Id),
    Given(#[serde(with = "crate::snapshot::parts::text")] Arc<str>),
}

/// What is special about a conversation that outlives its calls.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) display_name: Option<String>,
    pub(crate) image_url: Option<String>,
    pub(crate) properties: Option<v1::Properties>,
    /// Where its events are posted.
    pub(crate) callback: Option<v1::Callback>,
    pub(crate) updated: Option<Timestamp>,
    /// Whether the parties hear each other: somebody with `startOnEnter` has come.
    pub(crate) started: bool,
    /// Counts its last legs: a deadline of an earlier emptiness is void.
    pub(crate) epoch: u32,
    /// Seconds that it is kept when it is empty, where it says so itself.
    pub(crate) ttl: Option<i64>,
}

/// Somebody who takes part in a conversation.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: Id,
    pub(crate) user: Id,
    pub(crate) user_name: UserName,
    /// Its leg; none for one that the Conversation API made.
    pub(crate) leg: Option<u64>,
    pub(crate) state: MemberState,
    pub(crate) invited: Option<Timestamp>,
    pub(crate) joined: Option<Timestamp>,
    pub(crate) left: Option<Timestamp>,
    pub(crate) more: Option<Box<More>>,
}

/// The name of a member's user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UserName {
    /// The user's id: users of legs that came in.
    Id,
    /// `vapi-user-…`: users of legs that were dialled.
    Voice(Id),
    /// The name of a user of the directory.
    Given(#[serde(with = "crate::snapshot::parts::text")] Arc<str>),
}

/// What few members have.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct More {
    /// What the Conversation API was given as the channel.
    pub(crate) channel: Option<Json>,
    /// What it was given as the media.
    pub(crate) media: Option<Json>,
    pub(crate) knocking_id: Option<String>,
    /// Who invited: a member.
    pub(crate) invited_by: Option<String>,
    /// Whether a person did it, and not the platform.
    pub(crate) by_user: bool,
    /// Why it left.
    pub(crate) reason: Option<Json>,
    pub(crate) display_name: Option<String>,
    /// Whether the conversation ends when it leaves.
    pub(crate) ends_room: bool,
    /// What it hears until the conversation starts.
    pub(crate) hold_music: Option<Box<str>>,
    /// Who hears it; everyone when none.
    pub(crate) can_speak: Option<Vec<LegId>>,
    /// Whom it hears; everyone when none.
    pub(crate) can_hear: Option<Vec<LegId>>,
}

/// The state of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum MemberState {
    Invited,
    Joined,
    Left,
}

/// An entry of the log; what it says is put together when somebody reads it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) at: Timestamp,
    /// The member it is about, by place; [`NOBODY`] for the platform.
    pub(crate) member: u32,
    /// When that member joined, as it was then: members join twice.
    pub(crate) joined: Option<Timestamp>,
}

/// The place of no member.
pub(crate) const NOBODY: u32 = u32::MAX;

/// What an entry of the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    MemberInvited,
    MemberJoined,
    MemberMedia,
    MemberLeft,
    SipRinging,
    SipAnswered,
    SipHangup,
    RtcAnswered,
    RtcHangup,
    /// A text is spoken, by its place among the conversation's texts.
    AudioSay(u32),
    AudioSayDone(u32),
    AudioSayStop(u32),
    MuteOn,
    MuteOff,
    EarmuffOn,
    EarmuffOff,
    /// Something whose body is kept, by its place among the conversation's bodies.
    Body(u32),
}

/// The body of an entry that says more than the state does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    pub(crate) kind: EventType,
    pub(crate) text: Json,
    /// Whether the application sent it by REST, and not the platform.
    pub(crate) sent: bool,
    /// Whether its entry was deleted: the text is gone, and the entry does not count in some lists.
    pub(crate) deleted: bool,
}

impl What {
    pub(crate) fn event_type(self, bodies: &[Body]) -> EventType {
        match self {
            Self::MemberInvited => EventType::MemberInvited,
            Self::MemberJoined => EventType::MemberJoined,
            Self::MemberMedia => EventType::MemberMedia,
            Self::MemberLeft => EventType::MemberLeft,
            Self::SipRinging => EventType::SipRinging,
            Self::SipAnswered => EventType::SipAnswered,
            Self::SipHangup => EventType::SipHangup,
            Self::RtcAnswered => EventType::RtcAnswered,
            Self::RtcHangup => EventType::RtcHangup,
            Self::AudioSay(_) => EventType::AudioSay,
            Self::AudioSayDone(_) => EventType::AudioSayDone,
            Self::AudioSayStop(_) => EventType::AudioSayStop,
            Self::MuteOn => EventType::AudioMuteOn,
            Self::MuteOff => EventType::AudioMuteOff,
            Self::EarmuffOn => EventType::AudioEarmuffOn,
            Self::EarmuffOff => EventType::AudioEarmuffOff,
            Self::Body(place) => match bodies.get(place as usize) {
                Some(body) => body.kind.clone(),
                None => EventType::from("unknown"),
            },
        }
    }
}

impl Conversation {
    /// One that a call makes for itself, and that goes with its last leg.
    pub(crate) fn transient(
        id: Id,
        name: Id,
        application: Arc<Routes>,
        created: Timestamp,
    ) -> Self {
        Self {
            id,
            name: Name::Made(name),
            application,
            created,
            members: Vec::with_capacity(2),
            log: Vec::with_capacity(8),
            texts: Vec::new(),
            kept: None,
            bodies: Vec::new(),
            live: 0,
        }
    }

    pub(crate) fn id(&self) -> ConversationId {
        ConversationId::new(self.id.dashed("CON-"))
    }

    pub(crate) fn name(&self) -> String {
        match &self.name {
            Name::Made(id) => id.dashed("NAM-"),
            Name::Given(name) => name.to_string(),
        }
    }

    /// Adds a member for a leg, and says at which place.
    pub(crate) fn add(&mut self, seed: u64, leg: u64, name: UserName, again: u64) -> u32 {
        let derive = |purpose| Id::derive(seed, purpose, leg, again);
        let place = self.members.len();
        self.members.push(Member {
            id: derive(Purpose::Member),
            user: Id::derive(seed, Purpose::User, leg, 0),
            user_name: name,
            leg: Some(leg),
            state: MemberState::Invited,
            invited: None,
            joined: None,
            left: None,
            more: None,
        });
        self.live += 1;
        u32::try_from(place).unwrap_or(NOBODY)
    }

    pub(crate) fn member_mut(&mut self, place: u32) -> Option<&mut Member> {
        self.members.get_mut(place as usize)
    }

    /// Appends to the log; ids count from 1 in the order of appending, whatever the timestamps say.
    pub(crate) fn append(&mut self, what: What, member: u32, at: Timestamp) {
        let joined = self.members.get(member as usize).and_then(|member| member.joined);
        self.log.push(Entry { what, at, member, joined });
    }

    /// Keeps the body of an entry, and says where.
    pub(crate) fn keep(&mut self, kind: EventType, text: Json) -> What {
        let place = u32::try_from(self.bodies.len()).unwrap_or(u32::MAX);
        self.bodies.push(Body { kind, text, sent: false, deleted: false });
        What::Body(place)
    }

    /// The body of an entry that has one of its own.
    pub(crate) fn body_of(&self, entry: &Entry) -> Option<&Body> {
        match entry.what {
            What::Body(place) => self.bodies.get(place as usize),
            _ => None,
        }
    }

    /// Whether nobody is in it or invited to it, with a leg or without.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.iter().all(|member| member.state == MemberState::Left)
    }

    /// The type of an entry.
    pub(crate) fn log_kind(&self, what: What) -> EventType {
        what.event_type(&self.bodies)
    }

    /// The legs that have not left it, in the order they came.
    pub(crate) fn legs(&self) -> impl Iterator<Item = u64> + '_ {
        self.members
            .iter()
            .filter(|member| member.state != MemberState::Left)
            .filter_map(|member| member.leg)
    }
}

impl Member {
    pub(crate) fn id(&self) -> MemberId {
        MemberId::new(self.id.dashed("MEM-"))
    }

    pub(crate) fn user_id(&self) -> UserId {
        UserId::new(self.user.dashed("USR-"))
    }

    /// The user's name: its id for a leg that came in, `vapi-user-…` for one that was dialled.
    pub(crate) fn user_name(&self) -> String {
        match &self.user_name {
            UserName::Id => self.user.dashed("USR-"),
            UserName::Voice(id) => id.simple("vapi-user-"),
            UserName::Given(name) => name.to_string(),
        }
    }

    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}
