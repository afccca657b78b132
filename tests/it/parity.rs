//! Every operation of the spec can be reached, and what the platform answers to it can be read.

use std::{collections::BTreeSet, fs, process::Command};

use bytes::Bytes;
use ringback_model::{
    OPERATIONS, Operation,
    operation::{Host, OperationInfo, ReplyKind},
};
use ringback_tests::{binary, root};

/// What public documentation shows as the reply to each operation of the platform.
const FIXTURES: &[(&str, &str)] = &[
    ("account.GetBalance", "account/balance.json"),
    ("account.GetPhonePricing", "account/phone-pricing.json"),
    ("account.GetPricing", "account/country-pricing.json"),
    ("applications.ListApplications", "applications/list.json"),
    ("applications.CreateApplication", "applications/created.json"),
    ("applications.GetApplication", "applications/created.json"),
    ("applications.UpdateApplication", "applications/created.json"),
    ("calls.ListCalls", "calls/list.json"),
    ("calls.CreateCall", "calls/created.json"),
    ("calls.GetCall", "calls/call.json"),
    ("calls.StartStream", "calls/stream-started.json"),
    ("calls.StopStream", "calls/stream-stopped.json"),
    ("calls.StartTalk", "calls/talk-started.json"),
    ("calls.StopTalk", "calls/talk-stopped.json"),
    ("calls.SendDtmf", "calls/dtmf-sent.json"),
    ("calls.CreateIpCall", "calls/created-ip.json"),
    ("insight.BasicInsight", "insight/basic.json"),
    ("numbers.ListNumbers", "numbers/owned.json"),
    ("numbers.SearchNumbers", "numbers/available.json"),
    ("numbers.BuyNumber", "numbers/success.json"),
    ("numbers.CancelNumber", "numbers/success.json"),
    ("numbers.UpdateNumber", "numbers/success.json"),
    ("beta.ListConversations", "beta/conversation-list.json"),
    ("beta.CreateConversation", "beta/created.json"),
    ("beta.GetConversation", "beta/conversation.json"),
    ("beta.UpdateConversation", "beta/created.json"),
    ("beta.DeleteConversation", "beta/nothing.json"),
    ("beta.ListMembers", "beta/members.json"),
    ("beta.CreateMember", "beta/member.json"),
    ("beta.UpdateMember", "beta/member-updated.json"),
    ("beta.DeleteMember", "beta/nothing.json"),
    ("beta.ListEvents", "beta/events.json"),
    ("beta.CreateEvent", "beta/event-created.json"),
    ("beta.DeleteEvent", "beta/nothing.json"),
    ("beta.ListUsers", "beta/users.json"),
    ("beta.CreateUser", "beta/user-created.json"),
    ("beta.GetUser", "beta/user.json"),
    ("beta.UpdateUser", "beta/user-updated.json"),
    ("beta.DeleteUser", "beta/nothing.json"),
    ("beta.ListUserConversations", "beta/user-conversations.json"),
    ("beta.ListLegs", "beta/legs.json"),
    ("beta.DeleteLeg", "beta/nothing.json"),
    ("v0_1.ListConversations", "v0_1/conversation-list.json"),
    ("v0_1.CreateConversation", "v0_1/created.json"),
    ("v0_1.GetConversation", "v0_1/conversation.json"),
    ("v0_1.UpdateConversation", "v0_1/created.json"),
    ("v0_1.DeleteConversation", "beta/nothing.json"),
    ("v0_1.ListMembers", "v0_1/members.json"),
    ("v0_1.CreateMember", "v0_1/member.json"),
    ("v0_1.UpdateMember", "v0_1/member-updated.json"),
    ("v0_1.DeleteMember", "beta/nothing.json"),
    ("v0_1.ListEvents", "v0_1/events.json"),
    ("v0_1.CreateEvent", "v0_1/event-created.json"),
    ("v0_1.DeleteEvent", "beta/nothing.json"),
    ("v0_1.ListUsers", "v0_1/users.json"),
    ("v0_1.CreateUser", "v0_1/user-created.json"),
    ("v0_1.GetUser", "v0_1/user.json"),
    ("v0_1.UpdateUser", "v0_1/user-updated.json"),
    ("v0_1.DeleteUser", "beta/nothing.json"),
    ("v0_1.ListUserConversations", "v0_1/user-conversations.json"),
    ("v0_1.ListLegs", "v0_1/legs.json"),
    ("v0_1.DeleteLeg", "beta/nothing.json"),
    ("beta.GetMember", "beta/member.json"),
    ("v0_1.GetMember", "v0_1/member.json"),
    ("v0_1.GetEvent", "v0_1/event.json"),
    ("v0_2.ListConversations", "v0_2/conversation-list.json"),
    ("v0_2.ListMembers", "v0_2/member-list.json"),
    ("v0_2.ListEvents", "v0_2/event-list.json"),
    ("v0_2.DeleteEvent", "beta/nothing.json"),
    ("v0_2.ListUsers", "v0_2/user-list.json"),
    ("v0_3.ListConversations", "v0_3/conversation-list.json"),
    ("v0_3.CreateConversation", "v0_3/conversation.json"),
    ("v0_3.GetConversation", "v0_3/conversation.json"),
    ("v0_3.UpdateConversation", "v0_3/conversation.json"),
    ("v0_3.ListMembers", "v0_3/member-list.json"),
    ("v0_3.CreateMember", "v0_3/member.json"),
    ("v0_3.GetMember", "v0_3/member.json"),
    ("v0_3.UpdateMember", "v0_3/member.json"),
    ("v0_3.ListEvents", "v0_3/event-list.json"),
    ("v0_3.CreateEvent", "v0_3/event-created.json"),
    ("v0_3.GetEvent", "v0_3/event.json"),
    ("v0_3.DeleteEvent", "beta/nothing.json"),
    ("v0_3.ListUsers", "v0_3/user-list.json"),
    ("v0_3.CreateUser", "v0_3/user.json"),
    ("v0_3.GetUser", "v0_3/user.json"),
    ("v0_3.UpdateUser", "v0_3/user.json"),
    ("v0_3.ListUserConversations", "v0_3/user-conversations.json"),
    ("v0_3.ListLegs", "v0_3/legs.json"),
    ("v0_3.DeleteLeg", "beta/nothing.json"),
    ("v1.ListConversations", "v1/conversation-list.json"),
    ("v1.CreateConversation", "v1/conversation.json"),
    ("v1.GetConversation", "v1/conversation.json"),
    ("v1.UpdateConversation", "v1/conversation.json"),
    ("v1.StartTalk", "v1/talk-started.json"),
    ("v1.StopTalk", "v1/talk-stopped.json"),
    ("v1.StartStream", "v1/stream-started.json"),
    ("v1.StopStream", "v1/stream-stopped.json"),
    ("v1.ListMembers", "v1/member-list.json"),
    ("v1.CreateMember", "v1/member.json"),
    ("v1.GetMe", "v1/member.json"),
    ("v1.GetMember", "v1/member.json"),
    ("v1.UpdateMember", "v1/member.json"),
    ("v1.ListEvents", "v1/event-list.json"),
    ("v1.ListUsers", "v1/user-list.json"),
    ("v1.CreateUser", "v1/user.json"),
    ("v1.GetUser", "v1/user.json"),
    ("v1.UpdateUser", "v1/user.json"),
    ("v1.ListUserConversations", "v1/user-conversations.json"),
    ("v1.ListUserSessions", "v1/user-sessions.json"),
];

/// Replies of which public documentation shows no document of their own, but only as items of a list.
const SHOWN_IN_LISTS: &[(&str, &str)] = &[
    ("beta.GetEvent", "beta/events.json"),
    ("v1.CreateEvent", "v1/event-list.json"),
    ("v1.GetEvent", "v1/event-list.json"),
];

fn is_platform(info: &OperationInfo) -> bool {
    info.host != Host::Control
}

#[test]
fn every_operation_is_reached_by_the_command_line() {
    let output =
        Command::new(binary("ringback")).args(["api", "--list", "-o", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    let missing: Vec<_> = OPERATIONS
        .iter()
        .map(|info| info.id)
        .filter(|id| !listed.contains(&format!("\"{id}\"")))
        .collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

#[test]
fn every_operation_of_the_platform_has_a_fixture() {
    let there: BTreeSet<_> = FIXTURES.iter().chain(SHOWN_IN_LISTS).map(|(id, _)| *id).collect();
    let due: BTreeSet<_> = OPERATIONS
        .iter()
        .filter(|info| is_platform(info) && info.reply == ReplyKind::Json)
        .map(|info| info.id)
        .collect();
    assert_eq!(there, due);
}

/// Reads the fixture of an operation as its reply.
fn read<O: Operation>() {
    if let Some((_, name)) = FIXTURES.iter().find(|(id, _)| *id == O::INFO.id) {
        let bytes = fs::read(root().join("tests/fixtures").join(name)).unwrap();
        let refused = O::read_reply(Bytes::from(bytes)).err();
        assert!(refused.is_none(), "{} cannot read {name}: {refused:?}", O::INFO.id);
    }
}

macro_rules! read_each {
    ($($operation:path),+ $(,)?) => {
        $(read::<$operation>();)+
    };
}

#[test]
fn every_fixture_is_read_as_the_reply_of_its_operation() {
    ringback_model::for_each_operation!(read_each);
}

#[test]
fn no_two_operations_share_method_and_path() {
    let mut seen = BTreeSet::new();
    for info in OPERATIONS {
        assert!(seen.insert((info.method.as_str(), info.path)), "{} {}", info.method, info.path);
    }
}
