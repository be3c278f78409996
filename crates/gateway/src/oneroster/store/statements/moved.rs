//! What a move of the tree has taken away from the part that is read, as it was when it went: the rows of
//! each collection, with the columns of the others.
//!
//! Nothing that is within the part again is among them, and of several moves of one the last counts.

// A row of what was moved away from the part, if the reader of the part is one of those who are told of it.
macro_rules! moved_from {
    ($row:literal) => {
        concat!(
            $row,
            ".path >= $1 and ",
            $row,
            ".path < $2
            and substr($1, 1, length(",
            $row,
            ".told_to)) = ",
            $row,
            ".told_to"
        )
    };
}

// A node that was moved away.
macro_rules! nodes_moved {
    () => {
        concat!(
            "(select a.path, a.node, a.parent, a.name, a.code, a.moved_at, b.kind from node_moved a
            join node b on b.id = a.node join programme g on g.id = $3
            where ",
            moved_from!("a"),
            " and not (b.path >= $1 and b.path < $2)
            and not exists (select 1 from node_moved c where c.node = a.node and ",
            moved_from!("c"),
            "
                and (c.moved_at, c.path) > (a.moved_at, a.path))) n"
        )
    };
}

macro_rules! orgs_moved {
    () => {
        concat!(
            "select n.node as k1, n.node as k2, '' as k3, n.parent as i1, n.node as i2, n.name as t0,
            case n.kind when 'province' then 'state' when 'city' then 'district' when 'county' then 'district'
                when 'school' then 'school' when 'group' then 'department' else 'local' end as t1,
            coalesce(n.code, '') as t2, n.kind as t3, '' as t4, '' as t5, 'tobedeleted' as status,
            cast(0 as bigint) as n1, n.moved_at as changed_at, n.node as made, n.path as o1, '' as o2 from ",
            nodes_moved!()
        )
    };
}

macro_rules! classes_moved {
    () => {
        concat!(
            "select n.node as k1, n.node as k2, '' as k3, n.node as i1, n.node as i2, n.name as t0,
            coalesce(n.code, '') as t1, '' as t2, '' as t3, '' as t4, '' as t5, 'tobedeleted' as status,
            cast(0 as bigint) as n1, n.moved_at as changed_at, n.node as made, n.path as o1, '' as o2 from ",
            nodes_moved!(),
            " where n.kind = 'school'"
        )
    };
}

macro_rules! items_moved {
    ($capabilities:expr) => {
        concat!(
            "select n.node as k1, n.node as k2, c.code as k3, n.node as i1, n.node as i2, c.title as t0,
            c.category as t1, '' as t2, '' as t3, '' as t4, '' as t5, 'tobedeleted' as status,
            cast(0 as bigint) as n1, n.moved_at as changed_at, n.node as made, n.path as o1, c.code as o2 from ",
            nodes_moved!(),
            " cross join ",
            $capabilities,
            " c where n.kind = 'school'"
        )
    };
}

// A teacher whose last post in the part was moved away.
macro_rules! users_moved {
    ($user:expr) => {
        concat!(
            $user,
            " from (select a.post as id, a.person, a.school, a.path, a.sort_key, a.subject, a.stage, a.since,
                a.until, a.moved_at as changed_at from post_moved a
                where ",
            moved_from!("a"),
            "
                and not exists (select 1 from post q where q.person = a.person and q.path >= $1
                    and q.path < $2 and (q.until is null or q.id >= a.post))
                and not exists (select 1 from post_moved c where c.person = a.person and ",
            moved_from!("c"),
            "
                    and (c.post, c.moved_at, c.path) > (a.post, a.moved_at, a.path))) p
            join person o on o.id = p.person join programme g on g.id = $3"
        )
    };
}

// A teacher at a school that was moved away.
macro_rules! enrollments_moved {
    () => {
        concat!(
            "select a.person as k1, a.school as k2, '' as k3, a.school as i1, a.person as i2, a.since as t0,
            a.until as t1, '' as t2, '' as t3, '' as t4, '' as t5, 'tobedeleted' as status,
            cast(0 as bigint) as n1, a.moved_at as changed_at, a.post as made, a.path as o1, a.sort_key as o2
            from post_moved a join node b on b.id = a.school join programme g on g.id = $3
            where ", moved_from!("a"), " and not (b.path >= $1 and b.path < $2)
            and not exists (select 1 from post_moved c where c.person = a.person and c.school = a.school
                and ", moved_from!("c"), " and (c.post, c.moved_at, c.path) > (a.post, a.moved_at, a.path))"
        )
    };
}
