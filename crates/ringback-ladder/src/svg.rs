//! A ladder as an SVG picture.

use std::fmt::Write as _;

use ringback_model::control::{TranscriptEntry, TranscriptKind};

use crate::{
    canvas::{columns, cut, wrap},
    lanes::Lanes,
    row::{self, Row},
};

/// Pixels left of the first lane: the times, and half of its name.
const LEFT: usize = 150;
/// Pixels right of the last lane.
const RIGHT: usize = 80;
/// Pixels between two lanes.
const GAP: usize = 230;
/// Pixels of a row, and of a further line in it.
const ROW: usize = 34;
const LINE: usize = 16;
/// Pixels above the first row.
const HEAD: usize = 72;
/// Pixels of a column of text, estimated a little too large.
const COLUMN: usize = 7;
/// Names and labels are cut to so many columns.
const NAME: usize = 30;

/// The colours: of the text for light and dark, and of each kind of entry.
const CSS: &str = "\
svg{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--dim:#6e7781;--line:#d0d7de;\
--signal:#0a7a8c;--webhook:#0969da;--reply:#1a7f37;--request:#8250df;--action:#9a6700;--error:#cf222e}\
@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--dim:#8b949e;--line:#30363d;\
--signal:#39c5cf;--webhook:#58a6ff;--reply:#3fb950;--request:#bc8cff;--action:#d29922;--error:#ff7b72}}\
";

/// Draws a whole transcript as an SVG document.
///
/// Its texts can be selected, follow the reader's light or dark scheme, and stand in the order
/// in which things happened; a title on each tells what had to be cut.
#[must_use]
pub fn svg(entries: &[TranscriptEntry]) -> String {
    let lanes = Lanes::of(entries);
    let count = lanes.as_slice().len();
    let width = LEFT + RIGHT + GAP * count.saturating_sub(1).max(1);
    let mut page = Page { out: String::new(), width, lanes };
    let mut top = HEAD;
    let origin = entries.first().map_or(0, |entry| entry.at.as_millis());
    for entry in entries {
        top += page.entry(entry, top, origin);
    }
    let height = top + ROW / 2;
    let mut out = head(&page, entries, height);
    page.lifelines(height, &mut out);
    out.push_str(&page.out);
    out.push_str("</svg>\n");
    out
}

fn head(page: &Page, entries: &[TranscriptEntry], height: usize) -> String {
    let width = page.width;
    let names: Vec<&str> = page.lanes.as_slice().iter().map(|lane| lane.name.as_str()).collect();
    let title = match names.split_last() {
        Some((last, [])) => format!("A call of {last}"),
        Some((last, others)) => format!("A call between {} and {last}", others.join(", ")),
        None => "A call".to_owned(),
    };
    let first = entries.first().map(|entry| entry.at.as_millis()).unwrap_or_default();
    let last = entries.last().map(|entry| entry.at.as_millis()).unwrap_or_default();
    let things = if entries.len() == 1 { "entry" } else { "entries" };
    let about = format!(
        "A ladder diagram with {} {things} from top to bottom, the last one at {}.",
        entries.len(),
        row::time(first, last)
    );
    let mut out = String::new();
    write(
        &mut out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"group\" aria-labelledby=\"title about\" \
             font-family=\"ui-sans-serif,system-ui,'DejaVu Sans',sans-serif\" font-size=\"12\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"about\">{}</desc>\n<style>{CSS}",
            escaped(&title),
            escaped(&about)
        ),
    );
    out.push_str(
        ".paper{fill:#fff;fill:var(--paper)}.ink,text{fill:#1f2328;fill:var(--ink)}\
         .dim{fill:#6e7781;fill:var(--dim)}\
         .line{stroke:#d0d7de;stroke:var(--line)}.name{font-size:14px;font-weight:600}\
         text{stroke:#fff;stroke:var(--paper);stroke-width:3px;paint-order:stroke}",
    );
    for (class, color) in [
        ("signal", "#0a7a8c"),
        ("webhook", "#0969da"),
        ("reply", "#1a7f37"),
        ("request", "#8250df"),
        ("action", "#9a6700"),
        ("error", "#cf222e"),
        ("event", "#6e7781"),
    ] {
        let name = if class == "event" { "dim" } else { class };
        write(
            &mut out,
            format_args!(
                ".{class} text,.{class} .head{{fill:{color};fill:var(--{name})}}\
                 .{class} .shaft{{stroke:{color};stroke:var(--{name})}}"
            ),
        );
    }
    write(
        &mut out,
        format_args!(
            ".shaft{{stroke-width:1.5}}text.time{{fill:#6e7781;fill:var(--dim);\
             font-variant-numeric:tabular-nums}}</style>\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
        ),
    );
    out
}

struct Page {
    out: String,
    width: usize,
    lanes: Lanes,
}

impl Page {
    fn lifelines(&self, height: usize, out: &mut String) {
        for (index, lane) in self.lanes.as_slice().iter().enumerate() {
            let x = column(index);
            write(
                out,
                format_args!(
                    "<line class=\"line\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\"/>\n",
                    HEAD - 22,
                    height - 10
                ),
            );
            let name = escaped(&cut(&lane.name, NAME, false));
            write(
                out,
                format_args!(
                    "<text class=\"name\" x=\"{x}\" y=\"26\" text-anchor=\"middle\">{name}</text>\n"
                ),
            );
            if let Some(number) = &lane.number {
                let number = escaped(&cut(number, NAME, false));
                write(
                    out,
                    format_args!(
                        "<text class=\"dim\" x=\"{x}\" y=\"42\" text-anchor=\"middle\">{number}</text>\n"
                    ),
                );
            }
        }
    }

    /// Draws an entry whose row begins at `top`, and says how high it is.
    fn entry(&mut self, entry: &TranscriptEntry, top: usize, origin: i64) -> usize {
        let class = class(&entry.kind);
        let base = top + ROW - 10;
        let time = escaped(&row::time(origin, entry.at.as_millis()));
        write(&mut self.out, format_args!("<g class=\"{class}\"><title>{}</title>", hover(entry)));
        let label = row::label(entry);
        let place = Row::of(entry, &self.lanes);
        let time_y = if matches!(place, Some(Row::Arrow { .. })) { base } else { base - 4 };
        write(
            &mut self.out,
            format_args!(
                "<text class=\"dim time\" x=\"86\" y=\"{time_y}\" text-anchor=\"end\">{time}</text>"
            ),
        );
        let height = match place {
            Some(Row::Arrow { from, to }) => {
                self.arrow(&label, row::is_dashed(&entry.kind), from, to, base - 4);
                ROW
            }
            Some(Row::Note { lane }) => self.note(&label, entry, lane, base - 4),
            None => self.note(&label, entry, 0, base - 4),
        };
        self.out.push_str("</g>\n");
        height
    }

    fn arrow(&mut self, label: &str, dashed: bool, from: usize, to: usize, y: usize) {
        let (start, end) = (column(from), column(to));
        let forward = start < end;
        let tip = if forward { end - 1 } else { end + 1 };
        let back = if forward { tip - 8 } else { tip + 8 };
        let dash = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        // Over the first lane that it passes, so that labels of one kind stand below each other.
        let middle = if forward { start + GAP / 2 } else { start.min(end) + GAP / 2 };
        let long = columns(label) * COLUMN > GAP - 16;
        let middle = if long { start.midpoint(end) } else { middle };
        let most = (start.abs_diff(end) - 16) / COLUMN;
        let text = escaped(&cut(label, most, false));
        write(
            &mut self.out,
            format_args!(
                "<line class=\"shaft\" x1=\"{start}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"{dash}/>\
                 <path class=\"head\" d=\"M{tip} {y}L{back} {} {back} {}z\"/>\
                 <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                y - 4,
                y + 4,
                y - 6
            ),
        );
    }

    fn note(&mut self, label: &str, entry: &TranscriptEntry, lane: usize, y: usize) -> usize {
        let x = column(lane);
        let (right, left) = ((self.width - x).saturating_sub(28) / COLUMN, (x - 100) / COLUMN);
        let on_left = right < columns(label) && left > right;
        let error = entry.kind == TranscriptKind::Error;
        let lines = wrap(label, right.max(left).max(1), if error { 4 } else { 1 }, false);
        let (dot, at, anchor) =
            if on_left { (x - 10, x - 20, "end") } else { (x + 10, x + 20, "start") };
        write(
            &mut self.out,
            format_args!("<circle class=\"head\" cx=\"{dot}\" cy=\"{}\" r=\"3\"/>", y - 4),
        );
        for (index, line) in lines.iter().enumerate() {
            write(
                &mut self.out,
                format_args!(
                    "<text x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                    y + index * LINE,
                    escaped(line)
                ),
            );
        }
        ROW - 5 + lines.len().saturating_sub(1) * LINE
    }
}

/// The place of a lane in pixels.
fn column(lane: usize) -> usize {
    LEFT + GAP * lane
}

/// What a pointer held over an entry shows.
fn hover(entry: &TranscriptEntry) -> String {
    match &entry.detail {
        Some(detail) => escaped(&format!("{} - {detail}", entry.label)),
        None => escaped(&entry.label),
    }
}

fn class(kind: &TranscriptKind) -> &'static str {
    match kind {
        TranscriptKind::Signal => "signal",
        TranscriptKind::Webhook => "webhook",
        TranscriptKind::Reply => "reply",
        TranscriptKind::Request => "request",
        TranscriptKind::Action => "action",
        TranscriptKind::Error => "error",
        _ => "event",
    }
}

/// Text that may stand in an element, without what XML cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Writing to a `String` cannot fail.
fn write(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _: std::fmt::Result = out.write_fmt(arguments);
}
