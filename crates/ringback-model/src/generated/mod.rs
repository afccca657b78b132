//! Everything generated from the spec by `cargo xtask codegen`.

use crate::{Limit, Operation, OperationInfo};

pub mod account;
pub mod applications;
pub mod beta;
pub mod calls;
mod common;
pub mod control;
pub mod event;
pub mod files;
pub mod insight;
pub mod ncco;
pub mod numbers;
pub mod v0_1;
pub mod v0_2;
pub mod v0_3;
pub mod v1;
pub mod webhook;

pub use common::{
    ApiKey, ApplicationId, ChannelType, ConversationId, Direction, Disconnector, HalLink, HalLinks,
    HttpMethod, LegId, LegStatus, MemberId, MemberState, RecordingId, SessionId, UserId,
};

/// Every operation there is, module by module.
pub static OPERATIONS: &[&OperationInfo] = &[
    account::GetBalance::INFO,
    applications::ListApplications::INFO,
    applications::CreateApplication::INFO,
    applications::GetApplication::INFO,
    applications::UpdateApplication::INFO,
    applications::DeleteApplication::INFO,
    beta::ListConversations::INFO,
    beta::GetConversation::INFO,
    beta::ListMembers::INFO,
    beta::GetMember::INFO,
    beta::ListEvents::INFO,
    beta::GetEvent::INFO,
    calls::ListCalls::INFO,
    calls::CreateCall::INFO,
    calls::GetCall::INFO,
    calls::UpdateCall::INFO,
    calls::StartStream::INFO,
    calls::StopStream::INFO,
    calls::StartTalk::INFO,
    calls::StopTalk::INFO,
    calls::SendDtmf::INFO,
    calls::SubscribeDtmf::INFO,
    calls::UnsubscribeDtmf::INFO,
    calls::CreateIpCall::INFO,
    control::GetEnvironment::INFO,
    control::ListCalls::INFO,
    control::PlaceCall::INFO,
    control::GetCall::INFO,
    control::HangUpCall::INFO,
    control::GetTranscript::INFO,
    control::ListPhones::INFO,
    control::SetPhone::INFO,
    control::AnswerPhone::INFO,
    control::DeclinePhone::INFO,
    control::HangUpPhone::INFO,
    control::ListWebhooks::INFO,
    control::GetWebhook::INFO,
    control::ReplayWebhook::INFO,
    control::GetClock::INFO,
    control::HoldClock::INFO,
    control::ReleaseClock::INFO,
    control::AdvanceClock::INFO,
    control::Reset::INFO,
    control::StreamEvents::INFO,
    control::ListRefusals::INFO,
    control::GetRefusal::INFO,
    control::GetHealth::INFO,
    files::GetFile::INFO,
    insight::BasicInsight::INFO,
    numbers::ListNumbers::INFO,
    numbers::SearchNumbers::INFO,
    numbers::BuyNumber::INFO,
    numbers::CancelNumber::INFO,
    numbers::UpdateNumber::INFO,
    v1::ListConversations::INFO,
    v1::GetConversation::INFO,
    v1::ListMembers::INFO,
    v1::GetMe::INFO,
    v1::GetMember::INFO,
    v1::ListEvents::INFO,
    v1::GetEvent::INFO,
];

/// What the documentation says about sizes and ranges, by module.
pub static LIMITS: &[(&str, &[Limit])] = &[
    ("applications", applications::LIMITS),
    ("beta", beta::LIMITS),
    ("calls", calls::LIMITS),
    ("control", control::LIMITS),
    ("event", event::LIMITS),
    ("insight", insight::LIMITS),
    ("ncco", ncco::LIMITS),
    ("numbers", numbers::LIMITS),
    ("v1", v1::LIMITS),
];

/// Calls a macro with the path of every operation, separated by commas.
#[macro_export]
macro_rules! for_each_operation {
    ($with:ident) => {
        $with! {
            $crate::account::GetBalance,
            $crate::applications::ListApplications,
            $crate::applications::CreateApplication,
            $crate::applications::GetApplication,
            $crate::applications::UpdateApplication,
            $crate::applications::DeleteApplication,
            $crate::beta::ListConversations,
            $crate::beta::GetConversation,
            $crate::beta::ListMembers,
            $crate::beta::GetMember,
            $crate::beta::ListEvents,
            $crate::beta::GetEvent,
            $crate::calls::ListCalls,
            $crate::calls::CreateCall,
            $crate::calls::GetCall,
            $crate::calls::UpdateCall,
            $crate::calls::StartStream,
            $crate::calls::StopStream,
            $crate::calls::StartTalk,
            $crate::calls::StopTalk,
            $crate::calls::SendDtmf,
            $crate::calls::SubscribeDtmf,
            $crate::calls::UnsubscribeDtmf,
            $crate::calls::CreateIpCall,
            $crate::control::GetEnvironment,
            $crate::control::ListCalls,
            $crate::control::PlaceCall,
            $crate::control::GetCall,
            $crate::control::HangUpCall,
            $crate::control::GetTranscript,
            $crate::control::ListPhones,
            $crate::control::SetPhone,
            $crate::control::AnswerPhone,
            $crate::control::DeclinePhone,
            $crate::control::HangUpPhone,
            $crate::control::ListWebhooks,
            $crate::control::GetWebhook,
            $crate::control::ReplayWebhook,
            $crate::control::GetClock,
            $crate::control::HoldClock,
            $crate::control::ReleaseClock,
            $crate::control::AdvanceClock,
            $crate::control::Reset,
            $crate::control::StreamEvents,
            $crate::control::ListRefusals,
            $crate::control::GetRefusal,
            $crate::control::GetHealth,
            $crate::files::GetFile,
            $crate::insight::BasicInsight,
            $crate::numbers::ListNumbers,
            $crate::numbers::SearchNumbers,
            $crate::numbers::BuyNumber,
            $crate::numbers::CancelNumber,
            $crate::numbers::UpdateNumber,
            $crate::v1::ListConversations,
            $crate::v1::GetConversation,
            $crate::v1::ListMembers,
            $crate::v1::GetMe,
            $crate::v1::GetMember,
            $crate::v1::ListEvents,
            $crate::v1::GetEvent,
        }
    };
}
