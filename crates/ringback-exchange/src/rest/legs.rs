//! The legs of an application, as the generations before v1 list them.

use ringback_model::{
    ConversationId, Kept, LegId, Nothing, SessionId, Timestamp,
    v0_1::{EmbeddedLegs, Leg as View, LegList, LegRtc},
};

use super::{lookup, page, view};
use crate::{
    Exchange, Refusal, Request,
    far::Far,
    id::{Id, Purpose},
    leg::Leg,
    refusal,
};

/// The legs of the caller's application, the oldest first.
pub(super) fn list(
    exchange: &Exchange,
    request: &Request,
    generation: &str,
    page_size: Option<u32>,
    record_index: Option<u32>,
) -> Result<LegList, Refusal> {
    let application = lookup::application(&request.caller)?;
    let page = page::numbered(exchange.legs_of.of(application), page_size, record_index)?;
    let legs = page.items.iter().filter_map(|key| exchange.legs.get(**key));
    let items = legs.map(|leg| shown(exchange, generation, leg)).collect();
    let mut list = LegList::new(EmbeddedLegs::new(items));
    (list.count, list.page_size, list.record_index) = (page.count, page.size, page.index);
    list.links = page.links(exchange, request);
    Ok(list)
}

fn shown(exchange: &Exchange, generation: &str, leg: &Leg) -> Kept<View> {
    let conversation = exchange.conversations.get(leg.conversation).map(|found| found.id);
    let first = || exchange.calls.get(leg.call)?.first_conversation();
    let (from, to) = leg.ends();
    let ended = leg.state.is_over().then(|| "terminated".to_owned());
    // Empty text for a time that has not come, as in the sample.
    let time = |at: Option<Timestamp>| Some(at.map(|at| at.to_string()).unwrap_or_default());
    let mut shown = View::new(leg.id());
    shown.kind = Some(leg.far.kind());
    shown.conversation_uuid =
        conversation.or_else(first).map(|id| ConversationId::new(id.dashed("CON-")));
    shown.status = Some(leg.state.status());
    shown.state.clone_from(&ended);
    (shown.from, shown.to) = (Some(from), Some(to));
    (shown.start_time, shown.end_time) = (time(leg.answered), time(leg.ended));
    if matches!(leg.far, Far::App) {
        let key = exchange.leg_ids.get(&leg.id).copied().unwrap_or_default();
        let session = Id::derive(exchange.settings.seed, Purpose::Session, key, 0);
        let mut rtc = LegRtc::new();
        rtc.session_id = Some(SessionId::new(session.dashed("SES-")));
        rtc.state = ended;
        shown.rtc = Some(rtc);
    }
    let origin = &exchange.settings.origin;
    shown.links = Some(view::link(format!("{origin}/{generation}/legs/{}", leg.id())));
    Kept::new(shown)
}

/// Hangs a leg up; one that is over stays as it is.
pub(super) fn delete(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    id: &LegId,
) -> Result<Nothing, Refusal> {
    let application = lookup::application(&request.caller)?;
    let text = id.as_str();
    let Some(key) = exchange.leg_by_id(text) else {
        let unknown = refusal::room::no_such_leg(text);
        return Err(refusal::misplaced(unknown, "leg", text, false));
    };
    let call = exchange.legs.get(key).and_then(|leg| exchange.calls.get(leg.call));
    match call.map(|call| &call.routes.application) {
        Some(owner) if owner == application => {}
        Some(owner) => return Err(refusal::room::foreign_leg(text, application, owner)),
        None => return Err(refusal::room::no_such_leg(text)),
    }
    exchange.platform_hangs_up(now, key);
    Ok(Nothing)
}
