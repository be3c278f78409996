//! The roll page by page, with what a room above has of each teacher.

/// The four statements that read a page of the roll, each in an order that an index serves: of a wide part of the tree
/// forwards and backwards, school by school, and of a narrow part, which is picked out and sorted. Each gives person,
/// name, school, subject, sort key and path, and then what a room adds:
///
/// * `of_each`: more columns of the teachers, and the joins they come from;
/// * `where`: further conditions, beginning with `and`;
/// * `lines`: columns of several lines for each teacher, the join they come from, and their order.
///
/// `$1` is the programme, `$2` and `$3` the part of the tree, `$4` the beginning of a name, of its pinyin or of its
/// initials, `$5` and `$6` the sort key and person after which the page begins, `$7` how many there are, `$8` the key
/// beyond the last or, school by school, the path; those of a room begin with `$9`.
#[macro_export]
macro_rules! pages_of_roll {
    (of_each: ($more:literal, $joins:literal), where: $filter:literal, lines: ($columns:literal, $lines:literal, $last:literal)) => {
        [
            // The concatenation keeps the index on paths out of the walk, which would have to sort the whole part.
            $crate::pages_of_roll!(one ($more, $joins, $filter, $columns, $lines, $last)
                "o.path || '' >= $2 and o.path || '' < $3",
                "(o.sort_key, o.person) > ($5, $6) and o.sort_key < $8",
                "o.sort_key, o.person", "r.sort_key, r.person"),
            $crate::pages_of_roll!(one ($more, $joins, $filter, $columns, $lines, $last)
                "o.path || '' >= $2 and o.path || '' < $3",
                "(o.sort_key, o.person) < ($5, $6) and o.sort_key < $8",
                "o.sort_key desc, o.person desc", "r.sort_key desc, r.person desc"),
            $crate::pages_of_roll!(one ($more, $joins, $filter, $columns, $lines, $last)
                "o.path >= $2 and o.path < $3",
                "(o.path, o.sort_key, o.person) > ($8, $5, $6)",
                "o.path, o.sort_key, o.person", "r.path, r.sort_key, r.person"),
            $crate::pages_of_roll!(one ($more, $joins, $filter, $columns, $lines, $last)
                "o.path >= $2 and o.path < $3",
                "(o.sort_key, o.person) > ($5, $6) and o.sort_key < $8",
                "o.sort_key, o.person", "r.sort_key, r.person"),
        ]
    };
    (one ($more:literal, $joins:literal, $filter:literal, $columns:literal, $lines:literal, $last:literal)
        $part:literal, $after:literal, $order:literal, $outer:literal) => {
        concat!(
            "select r.person, r.name, r.school, r.subject, r.sort_key, r.path", $columns,
            " from (select o.person as person, p.name as name, n.name as school, o.subject as subject,
                o.sort_key as sort_key, o.path as path", $more,
            " from post o join person p on p.id = o.person join node n on n.id = o.school ", $joins,
            " where o.until is null and ", $part,
            " and ($4 = '' or p.name like $4 || '%' escape '\\' or p.pinyin like $4 || '%' escape '\\'
                or p.initials like $4 || '%' escape '\\') ", $filter,
            " and ", $after, " order by ", $order, " limit $7) r ", $lines, " order by ", $outer, $last
        )
    };
}
