//! The list of certificates. Each order has the statement that an index serves; a search comes by name.

use tisheng_kernel::pinyin;
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{Order, ROWS, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;

use super::certificate;
use crate::certificate::model::Certificate;

/// The columns that sort.
pub const COLUMNS: [&str; 4] = ["name", "school", "number", "issued"];

/// What is read of a certificate, and by which text it stands where it does.
macro_rules! read {
    ($key:literal, $rest:expr) => {
        concat!(
            "select c.number, c.programme, c.person, c.path, c.name, c.school, c.state, c.facts, c.signature,
            c.issued_at, c.ended_at, c.reason, c.superseded_by, c.scheme_version, ",
            $key,
            " ",
            $rest
        )
    };
}

/// Walks the certificates of a programme in an order; the concatenation keeps the index on paths out of it,
/// which would have to sort them all.
macro_rules! walk {
    ($key:literal, $after:literal, $order:literal) => {
        read!(
            $key,
            concat!(
                "from certificate c where c.programme = $1 and c.path || '' >= $2 and c.path || '' < $3
                and ($4 = '' or c.state = $4) and ",
                $after,
                " order by ",
                $order,
                " limit $7"
            )
        )
    };
}

const BY_NAME: &str = walk!("c.sort_key", "(c.sort_key, c.number) > ($5, $6)", "c.sort_key, c.number");
const BY_NAME_BACK: &str =
    walk!("c.sort_key", "(c.sort_key, c.number) < ($5, $6)", "c.sort_key desc, c.number desc");
const BY_SCHOOL: &str = walk!(
    "c.school || '\u{1f}' || c.sort_key",
    "(c.school, c.sort_key, c.number) > ($5, $8, $6)",
    "c.school, c.sort_key, c.number"
);
const BY_NUMBER: &str = walk!("c.number", "c.number > $5 and $6 <> '-'", "c.number");
const BY_NUMBER_BACK: &str = walk!("c.number", "c.number < $5 and $6 <> '-'", "c.number desc");
const BY_ISSUE: &str =
    walk!("cast(c.issued_at as text)", "(c.issued_at, c.number) > ($5, $6)", "c.issued_at, c.number");
const BY_ISSUE_BACK: &str = walk!(
    "cast(c.issued_at as text)",
    "(c.issued_at, c.number) < ($5, $6)",
    "c.issued_at desc, c.number desc"
);

/// Of a part of the territory, which a walk would meet too seldom: its numbers are sorted by what the
/// index on paths says of them, and only those of the page are looked up. The concatenation keeps the
/// order of the whole programme out of it.
macro_rules! of_part {
    ($beyond:literal, $way:literal) => {
        read!(
            "c.sort_key",
            concat!(
                "from (select t.number, t.sort_key from certificate t
                    where t.programme = $1 and t.path >= $2 and t.path < $3 and ($4 = '' or t.state = $4)
                    and ($5 = '' or t.name like $5 escape '\\' or t.number like $5 escape '\\'
                        or t.school like $5 escape '\\' or exists (select 1 from person p where p.id = t.person
                            and (p.pinyin like $9 escape '\\' or p.initials like $9 escape '\\')))
                    and (t.sort_key || '', t.number) ",
                $beyond,
                " ($6, $7) order by t.sort_key || ''",
                $way,
                ", t.number",
                $way,
                " limit $8) w
                cross join certificate c where c.number = w.number order by w.sort_key",
                $way,
                ", w.number",
                $way
            )
        )
    };
}

const OF_PART: &str = of_part!(">", "");
const OF_PART_BACK: &str = of_part!("<", " desc");

/// Of a county or less: the few there are, sorted as they are found.
macro_rules! of_few {
    ($beyond:literal, $way:literal) => {
        read!(
            "w.place",
            concat!(
                "from (select t.number, t.place from (select f.number, case $8
                        when 'school' then f.school || '\u{1f}' || f.sort_key
                        when 'number' then f.number else cast(f.issued_at as text) end as place
                    from certificate f where f.programme = $1 and f.path >= $2 and f.path < $3
                    and ($4 = '' or f.state = $4)) t
                    where (t.place, t.number) ",
                $beyond,
                " ($5, $6) order by t.place",
                $way,
                ", t.number",
                $way,
                " limit $7) w
                cross join certificate c where c.number = w.number order by w.place",
                $way,
                ", w.number",
                $way
            )
        )
    };
}

const OF_FEW: &str = of_few!(">", "");
const OF_FEW_BACK: &str = of_few!("<", " desc");

/// Within a whole programme the beginnings are looked for that an index finds: of a number, of a school, of a
/// name, of its pinyin or of its initials.
const SEARCH: &str = read!(
    "c.sort_key",
    "from (select number from certificate where programme = $1 and number >= $8 and number < $9
        union select number from certificate where programme = $1 and school >= $8 and school < $9
        union select h.number from (select id from person where name >= $8 and name < $9
            union select id from person where pinyin >= $10 and pinyin < $11
            union select id from person where initials >= $10 and initials < $11) f
            join certificate h on h.programme = $1 and h.person = f.id) w
    join certificate c on c.number = w.number
    where c.path || '' >= $2 and c.path || '' < $3 and ($4 = '' or c.state = $4)
    and (c.sort_key || '', c.number) > ($5, $6) order by c.sort_key || '', c.number limit $7"
);

/// After everything.
pub(super) const END: &str = "\u{10ffff}";

/// What a list of certificates is narrowed to, and its order; empty texts narrow nothing.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The state's code.
    pub state: &'a str,
    /// A number, a school or a name, or the beginning of its pinyin or initials.
    pub words: &'a str,
    /// By which column; a search comes by name.
    pub order: Order,
}

/// A page of a list: certificates with the keys of their places, one more than is shown.
pub async fn list(
    tx: &mut Tx,
    programme: &Programme,
    (scope, breadth): (&Scope, Breadth),
    asked: Asked<'_>,
    after: &Cursor,
) -> Result<Vec<(Certificate, String)>, DbError> {
    let Asked { state, words, order } = asked;
    let whole = scope.holds(&programme.path);
    let listed = |row: &Row<'_>| Ok((certificate(row)?, row.get(14)?));
    let (from, until, most) = (&scope.from, &scope.until, ROWS + 1);
    let is_first = *after == Cursor::default();
    let (key, number) =
        if order.backwards && is_first { (END, END) } else { (after.key.as_str(), after.id.as_str()) };
    let spelt = pinyin::query(words);
    if !words.is_empty() && whole {
        let [end, spelt_end] = [words, &spelt].map(|text| format!("{text}{END}"));
        let row =
            args![programme.id, from, until, state, key, number, most, words, end, spelt.as_str(), spelt_end];
        return tx.rows(SEARCH, row, listed).await;
    }
    let sql = match (order.by, order.backwards) {
        ("name", backwards) if !whole => {
            let like = if words.is_empty() { String::new() } else { format!("%{}%", literal(words)) };
            let beginning = format!("{}%", literal(&spelt));
            let row = args![programme.id, from, until, state, like, key, number, most, beginning];
            return tx.rows(if backwards { OF_PART_BACK } else { OF_PART }, row, listed).await;
        }
        (by, backwards) if breadth != Breadth::Widest => {
            let row = args![programme.id, from, until, state, key, number, most, by];
            return tx.rows(if backwards { OF_FEW_BACK } else { OF_FEW }, row, listed).await;
        }
        ("school", _) => {
            let [school, key] = after.parts();
            let row = args![programme.id, from, until, state, school, number, most, key];
            return tx.rows(BY_SCHOOL, row, listed).await;
        }
        ("issued", backwards) => {
            let at = key.parse().unwrap_or(if backwards { i64::MAX } else { i64::MIN });
            let row = args![programme.id, from, until, state, at, number, most];
            return tx.rows(if backwards { BY_ISSUE_BACK } else { BY_ISSUE }, row, listed).await;
        }
        ("number", false) => BY_NUMBER,
        ("number", true) => BY_NUMBER_BACK,
        (_, false) => BY_NAME,
        (_, true) => BY_NAME_BACK,
    };
    tx.rows(sql, args![programme.id, from, until, state, key, number, most], listed).await
}
