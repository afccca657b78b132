//! The calls of an application, filtered and in pages.

use ringback_model::{
    ApplicationId, HalLink, HalLinks, Kept, LegStatus,
    calls::{CallList, EmbeddedCalls, ListCalls},
    event::Order,
};

use super::{application, owner, status, view};
use crate::{Exchange, Refusal, Request, id::Id, refusal, rest::page};

const STATUSES: &str = "must be one of: started, ringing, answered, machine, completed, busy, \
     cancelled, failed, rejected, timeout, unanswered";

pub(in crate::rest) fn list(
    exchange: &Exchange,
    request: &Request,
    operation: &ListCalls,
) -> Result<CallList, Refusal> {
    let id = application(&request.caller)?;
    check(operation)?;
    let all = exchange.legs_of.of(id);
    let found = filtered(exchange, id, operation);
    let total = found.as_ref().map_or(all.len(), Vec::len);
    let size = page::size(operation.page_size);
    let index = operation.record_index.unwrap_or(0);
    let at = usize::try_from(index).unwrap_or(usize::MAX);
    let newest_first = operation.order == Some(Order::Desc);
    let keys = match &found {
        Some(found) => page_of(found.iter(), newest_first, at, size),
        None => page_of(all, newest_first, at, size),
    };
    let legs = keys.into_iter().filter_map(|key| exchange.legs.get(key));
    let calls = legs.map(|leg| Kept::new(view(exchange, leg))).collect();
    let mut list = CallList::new(EmbeddedCalls::new(calls));
    list.count = Some(total as u64);
    list.page_size = u32::try_from(size).ok();
    list.record_index = Some(index);
    list.links = Some(links(exchange, request, size, at, total));
    Ok(list)
}

/// The legs of an application that the filters leave; none when there are no filters.
fn filtered(exchange: &Exchange, id: &ApplicationId, operation: &ListCalls) -> Option<Vec<u64>> {
    let conversation = operation.conversation_uuid.as_ref().map(|id| {
        let id = id.as_str().strip_prefix("CON-").and_then(Id::from_dashed);
        id.and_then(|id| exchange.conversation_ids.get(&id)).copied()
    });
    if operation.status.is_none()
        && operation.date_start.is_none()
        && operation.date_end.is_none()
        && conversation.is_none()
    {
        return None;
    }
    let wanted = |key: &u64| {
        exchange.legs.get(*key).is_some_and(|leg| {
            operation.status.as_ref().is_none_or(|wanted| *wanted == status(leg))
                && operation.date_start.is_none_or(|start| leg.made >= start)
                && operation.date_end.is_none_or(|end| leg.made <= end)
                && conversation.is_none_or(|wanted| wanted == Some(leg.conversation))
                && owner(exchange, leg) == Some(id)
        })
    };
    let there = conversation.flatten().and_then(|key| exchange.conversations.get(key));
    let legs = match (there, conversation) {
        // One that is there knows who is in it, and who has been.
        (Some(there), _) => {
            let mut legs: Vec<u64> = there.members.iter().filter_map(|member| member.leg).collect();
            legs.sort_unstable();
            legs.dedup();
            legs.retain(wanted);
            legs
        }
        (None, Some(None)) => Vec::new(),
        _ => exchange.legs_of.of(id).filter(|key| wanted(key)).copied().collect(),
    };
    Some(legs)
}

/// The keys of one page, by its place and size.
fn page_of<'a>(
    all: impl DoubleEndedIterator<Item = &'a u64>,
    newest_first: bool,
    place: usize,
    size: usize,
) -> Vec<u64> {
    let from = place.saturating_mul(size);
    if newest_first {
        all.rev().skip(from).take(size).copied().collect()
    } else {
        all.skip(from).take(size).copied().collect()
    }
}

fn check(operation: &ListCalls) -> Result<(), Refusal> {
    // `human` is an event, never the status of a call.
    if let Some(word @ (LegStatus::Unknown(_) | LegStatus::Human | LegStatus::Disconnected)) =
        &operation.status
    {
        return Err(refusal::voice::field("status", STATUSES, word.as_str()));
    }
    if let Some(Order::Unknown(word)) = &operation.order {
        return Err(refusal::voice::field("order", "must be one of: asc, desc", word));
    }
    if let Some(size) = operation.page_size.filter(|size| !(1..=100).contains(size)) {
        let reason = "must be between 1 and 100";
        return Err(refusal::voice::field("page_size", reason, &size.to_string()));
    }
    Ok(())
}

/// This page and those around it, absolute because a client parses them as URLs.
///
/// `record_index` counts pages, not calls (inferred from two clients); `first` leaves it out, and
/// so does `last` where it is the same.
fn links(
    exchange: &Exchange,
    request: &Request,
    size: usize,
    index: usize,
    total: usize,
) -> HalLinks {
    let mut base = format!("{}/v1/calls?page_size={size}", exchange.settings.origin);
    let mut filters = String::new();
    for pair in request.parts.query.as_deref().unwrap_or_default().split('&') {
        let name = pair.split('=').next().unwrap_or(pair);
        if !matches!(name, "" | "page_size" | "record_index") {
            filters.push('&');
            filters.push_str(pair);
        }
    }
    let at = |index: usize| Some(HalLink::new(format!("{base}&record_index={index}{filters}")));
    let last = total.saturating_sub(1) / size;
    let mut links = HalLinks::new();
    links.this = at(index);
    links.next = (index < last).then(|| at(index + 1)).flatten();
    links.prev = index.checked_sub(1).and_then(|index| at(index.min(last)));
    links.last = (last > 0).then(|| at(last)).flatten();
    base.push_str(&filters);
    links.last = links.last.or_else(|| Some(HalLink::new(base.clone())));
    links.first = Some(HalLink::new(base));
    links
}
