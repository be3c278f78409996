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
    /// The rows that it counts; empty where it leads nowhere.
    pub href: String,
}

/// Pixels from one bar to the next.
const ROW: i64 = 48;

/// Horizontal bars from the same zero, longest possible `most`: a funnel, a ranking. Lengths are
/// shares of whatever room there is, so that letters keep their size on a phone and on a wall.
#[must_use]
pub fn bars(title: &str, bars: &[Bar], most: i64) -> String {
    // What holds links is a group: an image would hide them from whoever hears the page.
    let role = if bars.iter().all(|bar| bar.href.is_empty()) { "img" } else { "group" };
    let mut svg = open(title, role, ROW * i64::try_from(bars.len()).unwrap_or(0));
    for (y, bar) in (0..).map(|row| row * ROW).zip(bars) {
        if !bar.href.is_empty() {
            let _ = write!(
                svg,
                r#"<a href="{}" class="chart-link"><rect x="0" y="{y}" width="100%" height="{ROW}" class="chart-room"/>"#,
                escape(&bar.href)
            );
        }
        let _ = write!(
            svg,
            r#"<text x="0" y="{ty}" class="chart-label">{label}</text><text x="100%" y="{ty}" class="chart-figure" text-anchor="end">{shown}</text><rect x="0" y="{by}" width="100%" height="10" rx="5" class="chart-track"/><rect x="0" y="{by}" width="{length}" height="10" rx="5" class="chart-bar"/>"#,
            ty = y + 18,
            by = y + 27,
            label = escape(&bar.label),
            shown = escape(&bar.shown),
            length = share(bar.value, most),
        );
        if !bar.href.is_empty() {
            svg.push_str("</a>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A bullet: what is reached against what is due now and what is due later, all in parts of
/// `whole`.
#[must_use]
pub fn bullet(title: &str, reached: i64, due: i64, later: &[i64], whole: i64) -> String {
    let mut svg = open(title, "img", 28);
    let _ = write!(
        svg,
        r#"<rect x="0" y="8" width="100%" height="12" rx="6" class="chart-track"/><rect x="0" y="8" width="{}" height="12" rx="6" class="chart-bar"/>"#,
        share(reached, whole),
    );
    let marks = later.iter().map(|part| (*part, "chart-later")).chain([(due, "chart-target")]);
    for (part, class) in marks.filter(|(part, _)| *part > 0) {
        // Drawn inside its right edge, so that a target of everything is seen too.
        let _ = write!(
            svg,
            r#"<svg x="{}" overflow="visible"><rect x="-3" y="2" width="3" height="24" rx="1" class="{class}"/></svg>"#,
            share(part, whole),
        );
    }
    svg.push_str("</svg>");
    svg
}

/// `value` of `whole` as a length, in hundredths of a per cent.
fn share(value: i64, whole: i64) -> String {
    let parts = if whole > 0 { i128::from(value.clamp(0, whole)) * 10_000 / i128::from(whole) } else { 0 };
    format!("{}.{:02}%", parts / 100, parts % 100)
}

fn open(title: &str, role: &str, height: i64) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height}" class="chart" role="{role}" aria-label="{}">"#,
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
        let bar =
            Bar { label: r#"<script>"x"&"#.to_owned(), value: 1, shown: "1".to_owned(), href: String::new() };
        let svg = bars("漏斗", &[bar], 1);
        assert!(!svg.contains("<script>"));
        assert!(svg.contains("&lt;script&gt;&quot;x&quot;&amp;"));
    }

    #[test]
    fn a_bar_leads_to_its_rows() {
        let bar = |href: &str| Bar {
            label: "已选学".to_owned(),
            value: 1,
            shown: "1".to_owned(),
            href: href.to_owned(),
        };
        let drawn = bars("漏斗", &[bar("/people?state=met&q=a")], 1);
        assert!(drawn.contains(r#"<a href="/people?state=met&amp;q=a""#), "{drawn}");
        assert!(drawn.contains(r#"role="group""#) && drawn.contains("</a></svg>"), "{drawn}");
        assert!(bars("漏斗", &[bar("")], 1).contains(r#"role="img""#));
    }

    #[test]
    fn what_is_due_later_is_marked_too() {
        let drawn = bullet("进度", 1, 0, &[5, 10], 10);
        assert_eq!(drawn.matches("chart-later").count(), 2, "{drawn}");
        assert!(!drawn.contains("chart-target"), "nothing is due today");
    }

    #[test]
    fn nothing_reached_is_drawn_empty() {
        assert!(bullet("进度", 0, 0, &[], 0).contains(r#"width="0.00%" height="12""#));
    }

    #[test]
    fn a_length_is_a_share_of_the_room() {
        let drawn = bullet("进度", 1, 3, &[], 3);
        assert!(drawn.contains(r#"width="33.33%""#) && drawn.contains(r#"<svg x="100.00%""#), "{drawn}");
        assert_eq!(super::share(i64::MAX, 3), "100.00%");
        assert_eq!(super::share(-1, 3), "0.00%");
    }
}
