//! A teacher's own disputes: opening one with what proves it, looking at that, taking it back; and a
//! dispute as both sides see it.

use askama::Template;
use axum::extract::Multipart;
use axum::http::HeaderMap;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::serve::{Disposition, stored};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once, upload};
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::super::actions::disputes;
use super::super::dispute::{Dispute, DisputeState, Exhibit};
use super::super::exhibit;
use super::super::model::{Entry, HoursError};
use super::super::store;
use super::own::{own, reader};
use super::{LineRow, as_form, ground, ground_of, line_row};
use crate::hours::statement;

/// The disputes of a teacher where the teacher looks at them.
pub(super) const OWN: &str = "/hours/disputes";
/// The same where those who answer look at them.
pub(super) const INBOX: &str = "/hours/inbox";

/// What belongs to the disputes of a teacher.
pub(super) struct Beside {
    files: Vec<(Id<Dispute>, Exhibit)>,
    mends: Vec<(Id<Dispute>, Id<Entry>)>,
}

impl Beside {
    pub(super) async fn load(
        tx: &mut Tx,
        programme: &Programme,
        person: Id<Person>,
    ) -> Result<Self, DbError> {
        let files = store::disputes::files(tx, programme.id, person).await?;
        let mends = store::disputes::mends(tx, programme.id, person).await?;
        Ok(Self { files, mends })
    }

    /// The file of the dispute `of` with that number.
    pub(super) fn file(self, of: Id<Dispute>, id: Id<Exhibit>) -> Result<Exhibit, Failure> {
        let found = self.files.into_iter().find(|(dispute, file)| *dispute == of && file.id == id);
        found.map(|(_, file)| file).ok_or(Failure::NotFound)
    }
}

/// A dispute as shown.
pub(super) struct DisputeRow {
    pub id: String,
    pub title: String,
    pub text: String,
    pub opened: String,
    pub due: String,
    pub state: &'static str,
    pub tone: &'static str,
    pub answer: String,
    /// Who answered and when; empty while nobody has.
    pub answered: String,
    pub is_open: bool,
    pub is_mending: bool,
    pub is_late: bool,
    pub files: Vec<FileRow>,
    /// What mended it.
    pub mended: Vec<MendRow>,
}

/// A line that mended a dispute, or can have done so, as shown.
pub(super) struct MendRow {
    /// The line.
    pub id: String,
    /// What it did, in words.
    pub words: String,
}

/// What `entry` did to the ledger.
pub(super) fn mend_row(rules: &Scheme, entry: &Entry) -> MendRow {
    let did = if entry.reverses.is_some() { "冲销" } else { "入账" };
    let (hours, booked) = (rules.hours.shown(entry.seconds), entry.received_at.chinese());
    MendRow { id: entry.id.to_string(), words: format!("{did}“{}”{hours}（{booked}）", entry.title) }
}

/// Something handed in with a dispute, as shown.
pub(super) struct FileRow {
    pub href: String,
    pub title: String,
    pub is_picture: bool,
}

/// The dispute with what belongs to it, on the pages `at`; `entries` are the teacher's.
pub(super) fn dispute_row(
    (ctx, at): (&Ctx, &str),
    rules: &Scheme,
    dispute: &Dispute,
    (beside, entries): (&Beside, &[Entry]),
) -> DisputeRow {
    let of = |id: &Id<Dispute>| *id == dispute.id;
    let files = beside.files.iter().filter(|(id, _)| of(id)).map(|(_, file)| FileRow {
        href: format!("{at}/{}/files/{}", dispute.id, file.id),
        title: file.title.clone(),
        is_picture: tisheng_content::Content::PICTURES.contains(&file.content),
    });
    let entry = |id: Id<Entry>| entries.iter().find(|entry| entry.id == id);
    let mended = beside.mends.iter().filter(|(id, _)| of(id)).filter_map(|(_, id)| entry(*id));
    let answered = match dispute.answered_at {
        Some(at) if !dispute.answered_by.is_empty() => format!("{}，{}", dispute.answered_by, at.chinese()),
        _ => String::new(),
    };
    DisputeRow {
        id: dispute.id.to_string(),
        title: dispute.title.clone(),
        text: dispute.text.clone(),
        opened: dispute.opened_at.chinese(),
        due: chinese_date(dispute.due_on),
        state: dispute.state.chinese(),
        tone: dispute.state.tone(),
        answer: dispute.answer.clone(),
        answered,
        is_open: dispute.state == DisputeState::Open,
        is_mending: dispute.state == DisputeState::Mending,
        is_late: dispute.is_late(ctx.at.date()),
        files: files.collect(),
        mended: mended.map(|entry| mend_row(rules, entry)).collect(),
    }
}

#[derive(Template)]
#[template(path = "hours/pages/dispute.html")]
struct DisputePage {
    page: Page,
    entry: String,
    about: Option<LineRow>,
    title: String,
    text: String,
    most: String,
    errors: FormErrors,
}

/// `GET /hours/disputes/new`: about the line `entry`, or about what is called `title`.
pub async fn new_dispute(asker: SignedIn, filters: Filters) -> Answer {
    let typed = [filters.text("title"), ""];
    let form = dispute_form(&asker, filters.text("entry"), typed, FormErrors::default());
    layout::show(&form.await?)
}

async fn dispute_form(
    asker: &SignedIn,
    entry: &str,
    [title, text]: [&str; 2],
    errors: FormErrors,
) -> Result<DisputePage, Failure> {
    let ctx = &asker.ctx;
    let person = own(ctx)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground_of(ctx, &mut tx, person).await?;
    let about = match entry {
        "" => None,
        id => {
            let entries = store::entries(&mut tx, programme.id, person).await?;
            let lines = statement::lines(&rules.hours, &entries);
            let line = lines.iter().find(|line| line.entry.id.to_string() == id);
            Some(line_row(&rules, line.ok_or(Failure::NotFound)?))
        }
    };
    Ok(DisputePage {
        page: Page::new(asker, "提出学时异议", "/hours").crumb("我的学时", "/hours"),
        entry: entry.to_owned(),
        about,
        title: title.to_owned(),
        text: text.to_owned(),
        most: exhibit::most_in_words(ctx),
        errors,
    })
}

/// The field that files are picked in.
const FILE: [(&str, &str); 1] = [("file", "证明材料")];

/// `POST /hours/disputes`
pub async fn open_dispute(asker: SignedIn, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    own(ctx)?;
    let received = upload::receive(ctx, form, exhibit::most(ctx)).await?;
    let typed = Fields::new(received.pairs);
    let entry_text = typed.text("entry");
    let mut check = typed.check();
    let title =
        if entry_text.is_empty() { check.required("title", "课程或活动名称", 100) } else { "" };
    let text = check.required("text", "异议说明", 1000);
    let mut errors = check.errors();
    if received.too_much {
        errors.add("file", format!("证明材料{}", exhibit::most_in_words(ctx)));
    }
    if !errors.is_empty() {
        let errors = errors.titled(&FILE);
        return again(&dispute_form(&asker, entry_text, [title, text], errors).await?);
    }
    let files = match exhibit::take(ctx, received.files).await? {
        Ok(files) => files,
        Err(sentence) => {
            let errors = FormErrors::one("file", sentence).titled(&FILE);
            return again(&dispute_form(&asker, entry_text, [title, text], errors).await?);
        }
    };
    let entry = match entry_text {
        "" => None,
        id => Some(id.parse::<Id<Entry>>().map_err(|_| Failure::NotFound)?),
    };
    // The same form with another file is another submission.
    let mut pairs = typed.pairs().to_vec();
    pairs.extend(files.iter().map(|file| ("file".to_owned(), file.blob.digest.clone())));
    let fields = Fields::new(pairs);
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match disputes::open(ctx, &mut once.tx, &programme, entry, (title, text)).await {
        Ok(id) => {
            let handed_in = disputes::hand_in(ctx, &mut once.tx, &programme, id, &files).await;
            handed_in.map_err(Failure::from)?;
            once.done("/hours#disputes", Flash::good("异议已提交，答复后会显示在本页。")).await
        }
        Err(error) => {
            drop(once);
            let errors = as_form(error, "text")?;
            again(&dispute_form(&asker, entry_text, [title, text], errors).await?)
        }
    }
}

/// `GET /hours/disputes/{id}/files/{file}`: what the teacher has handed in.
pub async fn own_file(
    asker: SignedIn,
    Path((id, file)): Path<(Id<Dispute>, Id<Exhibit>)>,
    headers: HeaderMap,
) -> Answer {
    let ctx = &asker.ctx;
    let person = reader(ctx)?;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    // Only disputes of the asker are among them.
    let file = Beside::load(&mut tx, &programme, person).await?.file(id, file)?;
    drop(tx);
    serve(ctx, &headers, &file).await
}

/// The answer that is a file handed in; the caller has said that the asker may see it.
pub(super) async fn serve(ctx: &Ctx, headers: &HeaderMap, file: &Exhibit) -> Answer {
    let media_type = file.content.media_type();
    stored(&ctx.app, headers, &file.blob, media_type, &file.title, Disposition::Inline).await
}

/// `POST /hours/disputes/{id}/withdraw`
pub async fn withdraw_dispute(asker: SignedIn, Path(id): Path<Id<Dispute>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match disputes::withdraw(ctx, &mut once.tx, &programme, id).await {
        Ok(()) => once.done("/hours#disputes", Flash::good("异议已撤回。")).await,
        // The page was opened before somebody answered: the answer stands there now.
        Err(HoursError::Answered) => {
            once.done("/hours#disputes", Flash::warn("这项异议已经处理，没有撤回；结果见“我的异议”。")).await
        }
        Err(error) => Err(error.into()),
    }
}
