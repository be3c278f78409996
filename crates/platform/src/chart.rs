//! Charts as SVG drawn on the server: no script, prints, and every one has a table beside it.

use std::fmt::Write;

/// A bar of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// Its size.
    pub value: i64,
    /// The figure as shown.
    pub shown: String,
}

const WIDTH: i64 = 640;
const ROW: i64 = 34;
const LABEL: i64 = 150;
const FIGURE: i64 = 90;

/// Horizontal bars from the same zero, longest possible `most`: a funnel, a ranking.
#[must_use]
pub fn bars(title: &str, bars: &[Bar], most: i64) -> String {
    let height = ROW * i64::try_from(bars.len()).unwrap_or(0);
    let mut svg = open(title, height);
    let room = WIDTH - LABEL - FIGURE;
    for (y, bar) in (0..).map(|row| row * ROW).zip(bars) {
        let length = if most > 0 { room * bar.value.clamp(0, most) / most } else { 0 };
        let _ = write!(
            svg,
            r#"<text x="{tx}" y="{ty}" class="chart-label" text-anchor="end">{label}</text><rect x="{LABEL}" y="{by}" width="{room}" height="18" rx="3" class="chart-track"/><rect x="{LABEL}" y="{by}" width="{length}" height="18" rx="3" class="chart-bar"/><text x="{fx}" y="{ty}" class="chart-figure" text-anchor="end">{shown}</text>"#,
            tx = LABEL - 12,
            ty = y + 22,
            by = y + 8,
            fx = WIDTH - 2,
            label = escape(&bar.label),
            shown = escape(&bar.shown),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// A bullet: what is reached against a target, both in parts of `whole`.
#[must_use]
pub fn bullet(title: &str, reached: i64, target: i64, whole: i64) -> String {
    let mut svg = open(title, 28);
    let place = |value: i64| if whole > 0 { WIDTH * value.clamp(0, whole) / whole } else { 0 };
    let _ = write!(
        svg,
        r#"<rect x="0" y="6" width="{WIDTH}" height="16" rx="3" class="chart-track"/><rect x="0" y="6" width="{reached}" height="16" rx="3" class="chart-bar"/>"#,
        reached = place(reached),
    );
    if target > 0 {
        let _ = write!(
            svg,
            r#"<rect x="{x}" y="0" width="3" height="28" class="chart-target"/>"#,
            x = place(target).clamp(0, WIDTH - 3),
        );
    }
    svg.push_str("</svg>");
    svg
}

fn open(title: &str, height: i64) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" class="chart" role="img" aria-label="{}">"#,
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{Bar, bars, bullet};

    #[test]
    fn a_name_cannot_break_out_of_the_drawing() {
        let bar = Bar { label: r#"<script>"x"&"#.to_owned(), value: 1, shown: "1".to_owned() };
        let svg = bars("漏斗", &[bar], 1);
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("&lt;script&gt;&quot;x&quot;&amp;"));
    }

    #[test]
    fn nothing_reached_is_drawn_empty() {
        assert!(bullet("进度", 0, 0, 0).contains(r#"width="0" height="16""#));
    }
}
