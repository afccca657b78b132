//! The REST calls that the exchange answers, from the same state that calls run on.

/// What a request says about the page it wants.
macro_rules! asked {
    ($operation:expr) => {
        $crate::rest::page::Asked {
            size: $operation.page_size,
            order: $operation.order.as_ref(),
            cursor: $operation.cursor.as_deref(),
        }
    };
}

/// Which events a request asks for.
macro_rules! filter {
    ($operation:expr) => {
        $crate::rest::events::Filter {
            start: $operation.start_id.as_deref(),
            end: $operation.end_id.as_deref(),
            kind: $operation.event_type.as_ref(),
            without_deleted: false,
        }
    };
}

mod act;
pub(crate) mod applications;
mod beta;
mod calls;
mod capabilities;
pub(crate) mod control;
mod events;
mod files;
mod first;
mod legs;
mod lookup;
mod members;
mod numbers;
mod old;
mod page;
mod pricing;
mod seed;
mod users;
mod v0_1;
mod v0_2;
mod v0_3;
mod v1;
pub(crate) mod view;
mod write;

pub use files::File;

use ringback_model::numbers as number_ops;
use ringback_model::{
    Operation, Timestamp, account, applications as apps, calls as call_ops, control as ctl, insight,
};

use crate::{Answer, Exchange, Refusal, Request, refusal};

type Serve = fn(&mut Exchange, Timestamp, &Request) -> Result<Answer, Refusal>;

/// An operation, by its id, and what serves it.
type Row = (&'static str, Serve);

/// Every operation that the exchange serves; conversations and users by their generation.
const TABLES: &[&[Row]] =
    &[SERVED, beta::SERVED, v0_1::SERVED, v0_2::SERVED, v0_3::SERVED, v1::SERVED];

/// What is not about conversations and users.
const SERVED: &[Row] = &[
    (apps::ListApplications::INFO.id, |x, _, r| run(r, |op| applications::list(x, &op))),
    (apps::CreateApplication::INFO.id, |x, _, r| {
        run(r, |op| applications::create(x, op, r.key_pair.as_ref()))
    }),
    (apps::GetApplication::INFO.id, |x, _, r| run(r, |op| applications::get(x, &op))),
    (apps::UpdateApplication::INFO.id, |x, _, r| run(r, |op| applications::update(x, op))),
    (apps::DeleteApplication::INFO.id, |x, _, r| run(r, |op| applications::delete(x, &op))),
    (number_ops::ListNumbers::INFO.id, |x, _, r| run(r, |op| numbers::list(x, &op))),
    (number_ops::SearchNumbers::INFO.id, |x, _, r| run(r, |op| numbers::search(x, &op))),
    (number_ops::BuyNumber::INFO.id, |x, _, r| run(r, |op| numbers::buy(x, &op))),
    (number_ops::CancelNumber::INFO.id, |x, _, r| run(r, |op| numbers::cancel(x, &op))),
    (number_ops::UpdateNumber::INFO.id, |x, _, r| run(r, |op| numbers::update(x, op))),
    (account::GetBalance::INFO.id, |x, _, r| run(r, |op| Ok(numbers::balance(x, &op)))),
    (account::GetPhonePricing::INFO.id, |x, _, r| run(r, |op| pricing::of_number(x, &op))),
    (account::GetPricing::INFO.id, |_, _, r| run(r, |op| pricing::of_country(&op))),
    (insight::BasicInsight::INFO.id, |_, _, r| run(r, |op| Ok(numbers::insight(&op)))),
    (ctl::Seed::INFO.id, |x, now, r| run(r, |op| seed::plant(x, now, op))),
    (ctl::ListCalls::INFO.id, |x, _, r| run(r, |op| Ok(control::calls(x, &op)))),
    (ctl::PlaceCall::INFO.id, |x, now, r| run(r, |op| control::place_call(x, now, op))),
    (ctl::GetCall::INFO.id, |x, _, r| run(r, |op| control::call(x, &op))),
    (ctl::HangUpCall::INFO.id, |x, now, r| run(r, |op| control::hang_up_call(x, now, &op))),
    (ctl::ListPhones::INFO.id, |x, _, r| run(r, |op| Ok(control::phones(x, &op)))),
    (ctl::SetPhone::INFO.id, |x, _, r| run(r, |op| control::set_phone(x, &op))),
    (ctl::AnswerPhone::INFO.id, |x, now, r| run(r, |op| control::answer_phone(x, now, &op))),
    (ctl::DeclinePhone::INFO.id, |x, now, r| run(r, |op| control::decline_phone(x, now, &op))),
    (ctl::HangUpPhone::INFO.id, |x, now, r| run(r, |op| control::hang_up_phone(x, now, &op))),
    (ctl::PressKeys::INFO.id, |x, now, r| run(r, |op| control::press_keys(x, now, &op))),
    (ctl::Say::INFO.id, |x, now, r| run(r, |op| control::say(x, now, &op))),
    (ctl::ListRecordings::INFO.id, |x, _, r| run(r, |op| Ok(control::recordings(x, &op)))),
    (call_ops::ListCalls::INFO.id, |x, _, r| run(r, |op| calls::list(x, r, &op))),
    (call_ops::CreateCall::INFO.id, |x, now, r| run(r, |op| calls::create(x, now, r, &op))),
    (call_ops::CreateIpCall::INFO.id, |x, now, r| run(r, |op| calls::create_ip(x, now, r, &op))),
    (call_ops::GetCall::INFO.id, |x, _, r| run(r, |op| calls::get(x, &r.caller, &op))),
    (call_ops::UpdateCall::INFO.id, |x, now, r| run(r, |op| calls::update(x, now, r, &op))),
    (call_ops::StartTalk::INFO.id, |x, now, r| {
        run(r, |op| calls::start_talk(x, now, &r.caller, &op))
    }),
    (call_ops::StopTalk::INFO.id, |x, now, r| {
        run(r, |op| calls::stop_talk(x, now, &r.caller, &op))
    }),
    (call_ops::StartStream::INFO.id, |x, now, r| {
        run(r, |op| calls::start_stream(x, now, &r.caller, &op))
    }),
    (call_ops::StopStream::INFO.id, |x, now, r| {
        run(r, |op| calls::stop_stream(x, now, &r.caller, &op))
    }),
    (call_ops::SendDtmf::INFO.id, |x, now, r| {
        run(r, |op| calls::send_dtmf(x, now, &r.caller, &op))
    }),
    (call_ops::SubscribeDtmf::INFO.id, |x, _, r| run(r, |op| calls::subscribe(x, &r.caller, &op))),
    (call_ops::UnsubscribeDtmf::INFO.id, |x, _, r| {
        run(r, |op| calls::unsubscribe(x, &r.caller, &op))
    }),
];

fn row(id: &str) -> Option<Serve> {
    TABLES.iter().copied().flatten().find(|(served, _)| *served == id).map(|(_, serve)| *serve)
}

pub(crate) fn serves(id: &str) -> bool {
    row(id).is_some()
}

pub(crate) fn serve(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
) -> Result<Answer, Refusal> {
    let id = request.operation.id;
    match row(id) {
        Some(serve) => serve(exchange, now, request),
        None => Err(refusal::not_served(id)),
    }
}

/// Reads an operation, lets it be served, and writes its reply.
fn run<O: Operation>(
    request: &Request,
    serve: impl FnOnce(O) -> Result<O::Reply, Refusal>,
) -> Result<Answer, Refusal> {
    let operation = O::decode(&request.parts).map_err(|fault| refusal::fault(O::INFO, &fault))?;
    let reply = serve(operation)?;
    answer::<O>(&reply)
}

pub(crate) fn answer<O: Operation>(reply: &O::Reply) -> Result<Answer, Refusal> {
    let body = match O::INFO.reply {
        ringback_model::operation::ReplyKind::Json => {
            // Our own types: there is nothing in them that JSON cannot hold.
            serde_json::to_vec(reply).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    Ok(Answer { status: O::INFO.success.first().copied().unwrap_or(200), body })
}
