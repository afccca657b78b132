//! The rules for the next page of a list.

use percent_encoding::percent_decode_str;

/// The value of a query parameter in a link, decoded once; links may be relative.
pub(crate) fn parameter(href: &str, name: &str) -> Option<String> {
    let query = href.split_once('?')?.1;
    let query = query.split('#').next()?;
    let value =
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
    let text = value.replace('+', " ");
    Some(percent_decode_str(&text).decode_utf8_lossy().into_owned()).filter(|text| !text.is_empty())
}

/// The page after `page` when pages count from `first` up to `total`.
pub(crate) fn next_page<I>(page: Option<I>, first: u32, total: impl Into<i128>) -> Option<I>
where
    I: Copy + Into<i128> + TryFrom<i128>,
{
    let page = page.map_or(first.into(), Into::into);
    let seen = page + 1 - i128::from(first);
    if seen < total.into() { I::try_from(page + 1).ok() } else { None }
}

/// The index after `index` when indices count from `first` and `count` is the total of items.
pub(crate) fn next_index<I>(
    index: Option<I>,
    first: u32,
    size: impl Into<i128>,
    count: impl Into<i128>,
) -> Option<I>
where
    I: Copy + Into<i128> + TryFrom<i128>,
{
    let index = index.map_or(first.into(), Into::into);
    let seen = size.into().max(1) * (index + 1 - i128::from(first));
    if count.into() > seen { I::try_from(index + 1).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_parameter_from_a_link() {
        #[track_caller]
        fn check(href: &str, expected: Option<&str>) {
            assert_eq!(parameter(href, "cursor").as_deref(), expected, "{href}");
        }
        check("https://api.nexmo.com/v1/users?page_size=2&cursor=88b3%2Bx%3D", Some("88b3+x="));
        check("/v1/users?cursor=a", Some("a"));
        check("https://api.nexmo.com//v1/users?order=asc", None);
        check("/v1/users?cursor=", None);
        check("", None);
    }

    #[test]
    fn counts_pages_and_indices() {
        assert_eq!(next_page(None::<u32>, 1, 2_i64), Some(2));
        assert_eq!(next_page(Some(2_u32), 1, 2_i64), None);
        assert_eq!(next_page(None::<u32>, 0, 1_u32), None);
        assert_eq!(next_index(None::<u32>, 1, 10_u32, 11_i64), Some(2));
        assert_eq!(next_index(Some(2_u32), 1, 10_u32, 20_i64), None);
        assert_eq!(next_index(Some(0_i64), 0, 0_u32, 2_u64), Some(1));
    }
}
