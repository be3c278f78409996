//! Who has looked at whole numbers of papers and phones, and why: the audit trail's rows about it,
//! for those who oversee the lookers.

use askama::Template;
use serde::Deserialize;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::audit::Entry;
use tisheng_platform::web::layout::{self, Page};
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Filters};

use super::store;
use crate::people::Person;
use crate::role::{Permission, Role, permit};

/// The number that was looked at, by the action in the trail.
pub const NUMBERS: [(&str, &str); 2] = [("people.paper_shown", "证件号码"), ("people.phone_shown", "手机号")];

/// One look.
#[derive(Debug, Clone)]
pub struct Look {
    /// The row of the trail.
    pub id: Id<Entry>,
    /// When.
    pub at: Instant,
    /// The action in the trail.
    pub action: String,
    /// What the trail holds besides, as JSON.
    pub detail: String,
    /// The key of the role in which it was done.
    pub role: String,
    /// Where the role is held.
    pub node_name: String,
    /// Who looked; empty when the account is gone.
    pub looker: String,
    /// Whose number it was.
    pub person: Id<Person>,
    /// The name; empty when the record is gone.
    pub person_name: String,
}

/// What the trail says about a look.
#[derive(Deserialize)]
struct Detail {
    reason: String,
}

impl Look {
    /// Why.
    #[must_use]
    pub fn reason(&self) -> String {
        serde_json::from_str(&self.detail).map_or_else(|_| String::new(), |detail: Detail| detail.reason)
    }

    /// Which number.
    #[must_use]
    pub fn number(&self) -> &'static str {
        NUMBERS.iter().find(|(action, _)| *action == self.action).map_or("", |(_, title)| title)
    }

    /// The role, as pages name it.
    #[must_use]
    pub fn role_title(&self) -> &'static str {
        self.role.parse().map_or("", Role::title)
    }
}

#[derive(Template)]
#[template(path = "access/pages/looks.html")]
struct LooksPage<'a> {
    page: Page,
    rows: Vec<Look>,
    filters: &'a Filters,
    numbers: &'static [(&'static str, &'static str)],
    first: String,
    next: String,
}

/// `GET /looks`: the looks of those who act at or below the asker's node, the latest first.
pub async fn show(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    permit(ctx, Permission::SeeLooks)?;
    let place = filters.cursor();
    // Before everything when the list begins: identifiers grow with time.
    let before: Id<Entry> = place.id.parse().unwrap_or_else(|_| Id::from_uuid(uuid::Uuid::max()));
    let wanted = (filters.text("number"), filters.text("name"));
    let mut tx = ctx.read().await?;
    let rows = store::looks(&mut tx, &ctx.scope(), wanted, before, ROWS + 1).await?;
    drop(tx);
    let slice = Slice::cut(rows, |row| (String::new(), row.id.to_string()));
    layout::show(&LooksPage {
        page: Page::new(&asker, "查看号码记录", "/people"),
        rows: slice.rows,
        numbers: &NUMBERS,
        first: if place == Cursor::default() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        filters: &filters,
    })
}
