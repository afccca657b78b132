//! One row of characters, measured in columns.

use unicode_width::UnicodeWidthChar;

/// A colour, as the number in an ANSI escape.
pub(crate) type Ink = Option<&'static str>;

/// A row that is being drawn.
pub(crate) struct Canvas {
    cells: Vec<Cell>,
}

#[derive(Clone, Copy)]
struct Cell {
    /// None in the second column of a wide character.
    glyph: Option<char>,
    ink: Ink,
}

impl Canvas {
    pub(crate) fn new(width: usize) -> Self {
        Self { cells: vec![Cell { glyph: Some(' '), ink: None }; width] }
    }

    /// Draws one narrow character.
    pub(crate) fn set(&mut self, column: usize, glyph: char, ink: Ink) {
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = Cell { glyph: Some(glyph), ink };
        }
    }

    /// Writes text that fits into the row.
    pub(crate) fn write(&mut self, column: usize, text: &str, ink: Ink) {
        let mut column = column;
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if width == 0 || column + width > self.cells.len() {
                continue;
            }
            self.set(column, c, ink);
            if width == 2
                && let Some(cell) = self.cells.get_mut(column + 1)
            {
                *cell = Cell { glyph: None, ink };
            }
            column += width;
        }
    }

    /// The row with a line break.
    pub(crate) fn finish(self, color: bool, out: &mut String) {
        let mut current: Ink = None;
        for cell in self.cells {
            let ink = cell.ink.filter(|_| color);
            if ink != current {
                if current.is_some() {
                    out.push_str("\x1b[0m");
                }
                if let Some(ink) = ink {
                    out.push_str("\x1b[");
                    out.push_str(ink);
                    out.push('m');
                }
                current = ink;
            }
            out.extend(cell.glyph);
        }
        if current.is_some() {
            out.push_str("\x1b[0m");
        }
        out.push('\n');
    }
}

/// Text without what has no width or is not a character to be seen; ASCII alone if asked for.
pub(crate) fn clean(text: &str, ascii: bool) -> String {
    text.chars()
        .filter_map(|c| match c.width() {
            _ if ascii && !c.is_ascii() => Some(if c == '…' { '~' } else { '?' }),
            None => Some(' '),
            Some(0) => None,
            Some(_) => Some(c),
        })
        .collect()
}

/// How many columns a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// A text cut to so many columns.
pub(crate) fn cut(text: &str, most: usize, ascii: bool) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= most
    };
    let mut short: String = text.chars().take_while(fits).collect();
    if most > 0 {
        short.truncate(short.trim_end().len());
        short.push(if ascii { '~' } else { '…' });
    }
    short
}

/// A text in lines of so many columns, at most `lines` of them.
pub(crate) fn wrap(text: &str, most: usize, lines: usize, ascii: bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if columns(rest) <= most || out.len() + 1 >= lines {
            out.push(cut(rest, most, ascii));
            break;
        }
        let mut used = 0;
        let mut end = 0;
        let mut space = None;
        for (at, c) in rest.char_indices() {
            used += c.width().unwrap_or(0);
            if c == ' ' {
                space = Some(at);
            }
            if used > most {
                break;
            }
            end = at + c.len_utf8();
        }
        let end = space.filter(|at| *at > 0).unwrap_or(end);
        if end == 0 {
            break;
        }
        let (line, more) = rest.split_at(end);
        out.push(line.trim_end().to_owned());
        rest = more.trim_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        let check = |text: &str, most, expected: &str| assert_eq!(cut(text, most, false), expected);
        check("abc", 3, "abc");
        check("abcd", 3, "ab…");
        check("ab cd", 4, "ab…");
        check("日本語", 4, "日…");
        check("日本語", 5, "日本…");
        check("abc", 1, "…");
        check("abc", 0, "");
    }

    #[test]
    fn wraps() {
        let check = |text: &str, most, lines, expected: &[&str]| {
            assert_eq!(wrap(text, most, lines, false), expected);
        };
        check("one two three", 7, 9, &["one two", "three"]);
        check("one two three", 6, 9, &["one", "two", "three"]);
        check("onetwothree", 6, 9, &["onetwo", "three"]);
        check("one two three", 7, 1, &["one tw…"]);
        check("", 7, 1, &[]);
    }
}
