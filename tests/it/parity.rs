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
    ("applications.ListApplications", "applications/list.json"),
    ("applications.CreateApplication", "applications/created.json"),
    ("applications.GetApplication", "applications/created.json"),
    ("applications.UpdateApplication", "applications/created.json"),
    ("beta.ListConversations", "beta/conversation-list.json"),
    ("beta.GetConversation", "beta/conversation.json"),
    ("beta.ListMembers", "beta/members.json"),
    ("beta.ListEvents", "beta/events.json"),
    ("insight.BasicInsight", "insight/basic.json"),
    ("numbers.ListNumbers", "numbers/owned.json"),
    ("numbers.SearchNumbers", "numbers/available.json"),
    ("numbers.BuyNumber", "numbers/success.json"),
    ("numbers.CancelNumber", "numbers/success.json"),
    ("numbers.UpdateNumber", "numbers/success.json"),
    ("v1.ListConversations", "v1/conversation-list.json"),
    ("v1.GetConversation", "v1/conversation.json"),
    ("v1.ListMembers", "v1/member-list.json"),
    ("v1.GetMe", "v1/member.json"),
    ("v1.GetMember", "v1/member.json"),
    ("v1.ListEvents", "v1/event-list.json"),
];

/// Replies of which public documentation shows no document of their own, but only as items of a list.
const SHOWN_IN_LISTS: &[(&str, &str)] = &[
    ("beta.GetEvent", "beta/events.json"),
    ("beta.GetMember", "beta/conversation.json"),
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
