//! Who may approve an activity.

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, args};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::Node;
use uuid::Uuid;

use crate::activity::model::Activity;

/// The roles are those of `APPROVERS`.
const AT_SCHOOL: &str = "select g.person, p.name, g.role from role_grant g join person p on p.id = g.person
    where g.node = $1 and g.role in ('principal', 'cio', 'management_team') and g.person <> $2
    and g.since <= $3 and (g.until is null or g.until > $3)
    and exists (select 1 from account a where a.person = g.person and a.disabled_at is null)
    order by case g.role when 'principal' then 0 when 'cio' then 1 else 2 end, p.sort_key, g.id";

const HAS_OFFICE: &str = "select count(*) from role_grant g
    where g.node = $1 and g.role in ('town', 'county', 'city', 'province')
    and g.since <= $2 and (g.until is null or g.until > $2) and g.person <> $3
    and exists (select 1 from account a where a.person = g.person and a.disabled_at is null)";

/// Whoever may approve `of` at its school on `day`, each with the role: not whoever planned it.
pub async fn at_school(tx: &mut Tx, of: &Activity, day: NaiveDate) -> Result<Vec<String>, DbError> {
    let grants = tx
        .rows(AT_SCHOOL, args![of.school, of.planned_by, day], |row| {
            let role = row.get::<String>(2)?.parse::<Role>();
            Ok((row.get::<Uuid>(0)?, row.get::<String>(1)?, role.map_or("", Role::title)))
        })
        .await?;
    let mut people: Vec<(Uuid, String, Vec<&str>)> = Vec::new();
    for (person, name, role) in grants {
        match people.iter_mut().find(|(known, _, _)| *known == person) {
            Some((_, _, roles)) => roles.push(role),
            None => people.push((person, name, vec![role])),
        }
    }
    Ok(people.into_iter().map(|(_, name, roles)| format!("{name}（{}）", roles.join("、"))).collect())
}

/// Whether anybody but whoever planned `of` acts for the project office at `node` on `day`.
pub async fn has_office(tx: &mut Tx, node: Id<Node>, of: &Activity, day: NaiveDate) -> Result<bool, DbError> {
    let people: i64 = tx.row(HAS_OFFICE, args![node, day, of.planned_by], |row| row.get(0)).await?;
    Ok(people > 0)
}
