//! The statements of each collection: what makes its rows, and those that stand around them.

#[macro_use]
mod moved;

// The statement of a row's collection has these columns: k1, k2, k3 (its key), i1, i2 (what it refers
// to), t0 … t5, status, n1 (a moment), changed_at with made (it was written last at the later of the
// two, the second within the identifier), o1, o2 (its place in the collection's own order).

// The highest of the part has no parent that could be looked up.
macro_rules! orgs {
    () => {
        "select n.id as k1, n.id as k2, '' as k3, case when n.path = $1 then null else n.parent end as i1,
        n.id as i2, n.name as t0,
        case n.kind when 'province' then 'state' when 'city' then 'district' when 'county' then 'district'
            when 'school' then 'school' when 'group' then 'department' else 'local' end as t1,
        coalesce(n.code, '') as t2, n.kind as t3, '' as t4, '' as t5,
        case when n.valid_to is null then 'active' else 'tobedeleted' end as status, cast(0 as bigint) as n1,
        n.changed_at as changed_at, n.id as made, n.path as o1, '' as o2
        from node n join programme g on g.id = $3 where n.path >= $1 and n.path < $2"
    };
}

macro_rules! classes {
    () => {
        "select n.id as k1, n.id as k2, '' as k3, n.id as i1, n.id as i2, n.name as t0,
        coalesce(n.code, '') as t1, '' as t2, '' as t3, '' as t4, '' as t5,
        case when n.valid_to is null then 'active' else 'tobedeleted' end as status, cast(0 as bigint) as n1,
        n.changed_at as changed_at, n.id as made, n.path as o1, '' as o2
        from node n join programme g on g.id = $3
        where n.path >= $1 and n.path < $2 and n.kind = 'school'"
    };
}

// A teacher by the open post, or by the last one for whoever has left: name, surname, given name,
// subject, stage, first day.
macro_rules! users {
    () => {
        concat!(
            user!(),
            " from post p join person o on o.id = p.person join programme g on g.id = $3",
            posts_of_users!()
        )
    };
}

macro_rules! user {
    () => {
        "select o.id as k1, o.id as k2, '' as k3, p.school as i1, p.school as i2, o.name as t0,
        case when length(o.name) > 2 and substr(o.name, 1, 2) in ('欧阳', '司马', '上官', '诸葛', '东方',
            '皇甫', '尉迟', '公孙', '令狐', '慕容', '长孙', '夏侯')
            then substr(o.name, 1, 2) else substr(o.name, 1, 1) end as t1,
        case when length(o.name) > 2 and substr(o.name, 1, 2) in ('欧阳', '司马', '上官', '诸葛', '东方',
            '皇甫', '尉迟', '公孙', '令狐', '慕容', '长孙', '夏侯')
            then substr(o.name, 3) else substr(o.name, 2) end as t2,
        p.subject as t3, p.stage as t4, p.since as t5,
        case when p.until is null then 'active' else 'tobedeleted' end as status, cast(0 as bigint) as n1,
        case when p.until is null and o.changed_at > p.changed_at
            then o.changed_at else p.changed_at end as changed_at,
        p.id as made, p.path as o1, p.sort_key as o2"
    };
}

macro_rules! posts_of_users {
    () => {
        concat!(
            " where p.path >= $1 and p.path < $2 and (p.until is null or (not exists (select 1 from post q
                where q.person = p.person and q.path >= $1 and q.path < $2 and (q.until is null or q.id > p.id))
                and not exists (select 1 from post_moved q where q.person = p.person and ", moved_from!("q"), "
                    and q.post > p.id)))"
        )
    };
}

// A teacher at a school, of each school where there is or was a post: first day, and the first day on
// which it was no more.
macro_rules! enrollments {
    () => {
        "select p.person as k1, p.school as k2, '' as k3, p.school as i1, p.person as i2, p.since as t0,
        coalesce(p.until, '') as t1, '' as t2, '' as t3, '' as t4, '' as t5,
        case when p.until is null then 'active' else 'tobedeleted' end as status, cast(0 as bigint) as n1,
        p.changed_at as changed_at, p.id as made, p.path as o1, p.sort_key as o2
        from post p join programme g on g.id = $3
        where p.path >= $1 and p.path < $2 and (p.until is null or not exists (select 1 from post q
            where q.person = p.person and q.school = p.school and (q.until is null or q.id > p.id)))"
    };
}

// The final level in a capability, at the school of the user: level.
macro_rules! results {
    () => {
        "select r.person as k1, r.person as k2, r.capability as k3, p.school as i1, p.person as i2,
        r.level as t0, '' as t1, '' as t2, '' as t3, '' as t4, '' as t5,
        'active' as status, r.final_at as n1,
        case when r.final_at > p.changed_at then r.final_at else p.changed_at end as changed_at,
        p.id as made, p.path as o1, p.sort_key as o2
        from post p join result r on r.programme = $3 and r.person = p.person and r.superseded_by is null
        where p.until is null and p.path >= $1 and p.path < $2"
    };
}

// The programme and the courses of its catalogue, the same in every part of the tree: title, code,
// subjects, of which each stands between commas.
macro_rules! courses {
    () => {
        "select g.id as k1, g.id as k2, '' as k3, g.node as i1, g.id as i2, g.title as t0, g.code as t1,
        '' as t2, '' as t3, '' as t4, '' as t5, 'active' as status, cast(0 as bigint) as n1,
        cast(0 as bigint) as changed_at, g.id as made, '' as o1, '' as o2
        from programme g where g.id = $3 and cast($1 as text) <= cast($2 as text)
        union all
        select c.id, c.id, '', g.node, c.id, c.title, c.code,
        case when c.subjects = '' then '' else ',' || c.subjects || ',' end, '', '', '',
        case when c.state = 'retired' then 'tobedeleted' else 'active' end, 0, c.changed_at, c.id, '1', ''
        from programme g join course c on c.programme = g.id where g.id = $3 and c.revision is not null"
    };
}

// A capability for a school: title, category. The capabilities come packed in one text, each as code,
// category and title filled up to the same width.
macro_rules! items {
    ($packed:literal, $width:literal) => {
        concat!(
            "select n.id as k1, n.id as k2, c.code as k3, n.id as i1, n.id as i2, c.title as t0,
            c.category as t1, '' as t2, '' as t3, '' as t4, '' as t5,
            case when n.valid_to is null then 'active' else 'tobedeleted' end as status,
            cast(0 as bigint) as n1, case when g.created_at > n.changed_at then g.created_at
                else n.changed_at end as changed_at, n.id as made, n.path as o1, c.code as o2
            from node n join programme g on g.id = $3 cross join ",
            capabilities!($packed, $width),
            " c where n.path >= $1 and n.path < $2 and n.kind = 'school'"
        )
    };
}

macro_rules! capabilities {
    ($packed:literal, $width:literal) => {
        concat!(
            "(with recursive place (at) as (select 0 union all select at + 1 from place
                where (at + 1) * 3 * cast(",
            $width,
            " as bigint) < length(cast(",
            $packed,
            " as text)))
                select ",
            part!($packed, $width, "0"),
            " as code, ",
            part!($packed, $width, "1"),
            " as category, ",
            part!($packed, $width, "2"),
            " as title from place)"
        )
    };
}

macro_rules! part {
    ($packed:literal, $width:literal, $nth:literal) => {
        concat!(
            "trim(substr(cast(",
            $packed,
            " as text), cast((at * 3 + ",
            $nth,
            ") * cast(",
            $width,
            " as bigint) + 1 as integer), cast(cast(",
            $width,
            " as bigint) as integer)))"
        )
    };
}

/// A page in the collection's own order.
macro_rules! page {
    ($rows:expr) => {
        concat!(
            "select r.k1, r.k2, r.k3, r.i1, r.i2, r.t0, r.t1, r.t2, r.t3, r.t4, r.t5, r.status, r.n1,
            r.changed_at, r.made from (",
            $rows,
            ") r order by r.o1, r.o2, r.k1, r.k2, r.k3 limit $4 offset $5"
        )
    };
}

/// The text column number `$at`, for comparison.
macro_rules! text {
    ($at:literal) => {
        concat!(
            "(case cast(",
            $at,
            " as bigint) when 0 then lower(r.t0) when 1 then lower(r.t1) when 2 then lower(r.t2)
            when 3 then lower(r.t3) when 4 then lower(r.t4) when 5 then lower(r.t5) else r.status end)"
        )
    };
}

/// The key number `$at`: 0 is the row's own, 1 and 2 what it refers to, 3 the first with its code.
macro_rules! first {
    ($at:literal) => {
        concat!("(case cast(", $at, " as bigint) when 0 then r.k1 when 2 then r.i2 else r.i1 end)")
    };
}
macro_rules! second {
    ($at:literal) => {
        concat!("(case cast(", $at, " as bigint) when 0 then r.k2 when 2 then r.i2 else r.i1 end)")
    };
}
macro_rules! code {
    ($at:literal) => {
        concat!("(case when cast(", $at, " as bigint) in (0, 3) then r.k3 else '' end)")
    };
}

/// Whether a condition holds: 1, 2 or 4 for less, equal or more, of which a mask takes some.
macro_rules! condition {
    ($kind:literal, $at:literal, $mask:literal, $text:literal, $one:literal, $two:literal, $from:literal,
     $until:literal, $made:literal, $later:literal) => {
        concat!(
            "((case cast(",
            $kind,
            " as bigint) when 0 then 2
            when 1 then case when ",
            text!($at),
            " < ",
            $text,
            " then 1
                when ",
            text!($at),
            " = ",
            $text,
            " then 2 else 4 end
            when 2 then case when ",
            text!($at),
            " like ",
            $text,
            " escape '\\' then 2 else 1 end
            when 6 then case when ",
            $text,
            " like '%,' || ",
            text!($at),
            " || ',%' then 2 else 1 end
            when 3 then case when (",
            first!($at),
            ", ",
            second!($at),
            ", ",
            code!($at),
            ") < (",
            $one,
            ", ",
            $two,
            ", ",
            $text,
            ") then 1
                when (",
            first!($at),
            ", ",
            second!($at),
            ", ",
            code!($at),
            ") = (",
            $one,
            ", ",
            $two,
            ", ",
            $text,
            ") then 2 else 4 end
            when 4 then case when r.changed_at >= ",
            $until,
            " or r.made >= ",
            $later,
            " then 4
                when r.changed_at >= ",
            $from,
            " or r.made >= ",
            $made,
            " then 2 else 1 end
            else case when r.n1 >= ",
            $until,
            " then 4 when r.n1 >= ",
            $from,
            " then 2 else 1 end
            end) & cast(",
            $mask,
            " as bigint)) <> 0"
        )
    };
}

/// Two conditions, of which both or one hold.
macro_rules! holds {
    () => {
        concat!(
            "(((",
            condition!("$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13"),
            " and ",
            condition!("$14", "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23"),
            ") or (cast($24 as bigint) = 0 and (",
            condition!("$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13"),
            " or ",
            condition!("$14", "$15", "$16", "$17", "$18", "$19", "$20", "$21", "$22", "$23"),
            "))))"
        )
    };
}

/// What the row has to belong to: 8 a kind, 9 nothing, else a key.
macro_rules! within {
    () => {
        concat!(
            "(case cast($25 as bigint) when 9 then 2
            when 8 then case when r.t3 = $26 then 2 else 1 end
            else case when (",
            first!("$25"),
            ", ",
            code!("$25"),
            ") = ($27, $26) then 2 else 1 end end) = 2"
        )
    };
}

macro_rules! all {
    ($rows:expr) => {
        concat!("select count(*) from (", $rows, ") r")
    };
}

macro_rules! count {
    ($rows:expr) => {
        concat!("select count(*) from (", $rows, ") r where ", holds!(), " and ", within!())
    };
}

/// The order of a field, one way or the other.
macro_rules! order {
    ($direction:literal, $descending:literal) => {
        concat!(
            "case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 1 then ",
            text!("$29"),
            " end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 3 then ",
            first!("$29"),
            " end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 3 then ",
            second!("$29"),
            " end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 3 then ",
            code!("$29"),
            " end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 4 then r.changed_at end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 4 then r.made end ",
            $direction,
            ", case when cast($30 as bigint) = ",
            $descending,
            " and cast($28 as bigint) = 5 then r.n1 end ",
            $direction
        )
    };
}

macro_rules! narrowed {
    ($rows:expr) => {
        concat!(
            "select r.k1, r.k2, r.k3, r.i1, r.i2, r.t0, r.t1, r.t2, r.t3, r.t4, r.t5, r.status, r.n1,
            r.changed_at, r.made from (",
            $rows,
            ") r where ",
            holds!(),
            " and ",
            within!(),
            " order by ",
            order!("asc", "0"),
            ", ",
            order!("desc", "1"),
            ", r.k1, r.k2, r.k3 limit $31 offset $32"
        )
    };
}

/// The statements of a collection.
#[derive(Debug)]
pub struct Rows {
    /// A page in the collection's own order.
    pub page: &'static str,
    /// How many rows there are.
    pub all: &'static str,
    /// A page of what a move of the tree has taken away, and how many rows that is: they come behind the
    /// others.
    pub moved: Option<[&'static str; 2]>,
    /// A page of what two conditions leave, in the order of a field.
    pub narrowed: &'static str,
    /// How many rows two conditions leave.
    pub count: &'static str,
}

/// The rows of a collection and what was moved away, together.
macro_rules! whole {
    ($rows:expr, $moved:expr) => {
        concat!($rows, " union all ", $moved)
    };
}

pub static ORGS: Rows = Rows {
    page: page!(orgs!()),
    all: all!(orgs!()),
    moved: Some([page!(orgs_moved!()), all!(orgs_moved!())]),
    narrowed: narrowed!(whole!(orgs!(), orgs_moved!())),
    count: count!(whole!(orgs!(), orgs_moved!())),
};
/// Where a school stands, or stood before it was moved away.
pub const PLACE: &str =
    concat!("select r.o1 from (", whole!(classes!(), classes_moved!()), ") r where r.k1 = $4");
pub static CLASSES: Rows = Rows {
    page: page!(classes!()),
    all: all!(classes!()),
    moved: Some([page!(classes_moved!()), all!(classes_moved!())]),
    narrowed: narrowed!(whole!(classes!(), classes_moved!())),
    count: count!(whole!(classes!(), classes_moved!())),
};
// A user's place in the order, and whether there is one, stand in the post alone: persons are looked up
// for those of the page, not for those before it, and none to count them.
pub static USERS: Rows = Rows {
    page: concat!(
        "select r.k1, r.k2, r.k3, r.i1, r.i2, r.t0, r.t1, r.t2, r.t3, r.t4, r.t5, r.status, r.n1,
        r.changed_at, r.made from (",
        user!(),
        " from (select p.id, p.person, p.school, p.path, p.sort_key, p.subject, p.stage, p.since, p.until,
            p.changed_at from post p",
        posts_of_users!(),
        " order by p.path, p.sort_key, p.person limit $4 offset $5) p
        join person o on o.id = p.person join programme g on g.id = $3) r
        order by r.o1, r.o2, r.k1, r.k2, r.k3"
    ),
    all: concat!("select count(*) from post p join programme g on g.id = $3", posts_of_users!()),
    moved: Some([page!(users_moved!(user!())), all!(users_moved!(user!()))]),
    narrowed: narrowed!(whole!(users!(), users_moved!(user!()))),
    count: count!(whole!(users!(), users_moved!(user!()))),
};
pub static ENROLLMENTS: Rows = Rows {
    page: page!(enrollments!()),
    all: all!(enrollments!()),
    moved: Some([page!(enrollments_moved!()), all!(enrollments_moved!())]),
    narrowed: narrowed!(whole!(enrollments!(), enrollments_moved!())),
    count: count!(whole!(enrollments!(), enrollments_moved!())),
};
pub static RESULTS: Rows = Rows {
    page: page!(results!()),
    all: all!(results!()),
    moved: None,
    narrowed: narrowed!(results!()),
    count: count!(results!()),
};
pub static COURSES: Rows = Rows {
    page: page!(courses!()),
    all: all!(courses!()),
    moved: None,
    narrowed: narrowed!(courses!()),
    count: count!(courses!()),
};
pub static ITEMS: Rows = Rows {
    page: page!(items!("$6", "$7")),
    all: all!(items!("$4", "$5")),
    moved: Some([
        page!(items_moved!(capabilities!("$6", "$7"))),
        all!(items_moved!(capabilities!("$4", "$5"))),
    ]),
    narrowed: narrowed!(whole!(items!("$33", "$34"), items_moved!(capabilities!("$33", "$34")))),
    count: count!(whole!(items!("$28", "$29"), items_moved!(capabilities!("$28", "$29")))),
};
