//! Pages of lists, in the platform's three ways of counting them.

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
