//! A ladder as text, all at once or while the call goes on.

use ringback_model::control::{Party, TranscriptEntry, TranscriptKind};

use crate::{
    canvas::{Canvas, Ink, clean, columns, cut, wrap},
    lanes::Lanes,
    layout::Layout,
    row::{self, Row},
};

/// How a ladder of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// The width of each row in columns, from 40 to 140; more when there are too many lanes.
    pub width: usize,
    /// Colours by ANSI escapes.
    pub color: bool,
    /// Nothing but ASCII.
    pub ascii: bool,
    /// Seconds since the first entry before each row.
    pub times: bool,
}

impl Default for TextOptions {
    /// 80 columns with times, without colours.
    fn default() -> Self {
        Self { width: 80, color: false, ascii: false, times: true }
    }
}

/// Draws a whole transcript.
///
/// Every row has the same width in columns and ends with a line break.
#[must_use]
pub fn text(entries: &[TranscriptEntry], options: &TextOptions) -> String {
    let mut ladder = Ladder::new(*options);
    ladder.lanes = Lanes::of(entries);
    let mut out = String::new();
    for entry in entries {
        out.push_str(&ladder.row(entry));
    }
    out
}

/// A ladder that grows with the call.
///
/// The header is drawn before the first row, and again when a party comes that had no lane yet;
/// parties that are expected are named beforehand with [`Ladder::caller`] and [`Ladder::party`].
#[derive(Clone, Debug)]
pub struct Ladder {
    options: TextOptions,
    lanes: Lanes,
    /// The layout of the header that was drawn last.
    layout: Option<Layout>,
    origin: Option<i64>,
    last: i64,
}

/// More than this between two rows is shown by a row without an entry.
const PAUSE_MILLIS: i64 = 1000;
/// So many rows are spent on one error.
const ERROR_ROWS: usize = 4;

impl Ladder {
    /// A ladder without lanes.
    #[must_use]
    pub fn new(options: TextOptions) -> Self {
        Self { options, lanes: Lanes::default(), layout: None, origin: None, last: 0 }
    }

    /// Expects a phone on the left, where callers stand.
    #[must_use]
    pub fn caller(mut self, party: &Party) -> Self {
        self.lanes.add(party, true);
        self
    }

    /// Expects the platform, an application, or a phone on the right, where callees stand.
    #[must_use]
    pub fn party(mut self, party: &Party) -> Self {
        self.lanes.add(party, false);
        self
    }

    /// Draws an entry: the header when it is due, then one row or several, each with a line break.
    pub fn row(&mut self, entry: &TranscriptEntry) -> String {
        let mut out = String::new();
        self.lanes.meet(entry);
        let layout = Layout::of(self.lanes.as_slice(), self.options.width, self.options.times);
        let at = entry.at.as_millis();
        let origin = *self.origin.get_or_insert(at);
        let first = self.layout.is_none();
        // A new lane moves the others, so the layouts differ then.
        if self.layout.as_ref() != Some(&layout) {
            if !first {
                Canvas::new(layout.width).finish(false, &mut out);
            }
            self.header(&layout, &mut out);
            self.layout = Some(layout.clone());
        } else if at.saturating_sub(self.last) > PAUSE_MILLIS {
            self.lifelines(&layout).finish(self.options.color, &mut out);
        }
        self.last = at;
        let time = row::time(origin, at);
        let label = clean(&row::label(entry), self.options.ascii);
        match Row::of(entry, &self.lanes) {
            Some(Row::Arrow { from, to }) => {
                self.arrow(&layout, entry, &label, &time, (from, to), &mut out);
            }
            Some(Row::Note { lane }) => self.note(&layout, entry, &label, &time, lane, &mut out),
            None => {
                let mut canvas = Canvas::new(layout.width);
                write_time(&mut canvas, &layout, &time);
                let most = layout.width - layout.times;
                canvas.write(
                    layout.times,
                    &cut(&label, most, self.options.ascii),
                    ink(&entry.kind),
                );
                canvas.finish(self.options.color, &mut out);
            }
        }
        out
    }

    /// The names of the lanes, and their numbers below.
    fn header(&self, layout: &Layout, out: &mut String) {
        let ascii = self.options.ascii;
        let lanes = self.lanes.as_slice();
        let numbers = lanes.iter().any(|lane| lane.number.is_some());
        for line in 0..=usize::from(numbers) {
            let mut canvas = Canvas::new(layout.width);
            let texts: Vec<(usize, String)> = lanes
                .iter()
                .zip(&layout.lanes)
                .map(|(lane, column)| match line {
                    0 => (*column, clean(&lane.name, ascii)),
                    _ => (*column, clean(lane.number.as_deref().unwrap_or_default(), ascii)),
                })
                .filter(|(_, text)| !text.is_empty())
                .collect();
            for (index, (column, text)) in texts.iter().enumerate() {
                let before = index.checked_sub(1).and_then(|index| texts.get(index));
                let left = before.map_or(0, |(other, _)| other.midpoint(*column) + 1);
                let after = texts.get(index + 1);
                let right = after.map_or(layout.width, |(other, _)| column.midpoint(*other));
                let text = cut(text, right.saturating_sub(left), ascii);
                let last = right.saturating_sub(columns(&text));
                let at = column.saturating_sub(columns(&text) / 2).min(last).max(left);
                canvas.write(at, &text, Some(if line == 0 { "1" } else { "2" }));
            }
            canvas.finish(self.options.color, out);
        }
        self.lifelines(layout).finish(self.options.color, out);
    }

    fn lifelines(&self, layout: &Layout) -> Canvas {
        let mut canvas = Canvas::new(layout.width);
        let line = if self.options.ascii { '|' } else { '│' };
        for column in &layout.lanes {
            canvas.set(*column, line, Some("2"));
        }
        canvas
    }

    fn arrow(
        &self,
        layout: &Layout,
        entry: &TranscriptEntry,
        label: &str,
        time: &str,
        (from, to): (usize, usize),
        out: &mut String,
    ) {
        let (ascii, color) = (self.options.ascii, self.options.color);
        let column = |lane: usize| layout.lanes.get(lane).copied().unwrap_or_default();
        let (left, right) = (column(from.min(to)), column(from.max(to)));
        let ink = ink(&entry.kind);
        let inner = right - left - 1;
        // The label stands between two lanes where it fits, else over all that the arrow crosses.
        let widest = (from.min(to)..from.max(to))
            .map(|lane| (column(lane), column(lane + 1)))
            .max_by_key(|(left, right)| (right - left, from < to && *left == column(from)))
            .filter(|(left, right)| columns(label) + 4 < right - left);
        let (start, end) = widest.unwrap_or((left, right));
        let mut canvas = self.lifelines(layout);
        let mut labelled = false;
        if columns(label) + 3 > inner {
            write_time(&mut canvas, layout, time);
            canvas.write(left + 2, &cut(label, inner.saturating_sub(2), ascii), ink);
            canvas.finish(color, out);
            canvas = self.lifelines(layout);
            labelled = true;
        } else {
            write_time(&mut canvas, layout, time);
        }
        let dash = match (row::is_dashed(&entry.kind), ascii) {
            (false, false) => '─',
            (false, true) => '-',
            (true, false) => '╌',
            (true, true) => '.',
        };
        for at in left + 1..right {
            canvas.set(at, dash, ink);
        }
        for crossed in from.min(to) + 1..from.max(to) {
            canvas.set(column(crossed), if ascii { '+' } else { '┼' }, ink);
        }
        let (tail, head) = match (from < to, ascii) {
            (true, false) => ('├', '▶'),
            (true, true) => ('|', '>'),
            (false, false) => ('┤', '◀'),
            (false, true) => ('|', '<'),
        };
        canvas.set(column(from), tail, ink);
        canvas.set(if from < to { right - 1 } else { left + 1 }, head, ink);
        if !labelled {
            let free = end - start - 1 - columns(label) - 2;
            let at = start + 1 + if free > 2 { free / 2 } else { usize::from(from > to) };
            canvas.write(at, &format!(" {label} "), ink);
        }
        canvas.finish(color, out);
    }

    fn note(
        &self,
        layout: &Layout,
        entry: &TranscriptEntry,
        label: &str,
        time: &str,
        lane: usize,
        out: &mut String,
    ) {
        let ascii = self.options.ascii;
        let column = layout.lanes.get(lane).copied().unwrap_or_default();
        let error = entry.kind == TranscriptKind::Error;
        let mark = match (error, ascii) {
            (true, false) => '✗',
            (true, true) => 'x',
            (false, false) => '•',
            (false, true) => '*',
        };
        let right = layout.width.saturating_sub(column + 4);
        let first = layout.lanes.first().copied().unwrap_or_default();
        let left = column.saturating_sub(first + 5);
        // Beside the last lane there is more room on its left.
        let on_left = right < columns(label) && left > right;
        let room = if on_left { left } else { right };
        let rows = if error { ERROR_ROWS } else { 1 };
        let mut lines = wrap(label, room, rows, ascii);
        if lines.is_empty() {
            lines.push(String::new());
        }
        for (index, line) in lines.iter().enumerate() {
            let mut canvas = self.lifelines(layout);
            if index == 0 {
                write_time(&mut canvas, layout, time);
                let at = if on_left { column.saturating_sub(2) } else { column + 2 };
                canvas.set(at, mark, ink(&entry.kind));
            }
            if on_left {
                let at = column.saturating_sub(columns(line) + 4);
                canvas.write(at, &format!(" {line} "), ink(&entry.kind));
            } else {
                canvas.write(column + 3, &format!(" {line} "), ink(&entry.kind));
            }
            canvas.finish(self.options.color, out);
        }
    }
}

fn write_time(canvas: &mut Canvas, layout: &Layout, time: &str) {
    if let Some(most) = layout.times.checked_sub(1) {
        canvas.write(most.saturating_sub(columns(time)), time, Some("2"));
    }
}

fn ink(kind: &TranscriptKind) -> Ink {
    match kind {
        TranscriptKind::Signal => Some("36"),
        TranscriptKind::Webhook => Some("34"),
        TranscriptKind::Reply => Some("32"),
        TranscriptKind::Request => Some("35"),
        TranscriptKind::Action => Some("33"),
        TranscriptKind::Error => Some("31"),
        TranscriptKind::Event | TranscriptKind::State => Some("2"),
        _ => None,
    }
}
