//! The page of what a call costs beside many others: a table, and a plot of it as SVG.

use std::{fmt::Write as _, fs};

use anyhow::{Context as _, Result};

use super::{Line, short};
use crate::house::House;

/// The bench whose figures are drawn.
const BENCH: &str = "exchange-flat";
/// The plot's size, and what is kept free on each side for its words.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const MARGIN: f64 = 60.0;

/// A size, and the microseconds of one call beside as many.
type Point = (f64, f64);

/// Writes `docs/speed.md` and `docs/speed.svg`.
pub(super) fn write(house: &House, lines: &[Line]) -> Result<()> {
    let line = lines
        .iter()
        .find(|line| line.name == BENCH)
        .with_context(|| format!("--docs needs the bench {BENCH} in the run"))?;
    let mut points = Vec::new();
    for (name, figure) in &line.figures {
        let live = name.split(' ').next().unwrap_or_default();
        points
            .push((live.parse().with_context(|| format!("{name} names no size"))?, figure.median));
    }
    points.sort_by(|a: &Point, b| a.0.total_cmp(&b.0));
    let docs = house.root.join("docs");
    fs::write(docs.join("speed.svg"), plot(&points)?)?;
    fs::write(docs.join("speed.md"), page(&points)?)?;
    Ok(())
}

fn page(points: &[Point]) -> Result<String> {
    let mut text = String::from(
        "# What a call costs beside many others\n\n\
         A whole tutorial call through the exchange: both legs, every webhook and log entry, on one \
         core, while so many other calls are up.\n\
         Written by `cargo xtask bench exchange-flat --docs`; medians of processor time.\n\n\
         | calls live | microseconds a call |\n|---:|---:|\n",
    );
    for (live, micros) in points {
        writeln!(text, "| {live} | {} |", short(*micros))?;
    }
    text.push_str(
        "\n![Microseconds a call against calls live](speed.svg)\n\n\
         What grows is the cost of memory that no cache holds any more, and the depth of the heap \
         of deadlines.\n",
    );
    Ok(text)
}

/// Sizes on a logarithmic axis, microseconds on one that begins at nothing.
fn plot(points: &[Point]) -> Result<String> {
    let most = points.iter().map(|point| point.1).fold(1.0, f64::max) * 1.15;
    let (first, last) = match points {
        [first, .., last] => (first.0.log10(), last.0.log10()),
        _ => (0.0, 1.0),
    };
    let x = |live: f64| MARGIN + (live.log10() - first) / (last - first) * (WIDTH - 2.0 * MARGIN);
    let y = |micros: f64| HEIGHT - MARGIN + micros / most * (2.0 * MARGIN - HEIGHT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>Microseconds a call against calls live</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <path d=\"M{MARGIN} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#888\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\">microseconds a call</text>\n\
         <text x=\"{right}\" y=\"{below}\" text-anchor=\"end\">calls live</text>\n",
        top = MARGIN / 2.0,
        bottom = HEIGHT - MARGIN,
        right = WIDTH - MARGIN,
        below = HEIGHT - 10.0,
    );
    let mut path = String::new();
    for (place, (live, micros)) in points.iter().enumerate() {
        let (x, y) = (x(*live), y(*micros));
        write!(path, "{}{x:.1} {y:.1}", if place == 0 { "M" } else { "L" })?;
        writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#2a6fb0\"/>")?;
        let above = y - 10.0;
        let label = short(*micros);
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{above:.1}\" text-anchor=\"middle\">{label}</text>")?;
        let axis = HEIGHT - MARGIN + 20.0;
        writeln!(svg, "<text x=\"{x:.1}\" y=\"{axis}\" text-anchor=\"middle\">{live}</text>")?;
    }
    writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"#2a6fb0\" stroke-width=\"2\"/>\n</svg>"
    )?;
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::{page, plot};

    #[test]
    fn every_size_is_in_the_table_and_in_the_plot() {
        let points = [(100.0, 18.8), (1_000.0, 24.6), (100_000.0, 46.1)];
        let (page, svg) = (page(&points).unwrap(), plot(&points).unwrap());
        for text in ["| 100 | 18.8 |", "| 1000 | 24.6 |", "| 100000 | 46.1 |"] {
            assert!(page.contains(text), "{page}");
        }
        for text in [">100<", ">1000<", ">100000<", ">46.1<"] {
            assert!(svg.contains(text), "{svg}");
        }
        assert_eq!(svg.matches("<circle").count(), 3);
    }
}
