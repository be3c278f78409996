//! The list of certificates, as a page and as a file.

use askama::Template;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::{Order, ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::whole::{Turn, Whole};
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page};
use tisheng_platform::{App, Scope, Tx, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access;
use tisheng_registry::organisation::{self, Kind};

use super::SEERS;
use crate::certificate::batch::{self, Batch};
use crate::certificate::issue::ISSUERS;
use crate::certificate::model::Certificate;
use crate::certificate::store;

#[derive(Template)]
#[template(path = "certificate/pages/list.html")]
struct ListPage {
    page: Page,
    filters: Filters,
    rows: Vec<Certificate>,
    next: String,
    /// How many wait for a certificate; empty where nobody does.
    ready: String,
    /// The order in force, as the address names it; empty for a search, which comes by name alone.
    order: String,
    may_issue: bool,
    batches: Vec<BatchShown>,
}

impl ListPage {
    /// Whether a job is under way whose progress the page shows.
    fn at_work(&self) -> bool {
        self.batches.iter().any(|row| {
            let is_issuing = row.own && row.batch.done_at.is_none() && !row.given_up;
            is_issuing || row.printing.as_ref().is_some_and(|state| !state.given_up)
        })
    }

    /// What a list says that is empty, and what comes next.
    fn nothing(&self) -> (&'static str, &'static str) {
        if !self.filters.text("q").is_empty() {
            return ("没有符合条件的证书", "请换一个姓名、学校或编号再试。");
        }
        match self.filters.text("state") {
            "" => ("还没有发放证书", "教师达到全部要求后，由县级及以上工程办在这里发证。"),
            "valid" => ("没有有效的证书", "教师达到全部要求后，由县级及以上工程办在这里发证。"),
            store::listed::UNMET => ("没有需要核查的证书", "有效证书的持有人现在都仍然达到全部要求。"),
            "revoked" => ("没有已撤销的证书", "证书撤销后会保留在这里，可以查看原因。"),
            "superseded" => ("没有已换发的证书", "证书换发后，原来的一份会保留在这里。"),
            _ => ("没有符合条件的证书", "请换一个条件再试。"),
        }
    }

    /// Whether valid certificates are listed, which people hold who teach no more as well.
    fn holds_leavers(&self) -> bool {
        ["", "valid"].contains(&self.filters.text("state")) && !self.rows.is_empty()
    }
}

/// Batches shown above the list.
const BATCHES: i64 = 5;

/// A batch and how far its jobs have come.
struct BatchShown {
    batch: Batch,
    /// Certificates to be issued in all.
    total: i64,
    given_up: bool,
    /// Whether the asker's office asked for it and may have its file.
    own: bool,
    /// Certificates that still stand.
    valid: i64,
    /// How far the file is, while it is being made.
    printing: Option<jobs::State>,
}

impl BatchShown {
    async fn of(tx: &mut Tx, batch: Batch, own: bool) -> Result<Self, Failure> {
        let state = jobs::state(tx, batch.job).await?;
        let printing = match batch.print_job {
            Some(job) => jobs::state(tx, job).await?.filter(|state| state.done_at.is_none()),
            None => None,
        };
        let valid = if own { store::batch::count_valid(tx, batch.id).await? } else { batch.issued };
        let total = state.as_ref().map_or(batch.issued, |state| state.total.max(batch.issued));
        let given_up = state.is_some_and(|state| state.given_up);
        Ok(Self { batch, total, given_up, own, valid, printing })
    }
}

const STATES: [(&str, &str); 4] = [
    ("valid", "有效"),
    (store::listed::UNMET, "有效，但已不再达标"),
    ("revoked", "已撤销"),
    ("superseded", "已换发"),
];

/// `GET /certificates`
pub(super) async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let member = access::require(&asker.ctx, &SEERS)?;
    let scope = asker.ctx.scope();
    let form = filters.text("format");
    let turn = if form.is_empty() { None } else { Some(asker.ctx.app.turns.take().await?) };
    let mut tx = asker.ctx.read().await?;
    let programme = scheme::at(&mut tx, &member.path).await?;
    let words = filters.text("q");
    let mut order = Order::named(filters.text("sort"), &store::listed::COLUMNS, Order::by("name"));
    if !words.is_empty() || order == Order::back_by("school") {
        order = Order::by("name");
    }
    let asked = store::listed::Asked { state: filters.text("state"), words, order };
    let here = organisation::by_path(&mut tx, &scope.from).await?;
    let part = (&scope, here.map(|node| node.kind));
    if let Some(turn) = turn {
        return file(&asker.ctx.app, tx, &programme, part, asked, (form, turn)).await;
    }
    let after = filters.cursor();
    let rows = store::listed::list(&mut tx, &programme, part, asked, (&after, ROWS + 1)).await?;
    let slice = Slice::cut(rows, |(certificate, key)| (key.clone(), certificate.number.clone()));
    let ready = batch::ready(&mut tx, programme.id, &scope).await?;
    let ready = if ready > 0 { batch::shown(ready) } else { String::new() };
    let may_issue = access::require(&asker.ctx, &ISSUERS).is_ok();
    let mut batches = Vec::new();
    for batch in store::batch::latest(&mut tx, programme.id, &scope, BATCHES).await? {
        let own = may_issue && batch.path == member.path;
        batches.push(BatchShown::of(&mut tx, batch, own).await?);
    }
    drop(tx);
    let next = slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default();
    let page = Page::new(&asker, "证书", "/certificates");
    let rows = slice.rows.into_iter().map(|(certificate, _)| certificate).collect();
    let order = if words.is_empty() { order.key() } else { String::new() };
    show(&ListPage { page, order, filters, rows, next, ready, may_issue, batches })
}

/// Everything that the list shows page by page, in its order.
async fn file(
    app: &App,
    mut tx: Tx,
    programme: &Programme,
    part: (&Scope, Option<Kind>),
    asked: store::listed::Asked<'_>,
    (form, turn): (&str, Turn),
) -> Answer {
    let head = ["姓名", "学校", "编号", "发证日期", "状态"];
    let mut whole = Whole::begin(app, turn, (form, "证书"), (&head, &[]))?;
    let most = store::listed::at_once(programme, part, asked);
    let mut after = Cursor::default();
    loop {
        let rows = store::listed::list(&mut tx, programme, part, asked, (&after, most)).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|read| read < most);
        if let Some((last, key)) = rows.last() {
            after = Cursor { key: key.clone(), id: last.number.clone() };
        }
        whole = whole.add(rows.into_iter().map(|(certificate, _)| cells(certificate)).collect()).await?;
        if is_last {
            break;
        }
    }
    drop(tx);
    whole.answer().await
}

fn cells(certificate: Certificate) -> [String; 5] {
    let (issued_on, state) = (certificate.issued_on(), certificate.state.title().to_owned());
    [certificate.name, certificate.school, certificate.number, issued_on, state]
}
