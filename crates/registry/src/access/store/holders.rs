//! Who holds a role at a node, in the order of any column. A node has few of them, so that a page
//! is sorted when it is asked for.

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::Order;
use tisheng_platform::{DbError, Tx, args};

use super::grant;
use crate::access::model::Holder;
use crate::organisation::Node;
use crate::role::Role;

/// By name, which is also the order of what is equal in another column.
pub const BY_NAME: Order = Order::by("name");

/// What the list may be put in the order of.
const SORTABLE: [&str; 5] = ["name", "role", "since", "until", "account"];

/// `$8` is empty, or `-` for the last first: then the first two keys of the order say nothing.
/// A role without an end comes after all that have one.
const HOLDERS: &str =
    "select id, person, role, node, node_name, path, since, until, name, has_account, place
    from (select h.*, case $7 when 'role' then h.role || ' ' when 'since' then h.since || ' '
            when 'until' then coalesce(h.until, '~') || ' '
            when 'account' then case when h.has_account then '1 ' else '0 ' end
            else '' end || h.sort_key as place
        from (select g.id, g.person, g.role, g.node, n.name as node_name, g.path, g.since, g.until, p.name, p.sort_key,
                exists (select 1 from account a where a.person = p.id and a.disabled_at is null) as has_account
            from role_grant g join node n on n.id = g.node join person p on p.id = g.person
            where g.node = $1 and g.since <= $2 and (g.until is null or g.until > $2)
                and ($3 = '' or g.role = $3)) h) t
    where ($8 = '' and (place, id) > ($4, $5)) or ($8 = '-' and (place, id) < ($4, $5))
    order by case $8 when '' then place end, case $8 when '' then id end, place desc, id desc limit $6";

/// The order that an address names.
pub fn order(text: &str) -> Order {
    Order::named(text, &SORTABLE, BY_NAME)
}

/// Who holds a role at `node` on `day`, or `role` alone, at most `most` after `place`.
pub async fn holders(
    tx: &mut Tx,
    (node, day): (Id<Node>, NaiveDate),
    (role, order): (Option<Role>, Order),
    place: &Cursor,
    most: i64,
) -> Result<Vec<Holder>, DbError> {
    let role = role.map_or("", Role::key);
    let (key, id) = order.after(place);
    let given = args![node, day, role, key, id, most, order.by, order.way()];
    tx.rows(HOLDERS, given, |row| {
        Ok(Holder { grant: grant(row)?, name: row.get(8)?, has_account: row.get(9)?, place: row.get(10)? })
    })
    .await
}
