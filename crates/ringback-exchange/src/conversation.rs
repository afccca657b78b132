//! A conversation: its members and its log.

use ringback_model::{ConversationId, MemberId, Timestamp, UserId, event::EventType};

use crate::id::{Id, Purpose};

/// What legs take part in; one made by a call is gone when the call is over.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: Id,
    pub(crate) name: Id,
    pub(crate) application: std::sync::Arc<crate::directory::Routes>,
    pub(crate) created: Timestamp,
    pub(crate) members: Vec<Member>,
    pub(crate) log: Vec<Entry>,
    /// What was spoken.
    pub(crate) texts: Vec<Box<str>>,
}

/// Somebody who takes part in a conversation.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: Id,
    pub(crate) user: Id,
    /// The user's name is made from this; the id itself names the users of inbound legs.
    pub(crate) user_name: Option<Id>,
    pub(crate) leg: u64,
    pub(crate) state: MemberState,
    pub(crate) invited: Option<Timestamp>,
    pub(crate) joined: Option<Timestamp>,
    pub(crate) left: Option<Timestamp>,
}

/// The state of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberState {
    Invited,
    Joined,
    Left,
}

/// An entry of the log; what it says is put together when somebody reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) at: Timestamp,
    /// The member it is about, by place.
    pub(crate) member: u32,
    /// When that member joined, as it was then: members join twice.
    pub(crate) joined: Option<Timestamp>,
}

/// What an entry of the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    MemberJoined,
    MemberMedia,
    MemberLeft,
    SipRinging,
    SipAnswered,
    SipHangup,
    /// A text is spoken, by its place among the conversation's texts.
    AudioSay(u32),
    AudioSayDone(u32),
}

impl What {
    pub(crate) fn event_type(self) -> EventType {
        match self {
            Self::MemberJoined => EventType::MemberJoined,
            Self::MemberMedia => EventType::MemberMedia,
            Self::MemberLeft => EventType::MemberLeft,
            Self::SipRinging => EventType::SipRinging,
            Self::SipAnswered => EventType::SipAnswered,
            Self::SipHangup => EventType::SipHangup,
            Self::AudioSay(_) => EventType::AudioSay,
            Self::AudioSayDone(_) => EventType::AudioSayDone,
        }
    }
}

impl Conversation {
    pub(crate) fn id(&self) -> ConversationId {
        ConversationId::new(self.id.dashed("CON-"))
    }

    pub(crate) fn name(&self) -> String {
        self.name.dashed("NAM-")
    }

    /// Adds a member for a leg, and says at which place.
    pub(crate) fn add(&mut self, seed: u64, leg: u64, leg_is_inbound: bool) -> u32 {
        let place = self.members.len();
        let derive = |purpose| Id::derive(seed, purpose, leg, 0);
        self.members.push(Member {
            id: derive(Purpose::Member),
            user: derive(Purpose::User),
            user_name: (!leg_is_inbound).then(|| derive(Purpose::UserName)),
            leg,
            state: MemberState::Invited,
            invited: None,
            joined: None,
            left: None,
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    pub(crate) fn member_mut(&mut self, place: u32) -> Option<&mut Member> {
        self.members.get_mut(place as usize)
    }

    /// Appends to the log; ids count from 1 in the order of appending, whatever the timestamps say.
    pub(crate) fn append(&mut self, what: What, member: u32, at: Timestamp) {
        let joined = self.members.get(member as usize).and_then(|member| member.joined);
        self.log.push(Entry { what, at, member, joined });
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
        match self.user_name {
            Some(id) => id.simple("vapi-user-"),
            None => self.user.dashed("USR-"),
        }
    }
}
