//! Pages of lists, in the platform's three ways of counting them.

use std::ops::Range;

use ringback_model::{HalLink, HalLinks, event::Order, problem::known};

use crate::{Exchange, Refusal, Request, refusal};

/// What a request says about the page it wants; the place is that of an item, hidden in hexadecimal.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) size: Option<u32>,
    pub(super) order: Option<&'a Order>,
    pub(super) cursor: Option<&'a str>,
}

/// One page of a list that is read by cursor.
pub(super) struct Page<T> {
    /// The items with their ordinals.
    pub(super) items: Vec<(u64, T)>,
    pub(super) size: Option<u32>,
    this: Option<u64>,
    next: Option<u64>,
    prev: Option<u64>,
}

impl Asked<'_> {
    /// The page of `all`, which are in the order of their ordinals.
    pub(super) fn page<T: Copy>(&self, all: &[(u64, T)]) -> Result<Page<T>, Refusal> {
        self.page_of(|keys| {
            let place = |end: u64| all.partition_point(|(key, _)| *key < end);
            all.get(place(keys.start)..place(keys.end)).unwrap_or_default().iter().copied()
        })
    }

    /// The page of a list that answers the items of some ordinals, in the order of these; no more
    /// of it is read than the page and the one before it.
    ///
    /// A cursor names the first item of its page: what is made or removed meanwhile moves nothing.
    pub(super) fn page_of<T, I: DoubleEndedIterator<Item = (u64, T)>>(
        &self,
        list: impl Fn(Range<u64>) -> I,
    ) -> Result<Page<T>, Refusal> {
        let size = checked_size(self.size)?;
        let newest_first = newest_first(self.order)?;
        let at = self.cursor.map(read_cursor).transpose()?;
        let before = |(key, _): (u64, T)| key;
        let mut items: Vec<_>;
        let prev;
        if newest_first {
            let end = at.map_or(u64::MAX, |at| at.saturating_add(1));
            items = list(0..end).rev().take(size + 1).collect();
            prev = list(end..u64::MAX).take(size).map(before).last();
        } else {
            let start = at.unwrap_or(0);
            items = list(start..u64::MAX).take(size + 1).collect();
            prev = list(0..start).rev().take(size).map(before).last();
        }
        let next = if items.len() > size { items.pop().map(before) } else { None };
        let this = prev.and_then(|_| items.first().map(|(key, _)| *key));
        Ok(Page { items, size: u32::try_from(size).ok(), this, next, prev })
    }
}

impl<T> Page<T> {
    /// What the items look like.
    pub(super) fn show<S>(&self, view: impl Fn(u64, &T) -> S) -> Vec<S> {
        self.items.iter().map(|(key, item)| view(*key, item)).collect()
    }

    /// This page and those around it, absolute: the Node SDK parses `next` as a URL.
    pub(super) fn links(&self, exchange: &Exchange, request: &Request) -> Option<HalLinks> {
        let base = address(exchange, request);
        let kept: Vec<&str> = request
            .parts
            .query
            .as_deref()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("page_size=")
            })
            .collect();
        let at = |from: Option<u64>| {
            let mut href = format!("{base}?page_size={}", self.size.unwrap_or_default());
            for pair in &kept {
                href.push('&');
                href.push_str(pair);
            }
            if let Some(from) = from {
                href.push_str(&format!("&cursor={from:016x}"));
            }
            HalLink::new(href)
        };
        let mut links = HalLinks::new();
        links.first = Some(at(None));
        links.this = Some(at(self.this));
        links.next = self.next.map(|next| at(Some(next)));
        links.prev = self.prev.map(|prev| at(Some(prev)));
        Some(links)
    }

    /// The place of this page as v0.2 writes it beside its links, in 128 digits.
    pub(super) fn cursor(&self) -> Option<String> {
        let first = self.items.first().map(|(key, _)| *key);
        Some(format!("{:0128x}", first.unwrap_or_default()))
    }
}

/// One page of a list that is read by the number of the page.
pub(super) struct Numbered<T> {
    pub(super) items: Vec<T>,
    pub(super) count: Option<u64>,
    pub(super) size: Option<u32>,
    pub(super) index: Option<u32>,
}

/// The page of `all` with this number, counted from 0.
pub(super) fn numbered<T>(
    all: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
    asked_size: Option<u32>,
    index: Option<u32>,
) -> Result<Numbered<T>, Refusal> {
    let size = checked_size(asked_size)?;
    let index = index.unwrap_or(0);
    let all = all.into_iter();
    let count = Some(all.len() as u64);
    let from = (index as usize).saturating_mul(size);
    let items = all.skip(from).take(size).collect();
    Ok(Numbered { items, count, size: u32::try_from(size).ok(), index: Some(index) })
}

impl<T> Numbered<T> {
    /// This page alone; these lists link no others.
    pub(super) fn links(&self, exchange: &Exchange, request: &Request) -> Option<HalLinks> {
        let mut links = HalLinks::new();
        links.this = Some(HalLink::new(format!(
            "{}?page_size={}&record_index={}",
            address(exchange, request),
            self.size.unwrap_or_default(),
            self.index.unwrap_or_default()
        )));
        Some(links)
    }
}

fn address(exchange: &Exchange, request: &Request) -> String {
    format!("{}{}", exchange.settings.origin, request.parts.path)
}

/// Whether the newest come first.
pub(super) fn newest_first(order: Option<&Order>) -> Result<bool, Refusal> {
    match order {
        None | Some(Order::Asc) => Ok(false),
        Some(Order::Desc) => Ok(true),
        Some(other) => {
            let reason = "\"order\" must be one of [asc, desc, ASC, DESC]";
            Err(refusal::invalid(known::conversation::VALIDATION, "order", reason, other.as_str()))
        }
    }
}

/// How many items a page has, where too many are refused.
fn checked_size(asked: Option<u32>) -> Result<usize, Refusal> {
    let words = match asked {
        Some(0) => "greater than or equal to 1",
        Some(size) if size > 100 => "less than or equal to 100",
        _ => return Ok(size(asked)),
    };
    let reason = format!("\"page_size\" must be {words}");
    let seen = asked.unwrap_or_default().to_string();
    Err(refusal::invalid(known::conversation::VALIDATION, "page_size", &reason, &seen))
}

fn read_cursor(text: &str) -> Result<u64, Refusal> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, 16)
        .ok()
        .filter(|_| digits && matches!(text.len(), 16 | 128))
        .ok_or_else(|| {
            let reason = "\"cursor\" must come from a link of this list";
            refusal::invalid(known::conversation::INVALID_CURSOR, "cursor", reason, text)
        })
}

/// The items of one page, by its place and size.
pub(super) fn slice<T>(items: &[T], page: usize, size: usize) -> &[T] {
    let from = page.saturating_mul(size).min(items.len());
    let to = from.saturating_add(size).min(items.len());
    &items[from..to]
}

/// How many items a page has.
pub(super) fn size(asked: Option<u32>) -> usize {
    asked.unwrap_or(10).clamp(1, 100) as usize
}
