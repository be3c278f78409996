//! Certificates that are looked for by a beginning: first those whose number begins so, in the order of numbers,
//! then those whose school does, in the order of schools, then those whose holder is called so, in the order of
//! names. Each of these is walked on an index, so that a page costs what it shows however much begins so: a
//! region's code begins every number there is.

use tisheng_kernel::person_name::sort_keys_of;
use tisheng_platform::web::Cursor;
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;

use super::{END, Part, Placed, Walks, of_each_part, placed, read};

macro_rules! of_number {
    ($part:literal,) => {
        read!(
            "c.number",
            concat!(
                "from certificate c where c.programme = $1 and ",
                $part,
                " and ($4 = '' or c.state = $4) and c.number >= $5 and c.number < $6
                order by c.number limit $7"
            )
        )
    };
}

const OF_NUMBER: Walks = of_each_part!(of_number,);

macro_rules! of_school {
    ($part:literal,) => {
        read!(
            "c.school || '\u{1f}' || c.sort_key",
            concat!(
                "from certificate c where c.programme = $1 and ",
                $part,
                " and ($4 = '' or c.state = $4) and (c.school, c.sort_key, c.number) > ($5, $6, $7)
                and c.school < $8 and not (c.number >= $9 and c.number < $8)
                order by c.school, c.sort_key, c.number limit $10"
            )
        )
    };
}

const OF_SCHOOL: Walks = of_each_part!(of_school,);

// People who are called so, by name, pinyin or initials, each found on its index, between a beginning and what
// lies beyond it.
macro_rules! called {
    ($words:literal, $end:literal, $spelt:literal, $spelt_end:literal, $rest:literal, $how:literal) => {
        concat!(
            "select id from (select id from person where name >= ",
            $words,
            " and name < ",
            $end,
            $rest,
            ") a ",
            $how,
            " select id from (select id from person where pinyin >= ",
            $spelt,
            " and pinyin < ",
            $spelt_end,
            $rest,
            ") b ",
            $how,
            " select id from (select id from person where initials >= ",
            $spelt,
            " and initials < ",
            $spelt_end,
            $rest,
            ") d"
        )
    };
}

const HOW_MANY: &str = concat!(
    "select count(*) from (",
    called!("$1", "$2", "$3", "$4", " limit cast($5 as bigint)", "union all"),
    ") t"
);

/// From so many who are called so the certificates are walked in the order of names, where one of them is met
/// soon.
const MANY: i64 = 500;

// Of people who were found: the concatenations keep the indexes of the whole part out of it.
macro_rules! of_called {
    ($part:literal) => {
        read!(
            "c.sort_key",
            concat!(
                "from (",
                called!("$7", "$8", "$9", "$10", "", "union"),
                ") w cross join certificate c where c.programme = $1 and c.person = w.id and ",
                $part,
                " and ($4 = '' or c.state = $4) and (c.sort_key || '', c.number) > ($5, $6)
                and not (c.number >= $7 and c.number < $8) and not (c.school >= $7 and c.school < $8)
                order by c.sort_key || '', c.number limit $11"
            )
        )
    };
}

const OF_CALLED: Walks = [
    of_called!("c.path || '' >= $2 and c.path || '' < $3"),
    of_called!("c.city || '' = $2 and $3 <> ''"),
    of_called!("c.county || '' = $2 and $3 <> ''"),
];

macro_rules! by_name {
    ($part:literal,) => {
        read!(
            "c.sort_key",
            concat!(
                "from certificate c where c.programme = $1 and ",
                $part,
                " and ($4 = '' or c.state = $4) and (c.sort_key, c.number) > ($5, $6) and c.sort_key < $12
                and not (c.number >= $7 and c.number < $8) and not (c.school >= $7 and c.school < $8)
                and (select 1 from person p where p.id = c.person and (p.name >= $7 and p.name < $8
                    or p.pinyin >= $9 and p.pinyin < $10 or p.initials >= $9 and p.initials < $10)
                    limit 1) is not null
                order by c.sort_key, c.number limit $11"
            )
        )
    };
}

const BY_NAME: Walks = of_each_part!(by_name,);

/// Those that walk an index.
#[cfg(test)]
pub(super) const WALKS: [Walks; 3] = [OF_NUMBER, OF_SCHOOL, BY_NAME];

/// By what a certificate is found, in the order in which they are listed.
#[derive(Debug, Clone, Copy)]
enum By {
    Number,
    School,
    Name,
}

/// What is looked for, where.
struct Wanted<'a> {
    programme: &'a Programme,
    scope: &'a Scope,
    part: usize,
    state: &'a str,
    words: &'a str,
    /// Beyond everything that begins with the words.
    end: &'a str,
    spelt: &'a str,
}

/// At most `most` of what begins with the words, after `after`; the keys say by what each was found.
pub(super) async fn found(
    tx: &mut Tx,
    programme: &Programme,
    (scope, part): (&Scope, Part),
    (state, (words, spelt)): (&str, &(&str, String)),
    (after, most): (&Cursor, i64),
) -> Result<Vec<Placed>, DbError> {
    let end = format!("{words}{END}");
    let wanted = Wanted { programme, scope, part: part as usize, state, words, end: &end, spelt };
    let (by, key) = after.key.split_once('\u{1f}').unwrap_or_default();
    let mut place = Cursor { key: key.to_owned(), id: after.id.clone() };
    let mut page = Vec::new();
    for (n, by) in [By::Number, By::School, By::Name].into_iter().enumerate().skip(by.parse().unwrap_or(0)) {
        let room = most - i64::try_from(page.len()).unwrap_or(i64::MAX);
        if room <= 0 {
            break;
        }
        let rows = wanted.by(tx, by, &std::mem::take(&mut place), room).await?;
        page.extend(rows.into_iter().map(|(one, key)| (one, format!("{n}\u{1f}{key}"))));
    }
    Ok(page)
}

impl Wanted<'_> {
    /// At most `most` of those found by one thing, after `after`.
    async fn by(&self, tx: &mut Tx, by: By, after: &Cursor, most: i64) -> Result<Vec<Placed>, DbError> {
        let Self { programme, scope, part, state, words, end, spelt } = *self;
        let (id, from, until) = (programme.id, &scope.from, &scope.until);
        let is_first = *after == Cursor::default();
        match by {
            By::Number => {
                // Next to a number stands what is longer by the least sign.
                let next = if is_first { words.to_owned() } else { format!("{}\u{1}", after.id) };
                let row = args![id, from, until, state, next, end, most];
                tx.rows(OF_NUMBER[part], row, placed).await
            }
            By::School => {
                let [school, key] = if is_first { [words, ""] } else { after.parts() };
                let row = args![id, from, until, state, school, key, &after.id, end, words, most];
                tx.rows(OF_SCHOOL[part], row, placed).await
            }
            By::Name => {
                let spelt_end = format!("{spelt}{END}");
                let row = args![words, end, spelt, &spelt_end, MANY];
                let many: i64 = tx.row(HOW_MANY, row, |row| row.get(0)).await?;
                if many < MANY {
                    let (key, number) = (&after.key, &after.id);
                    let row = args![id, from, until, state, key, number, words, end, spelt, spelt_end, most];
                    return tx.rows(OF_CALLED[part], row, placed).await;
                }
                let (first, beyond) = sort_keys_of(words);
                let key = after.key.as_str().max(first.as_str());
                let row =
                    args![id, from, until, state, key, &after.id, words, end, spelt, spelt_end, most, beyond];
                tx.rows(BY_NAME[part], row, placed).await
            }
        }
    }
}
