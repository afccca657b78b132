//! A report for people, in the manner of a compiler.

use unicode_width::UnicodeWidthChar;

use crate::{Finding, Report, Severity};

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours by ANSI escapes.
    pub color: bool,
    /// Nothing but ASCII, whatever stands in the text.
    pub ascii: bool,
    /// Source lines are cut to so many columns.
    pub width: usize,
}

impl Style {
    /// Without colours, 100 columns.
    #[must_use]
    pub fn plain() -> Self {
        Self { color: false, ascii: false, width: 100 }
    }

    /// With colours, 100 columns.
    #[must_use]
    pub fn colored() -> Self {
        Self { color: true, ..Self::plain() }
    }

    /// The same with nothing but ASCII.
    #[must_use]
    pub fn ascii(mut self) -> Self {
        self.ascii = true;
        self
    }

    /// The same with source lines cut to so many columns, at least 30.
    #[must_use]
    pub fn width(mut self, columns: usize) -> Self {
        self.width = columns;
        self
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::plain()
    }
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const GREEN: &str = "1;32";
const BOLD: &str = "1";

impl Report {
    /// The report as text that ends with a line break, each finding with its source line.
    ///
    /// `text` is what was checked; without positions it is not needed. Control characters of
    /// the text never reach the outcome.
    #[must_use]
    pub fn render(&self, file: &str, text: &str, style: Style) -> String {
        let mut page = Page { style, out: String::new() };
        let largest = self.findings.iter().filter_map(|finding| finding.position).map(|at| at.line);
        let gutter = largest.max().unwrap_or(1).to_string().len();
        for finding in &self.findings {
            page.finding(finding, file, text, gutter);
        }
        page.summary(self, file);
        page.out
    }
}

struct Page {
    style: Style,
    out: String,
}

impl Page {
    fn finding(&mut self, finding: &Finding, file: &str, text: &str, gutter: usize) {
        let color = color(finding.severity);
        let title = format!("{}[{}]", finding.severity, finding.code);
        self.paint(color, &title);
        self.paint(BOLD, &format!(": {}", finding.message));
        self.end();
        let place = match finding.position {
            Some(at) => format!("{file}:{}:{}", at.line, at.column),
            None => file.to_owned(),
        };
        self.pad(gutter);
        self.paint(BLUE, "-->");
        self.plain(&format!(" {place}"));
        if !finding.pointer.is_empty() {
            self.plain(&format!(" ({})", finding.pointer));
        }
        self.end();
        if let Some(at) = finding.position {
            let line = text.lines().nth(at.line - 1).unwrap_or_default();
            let start = text.get(..at.offset).unwrap_or_default();
            let from = start.len() - start.rfind('\n').map_or(0, |at| at + 1);
            let columns = self.style.width.max(30).saturating_sub(gutter + 3);
            let excerpt = Excerpt::of(line, from, at.length, columns, self.style.ascii);
            self.gutter("", gutter);
            self.end();
            self.gutter(&at.line.to_string(), gutter);
            self.plain(" ");
            self.out.push_str(&excerpt.line);
            self.end();
            self.gutter("", gutter);
            self.plain(" ");
            self.pad(excerpt.start);
            self.paint(color, &"^".repeat(excerpt.length));
            self.end();
        } else if let Some(seen) = &finding.seen {
            self.note(gutter, BLUE, "seen", seen);
        }
        if let Some(accepted) = &finding.accepted {
            self.note(gutter, BLUE, "accepted", accepted);
        }
        if let Some(sentence) = finding.platform {
            self.note(gutter, BLUE, "platform", &format!("\"{sentence}\""));
        }
        if let Some(suggestion) = &finding.suggestion {
            self.note(gutter, GREEN, "help", suggestion);
        }
        self.end();
    }

    fn summary(&mut self, report: &Report, file: &str) {
        let count = |severity, one: &str, many: &str| match report.count(severity) {
            0 => None,
            1 => Some(format!("1 {one}")),
            more => Some(format!("{more} {many}")),
        };
        let parts: Vec<String> = [
            count(Severity::Error, "error", "errors"),
            count(Severity::Warning, "warning", "warnings"),
            (report.omitted > 0).then(|| format!("{} more not shown", report.omitted)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let (color, verdict) = if report.is_valid() { (GREEN, "good") } else { (RED, "faulty") };
        self.plain(&format!("{file}: "));
        self.paint(color, verdict);
        match (parts.is_empty(), &report.actions) {
            (false, _) => self.plain(&format!(" ({})", parts.join(", "))),
            (true, Some(actions)) if actions.len() == 1 => self.plain(" (1 action)"),
            (true, Some(actions)) => self.plain(&format!(" ({} actions)", actions.len())),
            (true, None) => {}
        }
        self.end();
    }

    fn note(&mut self, gutter: usize, color: &'static str, title: &str, text: &str) {
        self.pad(gutter + 1);
        self.paint(BLUE, "= ");
        self.paint(color, title);
        self.plain(&format!(": {text}"));
        self.end();
    }

    fn gutter(&mut self, number: &str, gutter: usize) {
        self.paint(BLUE, &format!("{number:>gutter$} |"));
    }

    fn pad(&mut self, columns: usize) {
        self.out.extend(std::iter::repeat_n(' ', columns));
    }

    fn end(&mut self) {
        while self.out.ends_with(' ') {
            self.out.pop();
        }
        self.out.push('\n');
    }

    fn paint(&mut self, color: &str, text: &str) {
        if self.style.color {
            self.out.push_str(&format!("\x1b[{color}m"));
            self.plain(text);
            self.out.push_str("\x1b[0m");
        } else {
            self.plain(text);
        }
    }

    fn plain(&mut self, text: &str) {
        let ascii = self.style.ascii;
        self.out.extend(text.chars().map(|c| cell(c, ascii).0));
    }
}

fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    }
}

/// A character as it is shown, with its width.
fn cell(c: char, ascii: bool) -> (char, usize) {
    match c.width() {
        _ if c == '…' && ascii => ('~', 1),
        _ if ascii && !c.is_ascii() => ('?', 1),
        // Marks that stand above other characters, and marks of direction, would shift the line.
        Some(0) | None => (if ascii { '?' } else { '\u{fffd}' }, 1),
        Some(width) => (if c == '\t' { ' ' } else { c }, width),
    }
}

/// The part of a source line around a finding.
struct Excerpt {
    line: String,
    /// Columns before the carets.
    start: usize,
    /// How many carets.
    length: usize,
}

impl Excerpt {
    fn of(line: &str, from: usize, length: usize, columns: usize, ascii: bool) -> Self {
        let cells: Vec<(usize, char, usize)> = line
            .trim_end()
            .char_indices()
            .map(|(at, c)| {
                let (c, width) = if c == '\t' { (' ', 1) } else { cell(c, ascii) };
                (at, c, width)
            })
            .collect();
        let width = |cells: &[(usize, char, usize)]| cells.iter().map(|cell| cell.2).sum::<usize>();
        let first = cells.iter().position(|cell| cell.0 >= from).unwrap_or(cells.len());
        let last = cells.iter().position(|cell| cell.0 >= from + length).unwrap_or(cells.len());
        // A long line is shown from a little before the finding on.
        let (mut begin, cut) = (0, width(&cells) > columns);
        if cut && width(cells.get(..last).unwrap_or_default()) + 1 > columns {
            let lead = columns / 4;
            begin = first;
            while begin > 0 && width(cells.get(begin..first).unwrap_or_default()) < lead {
                begin -= 1;
            }
        }
        let dots = if ascii { '~' } else { '…' };
        let mut shown = String::new();
        let mut used = 0;
        if begin > 0 {
            shown.push(dots);
            used = 1;
        }
        let start = used + width(cells.get(begin..first).unwrap_or_default());
        let mut end = begin;
        for (_, c, width) in cells.get(begin..).unwrap_or_default() {
            if cut && used + width + 1 > columns {
                shown.push(dots);
                break;
            }
            shown.push(*c);
            used += width;
            end += 1;
        }
        let marked = cells.get(first..last.min(end)).unwrap_or_default();
        Self { line: shown, start, length: width(marked).max(1) }
    }
}
