//! In which columns the lanes stand.

use ringback_model::control::PartyKind;

use crate::lanes::Lane;

/// Columns left of the first lane, where there are no times whose columns a name may use.
const LEFT: usize = 6;
/// Columns right of the last lane.
const RIGHT: usize = 3;
/// Columns of the times.
const TIMES: usize = 10;
/// Ladders do not become wider than this.
const WIDEST: usize = 140;
/// Nor narrower.
const NARROWEST: usize = 40;
/// Two lanes are at least so far apart.
const LEAST: usize = 4;

/// Where everything stands, in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The width of each row.
    pub(crate) width: usize,
    /// Columns of the times, the space after them included; 0 without.
    pub(crate) times: usize,
    /// The column of each lane.
    pub(crate) lanes: Vec<usize>,
}

impl Layout {
    /// Shares the width among the lanes, wider where more is written.
    pub(crate) fn of(lanes: &[Lane], width: usize, times: bool) -> Self {
        let width = width.clamp(NARROWEST, WIDEST);
        let times = if times { TIMES } else { 0 };
        let left = if times > 0 { times + 1 } else { LEFT };
        let room = width - left - RIGHT - 1;
        let gaps: Vec<(usize, usize)> = lanes.windows(2).map(gap).collect();
        let wanted: usize = gaps.iter().map(|(least, _)| least).sum();
        let shares: usize = gaps.iter().map(|(_, share)| share).sum();
        let mut column = left;
        let mut columns = Vec::with_capacity(lanes.len());
        if !lanes.is_empty() {
            columns.push(column);
        }
        for (least, share) in gaps {
            let gap = match room.checked_sub(wanted) {
                Some(rest) => least + (rest * share / shares.max(1)).min(least),
                None => (least * room / wanted.max(1)).max(LEAST),
            };
            column += gap;
            columns.push(column);
        }
        let width = width.max(column + RIGHT + 1);
        Self { width, times, lanes: columns }
    }
}

/// The least distance of two neighbours that looks good, and their share of what is left.
fn gap(pair: &[Lane]) -> (usize, usize) {
    match (pair.first().map(|lane| &lane.kind), pair.last().map(|lane| &lane.kind)) {
        (Some(PartyKind::Platform), Some(PartyKind::Application)) => (24, 5),
        (Some(PartyKind::Application | PartyKind::Phone), Some(PartyKind::Phone)) => (13, 1),
        _ => (22, 3),
    }
}
