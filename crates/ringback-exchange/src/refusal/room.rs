//! Refusals of conversations, members, events, users and legs.

use ringback_model::{
    ApplicationId,
    problem::known::{Known, conversation as known},
};

use super::Refusal;

/// The conversation has as many members as it can; the sentence is partly known, the status ours.
const MOST_MEMBERS: Known = Known {
    status: 400,
    code: "conversation:error:maximum-number-of-members",
    title: "Bad request.",
    detail: "The request failed because the maximum number of joined/invited members was reached.",
};
/// The conversation belongs to a call; the sentence and the status are ours.
const INVALID_ACTION: Known = Known {
    status: 400,
    code: "conversation:error:invalid-action",
    title: "Bad request.",
    detail: "The request failed because the conversation of a call cannot be changed.",
};
/// Who sends is not in the conversation; the sentence is partly known, the status ours.
const NOT_JOINED: Known = Known {
    status: 400,
    code: "event:error:not-joined",
    title: "Bad request.",
    detail: "The request failed due to the member not being in a 'JOINED' state.",
};
/// An event stays; the sentence is partly known, the status ours.
const DELETE_NOT_ALLOWED: Known = Known {
    status: 400,
    code: "event:error:delete-not-allowed",
    title: "Bad request.",
    detail: "The event cannot be deleted. Only message and custom events are allowed.",
};
/// No such type can be sent; the sentence and the status are ours.
const UNKNOWN_EVENT: Known = Known {
    status: 400,
    code: "event:error:unknown-event",
    title: "Bad request.",
    detail: "The event type does not exist, or cannot be created.",
};
/// There is no such leg; the sentence is that of the other things that are not there.
const LEG_NOT_FOUND: Known = Known {
    status: 404,
    code: "leg:error:not-found",
    title: "Not found.",
    detail: "Leg does not exist, or you do not have access.",
};

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Whoever calls stands for no application, and conversations and users belong to one.
pub(crate) fn no_application() -> Refusal {
    Refusal::new(known::INVALID_TOKEN.details(), "token-without-application")
        .checked("which application the caller stands for")
        .seen("the caller is no application")
        .expected("a token with the claim `application_id`")
        .fix("call with a token of the application: ringback jwt create")
}

/// A token of a user, where one of the application alone is needed.
pub(crate) fn needs_admin(what: &str, user: &str) -> Refusal {
    Refusal::new(known::PERMISSION.details(), "token-of-a-user")
        .checked(format!("who may {what}"))
        .seen(format!("the token has the claim `sub`: it stands for the user {:?}", cut(user)))
        .expected("a token without the claim `sub`")
        .fix("mint the token without `sub`")
}

pub(crate) fn no_such_user(application: &ApplicationId, id_or_name: &str) -> Refusal {
    Refusal::new(known::USER_NOT_FOUND.details(), "user-unknown")
        .checked("that the application has this user, by id or name")
        .seen(format!("the application {application} has no user {:?}", cut(id_or_name)))
        .expected("the id, USR- and all, or the name of one of its users")
        .fix("list the users: ringback users list")
}

/// The user belongs to another application; the platform says that there is none.
pub(crate) fn foreign_user(id: &str, caller: &ApplicationId, owner: &ApplicationId) -> Refusal {
    Refusal::new(known::USER_NOT_FOUND.details(), "user-of-another-application")
        .checked("that the user belongs to the token's application")
        .seen(format!("the token is of application {caller}, but {} belongs to {owner}", cut(id)))
        .expected("a user of this application")
        .fix("mint the token with the id and private key of the application that has the user")
}

/// The leg belongs to another application; the platform says that there is none.
pub(crate) fn foreign_leg(id: &str, caller: &ApplicationId, owner: &ApplicationId) -> Refusal {
    Refusal::new(LEG_NOT_FOUND.details(), "leg-of-another-application")
        .checked("that the leg belongs to the token's application")
        .seen(format!("the token is of application {caller}, but {} belongs to {owner}", cut(id)))
        .expected("a leg of this application")
        .fix("mint the token with the id and private key of the application that has the leg")
}

pub(crate) fn user_name_taken(name: &str) -> Refusal {
    Refusal::new(known::DUPLICATE_USER_NAME.details(), "user-name-taken")
        .checked("that no other user of the application has this name")
        .seen(format!("there is a user {:?} already", cut(name)))
        .expected("a name that no user of the application has")
        .fix("choose another name, or change the user that has it")
}

pub(crate) fn user_name_reserved(name: &str) -> Refusal {
    Refusal::new(known::INVALID_USER_NAME.details(), "user-name-reserved")
        .checked("the name of the user")
        .seen(format!("the name was {:?}", cut(name)))
        .expected("a name that is not `me` and does not begin with `USR-`")
        .fix("choose another name")
}

pub(crate) fn conversation_name_taken(name: &str) -> Refusal {
    Refusal::new(known::DUPLICATE_NAME.details(), "conversation-name-taken")
        .checked("that no other conversation of the application has this name")
        .seen(format!("there is a conversation {:?} already", cut(name)))
        .expected("a name that no conversation of the application has")
        .fix("choose another name, or delete the conversation that has it")
}

/// The conversation that a call made for itself cannot be given a name and a time to live.
pub(crate) fn conversation_of_a_call(id: &str) -> Refusal {
    Refusal::new(INVALID_ACTION.details(), "conversation-of-a-call")
        .checked("whether the conversation outlives its calls")
        .seen(format!("a call made {} for itself; it goes with the call", cut(id)))
        .expected("a conversation that REST made, or an NCCO action `conversation`")
        .fix("make a conversation first, and let the call enter it by its name")
}

pub(crate) fn member_already_joined(user: &str, channel: &str) -> Refusal {
    Refusal::new(known::MEMBER_ALREADY_JOINED.about(channel), "member-already-joined")
        .checked("that the user has no member with the same channel type in the conversation")
        .seen(format!("{:?} has joined with a channel of type {channel} already", cut(user)))
        .expected("one joined member of each channel type for a user")
        .fix("let the other member leave first, or join with another channel type")
}

pub(crate) fn too_many_members(most: usize) -> Refusal {
    Refusal::new(MOST_MEMBERS.details(), "too-many-members")
        .checked("how many members are joined or invited")
        .seen(format!("there are {most} already"))
        .expected(format!("at most {most}"))
        .fix("let somebody leave first")
}

/// A member that has left does not come back.
pub(crate) fn member_has_left(id: &str) -> Refusal {
    Refusal::new(known::INVALID_MEMBER_STATE.details(), "member-has-left")
        .checked("the state of the member")
        .seen(format!("{id} has left the conversation"))
        .expected("a member that is invited or joined")
        .fix("make a new member of the same user")
}

/// Whom the platform is calling joins when it answers.
pub(crate) fn member_is_called(id: &str) -> Refusal {
    Refusal::new(known::INVALID_MEMBER_STATE.details(), "member-is-called")
        .checked("the state of the member")
        .seen(format!("{id} stands for a leg that has not been answered"))
        .expected("a member without a leg")
        .fix("answer the leg; it joins by that")
}

pub(crate) fn not_joined(id: &str) -> Refusal {
    Refusal::new(NOT_JOINED.details(), "sender-not-joined")
        .checked("the state of the member in `from`")
        .seen(format!("{id} is not in the conversation now"))
        .expected("a member in the state JOINED")
        .fix("let it join first, or leave `from` away")
}

pub(crate) fn delete_not_allowed(kind: &str, why: &'static str) -> Refusal {
    Refusal::new(DELETE_NOT_ALLOWED.details(), "event-stays")
        .checked("whether the event can be deleted")
        .seen(format!("it is of type {kind}: {why}"))
        .expected("an event of type message, text or custom:…, sent by the caller's own member")
        .fix("delete only what was sent as a message")
}

pub(crate) fn event_type_unknown(kind: &str) -> Refusal {
    Refusal::new(UNKNOWN_EVENT.details(), "event-type-unknown")
        .checked("the type of the event")
        .seen(format!("the type was {:?}", cut(kind)))
        .expected("custom:NAME of at most 100 characters, message, text, ephemeral or audio:…")
        .fix("send custom:NAME for what is the application's own; NAME has letters, digits, _, - and :")
}

pub(crate) fn no_such_leg(id: &str) -> Refusal {
    Refusal::new(LEG_NOT_FOUND.details(), "leg-unknown")
        .checked("that the application has this leg")
        .seen(format!("there is no leg {:?}", cut(id)))
        .expected("the id of a leg of this application")
        .fix("list the legs: GET /v0.3/legs")
}
