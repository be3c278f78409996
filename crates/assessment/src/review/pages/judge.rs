//! Evidence and criteria side by side, for every duty.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Level};
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, Page, once};
use tisheng_rules::framework::Piece;
use tisheng_training::hours::DisputeState;

use super::draft::ELSEWHERE;
use super::gone;
use crate::evidence::{self, Item, Naming, ShownPiece, Submission, shown};
use crate::review::actions::{self, Desk};
use crate::review::board::store as lists;
use crate::review::draft::{Draft, Place, in_words};
use crate::review::model::{Duty, Review, ReviewState};
use crate::review::objection::{self, Objection};
use crate::review::steps::Case;
use crate::review::store::{self, drafts};

#[derive(Template)]
#[template(path = "review/pages/judge.html")]
struct JudgePage {
    page: Page,
    /// Where the form goes.
    action: String,
    duty: Duty,
    /// Name and school, where the reviewer may know them.
    author: String,
    /// Until when it is to be done.
    limit: String,
    consent: &'static str,
    pieces: Vec<ShownPiece>,
    /// What the panel's members found, for its chair.
    others: Vec<Review>,
    /// The objections for which a panel judges again, where it may know the author.
    objections: Vec<Objection>,
    /// What another window has kept since this one was shown.
    elsewhere: Vec<(String, String)>,
    typed: Fields,
    /// How often what was typed has been kept.
    version: i64,
    /// When it was kept last, in words.
    kept: String,
    errors: FormErrors,
}

impl JudgePage {
    fn level_chosen(&self, piece: &ShownPiece, level: &Level) -> bool {
        self.typed.text(&format!("level-{}", piece.key)) == level.code()
    }

    fn ticked(&self, criterion: &str) -> bool {
        self.typed.has("met", criterion)
    }

    fn reason_of(&self, piece: &ShownPiece) -> &str {
        self.typed.text(&format!("reason-{}", piece.key))
    }

    /// How many members found that a criterion holds, in words; empty for everybody but the chair.
    fn found(&self, piece: &ShownPiece, criterion: &str) -> String {
        if self.others.is_empty() {
            return String::new();
        }
        let holds = |review: &&Review| {
            review.marks.iter().any(|m| m.piece == piece.key && m.met.iter().any(|met| met == criterion))
        };
        format!("{} 人中 {} 人认为达到", self.others.len(), self.others.iter().filter(holds).count())
    }

    fn reasons(&self, piece: &ShownPiece) -> Vec<&str> {
        let marks = self.others.iter().flat_map(|review| &review.marks).filter(|m| m.piece == piece.key);
        marks.map(|m| m.reason.as_str()).filter(|reason| !reason.is_empty()).collect()
    }
}

pub(super) fn parsed<T>(id: &str) -> Result<Id<T>, Failure> {
    id.parse().map_err(|_| Failure::NotFound)
}

/// The page of a review; without `typed` with what was kept of it.
pub(super) async fn show_desk(
    asker: &SignedIn,
    tx: &mut Tx,
    desk: &Desk,
    typed: Option<Fields>,
    errors: FormErrors,
) -> Answer {
    let (review, case) = (&desk.review, &desk.case);
    let draft = drafts::draft(tx, &Place::of(review)).await?;
    let items = evidence::items(tx, review.programme, review.submission).await?;
    let author = if review.blind {
        String::new()
    } else {
        let (name, school) = lists::author(tx, review.programme, review.submission).await?;
        format!("{name}（{school}）")
    };
    let others = if review.duty == Duty::Chair {
        let all = store::of_submission(tx, &case.submission).await?;
        let judged =
            |r: &Review| r.step == review.step && r.duty == Duty::Panel && r.state == ReviewState::Done;
        all.into_iter().filter(judged).collect()
    } else {
        Vec::new()
    };
    // What somebody wrote about a colleague may name the author.
    let mut objections = Vec::new();
    if !review.blind && review.duty.may_return() {
        objections = objection::store::of_submission(tx, &case.submission).await?;
        objections.retain(|objection| objection.state == DisputeState::Upheld);
    }
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let base = format!("/review/{}/files", review.id);
    let naming = if review.blind { Naming::Neutral } else { Naming::Own };
    render(&JudgePage {
        page: Page::new(asker, title(case), "/review").crumb("我的评审任务", "/review"),
        action: format!("/review/{}", review.id),
        duty: review.duty,
        author,
        limit: told(review.limit(), review.last_day(), asker.ctx.at.date()),
        consent: case.submission.consent.chinese(),
        pieces: shown(pieces, &items, &base, naming),
        others,
        objections,
        elsewhere: elsewhere(&draft, pieces, typed.as_ref()),
        version: draft.version,
        kept: kept(&draft),
        typed: typed.unwrap_or_else(|| Fields::new(draft.typed)),
        errors,
    })
}

/// Until when a judgement can be given, in words that say so when it is past.
fn told(limit: String, last: Option<NaiveDate>, today: NaiveDate) -> String {
    if last.is_some_and(|day| day < today) { format!("{limit}，已逾期") } else { limit }
}

fn kept(draft: &Draft) -> String {
    draft.saved_at.map(|at| format!("{at}保存草稿，还没有提交")).unwrap_or_default()
}

/// What `draft` says, where another window has kept it since the one that `typed` comes from was shown.
fn elsewhere(draft: &Draft, pieces: &[Piece], typed: Option<&Fields>) -> Vec<(String, String)> {
    match typed {
        Some(fields) if draft.is_newer(pieces, fields) => in_words(pieces, &Fields::new(draft.typed.clone())),
        _ => Vec::new(),
    }
}

fn title(case: &Case) -> String {
    case.rules.framework.label(&case.submission.capability)
}

fn render(page: &JudgePage) -> Answer {
    let mut answer = show(page)?;
    if !page.errors.is_empty() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(answer)
}

/// `GET /review/{id}`
pub async fn page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let desk = actions::in_hand(&asker.ctx, &mut tx, parsed(&id)?).await?;
    show_desk(&asker, &mut tx, &desk, None, FormErrors::default()).await
}

/// `POST /review/{id}`: judges, and goes to the next one that waits.
pub async fn judge(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let id = parsed(&id)?;
    let desk = match actions::held(ctx, &mut once.tx, id).await {
        Err(Failure::NotFound) => return gone::tell(&asker, &mut once.tx, id, &fields).await,
        found => found?,
    };
    let pieces = desk.case.rules.framework.pieces(&desk.case.submission.capability);
    if drafts::draft(&mut once.tx, &Place::of(&desk.review)).await?.is_newer(pieces, &fields) {
        drop(once);
        let mut tx = ctx.read().await?;
        return show_desk(&asker, &mut tx, &desk, Some(fields), FormErrors::one("remark", ELSEWHERE)).await;
    }
    let marks = match actions::read_marks(pieces, &fields) {
        Ok(marks) => marks,
        Err(errors) => {
            drop(once);
            let mut tx = ctx.read().await?;
            return show_desk(&asker, &mut tx, &desk, Some(fields), errors).await;
        }
    };
    actions::judge(ctx, &mut once.tx, &desk, &marks, fields.text("remark")).await?;
    let (to, flash) = next(&mut once.tx, &desk).await?;
    once.done(&to, flash).await
}

/// Where a reviewer goes after one is done.
async fn next(tx: &mut Tx, done: &Desk) -> Result<(String, Flash), Failure> {
    let open = store::queue(tx, done.review.programme, done.review.reviewer).await?;
    let next = open.iter().find(|review| review.id != done.review.id);
    Ok(match next {
        Some(next) => {
            (format!("/review/{}", next.id), Flash::good(format!("已提交，还有 {} 份待评审。", open.len())))
        }
        None => ("/review".to_owned(), Flash::good("已提交，全部评审任务已完成。")),
    })
}

/// `POST /review/{id}/return`
pub async fn send_back(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let id = parsed(&id)?;
    let desk = match actions::in_hand(ctx, &mut once.tx, id).await {
        Err(Failure::NotFound) => return gone::tell(&asker, &mut once.tx, id, &fields).await,
        found => found?,
    };
    let mut check = fields.check();
    let reason = check.required("reason", "退回理由", 1000);
    let errors = check.errors();
    if !errors.is_empty() {
        drop(once);
        let mut tx = ctx.read().await?;
        return show_desk(&asker, &mut tx, &desk, Some(fields.clone()), errors).await;
    }
    actions::send_back(ctx, &mut once.tx, &desk, reason).await?;
    once.done("/review", Flash::good("已退回，教师修改后会重新提交。")).await
}

/// An item of what is in the asker's hands, and what the asker may know it by.
async fn item_in_hand(asker: &SignedIn, id: &str, item: &str) -> Result<(Item, String), Failure> {
    let mut tx = asker.ctx.read().await?;
    let desk = actions::in_hand(&asker.ctx, &mut tx, parsed(id)?).await?;
    let item: Id<Item> = parsed(item)?;
    let items = evidence::items(&mut tx, desk.review.programme, desk.review.submission).await?;
    let found = items.iter().find(|found| found.id == item).ok_or(Failure::NotFound)?;
    let piece = desk.case.rules.framework.piece(&found.piece).map_or("材料", |piece| piece.name.as_str());
    let number = items.iter().filter(|other| other.piece == found.piece).position(|other| other.id == item);
    let name = match (desk.review.blind, found.file()) {
        (false, Some(file)) => file.title.clone(),
        _ => found.neutral_name(piece, number.unwrap_or(0) + 1),
    };
    Ok((found.clone(), name))
}

/// `GET /review/{id}/files/{item}`: a file of what is in the asker's hands.
pub async fn file(asker: SignedIn, Path((id, item)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let (item, name) = item_in_hand(&asker, &id, &item).await?;
    evidence::serve(&asker.ctx.app, &headers, &item, &name).await
}

/// `GET /review/{id}/files/{item}/text`: what stands in a document among them.
pub async fn text(asker: SignedIn, Path((id, item)): Path<(String, String)>, filters: Filters) -> Answer {
    let (item, name) = item_in_hand(&asker, &id, &item).await?;
    evidence::serve_text(&asker.ctx, &item, &name, &filters).await
}

/// `GET /review/{id}/files/{item}/pictures/{place}`: a picture in a document among them.
pub async fn picture(asker: SignedIn, Path((id, item, place)): Path<(String, String, String)>) -> Answer {
    let (item, _) = item_in_hand(&asker, &id, &item).await?;
    evidence::serve_picture(&asker.ctx, &item, &place).await
}

/// The page of an author's own judgement; without `typed` with what was kept of it.
pub(super) async fn show_own(
    asker: &SignedIn,
    tx: &mut Tx,
    case: &Case,
    typed: Option<Fields>,
    errors: FormErrors,
) -> Answer {
    let draft = drafts::draft(tx, &Place::of_own(case)).await?;
    let items = evidence::items(tx, case.submission.programme, case.submission.id).await?;
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let base = format!("/evidence/{}/files", case.submission.id);
    let (due, today) = (case.submission.own_due(&case.rules), asker.ctx.at.date());
    render(&JudgePage {
        page: Page::new(asker, title(case), "/evidence").crumb("我的成果材料", "/evidence"),
        action: format!("/review/self/{}", case.submission.id),
        duty: Duty::Own,
        author: String::new(),
        limit: due
            .map(|due| told(format!("{}前完成", chinese_date(due)), Some(due), today))
            .unwrap_or_default(),
        consent: case.submission.consent.chinese(),
        pieces: shown(pieces, &items, &base, Naming::Own),
        others: Vec::new(),
        objections: Vec::new(),
        elsewhere: elsewhere(&draft, pieces, typed.as_ref()),
        version: draft.version,
        kept: kept(&draft),
        typed: typed.unwrap_or_else(|| Fields::new(draft.typed)),
        errors,
    })
}

/// `GET /review/self/{id}`: the author's own judgement.
pub async fn own_page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let case = actions::own(&asker.ctx, &mut tx, parsed::<Submission>(&id)?).await?;
    if case.submission.state != evidence::State::Submitted {
        return Ok(once::redirect(&format!("/review/results/{id}"), None));
    }
    show_own(&asker, &mut tx, &case, None, FormErrors::default()).await
}

/// `POST /review/self/{id}`
pub async fn judge_own(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let case = actions::own_open(ctx, &mut once.tx, parsed::<Submission>(&id)?).await?;
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    if drafts::draft(&mut once.tx, &Place::of_own(&case)).await?.is_newer(pieces, &fields) {
        drop(once);
        let mut tx = ctx.read().await?;
        return show_own(&asker, &mut tx, &case, Some(fields), FormErrors::one("remark", ELSEWHERE)).await;
    }
    let marks = match actions::read_marks(pieces, &fields) {
        Ok(marks) => marks,
        Err(errors) => {
            drop(once);
            let mut tx = ctx.read().await?;
            return show_own(&asker, &mut tx, &case, Some(fields), errors).await;
        }
    };
    actions::judge_own(ctx, &mut once.tx, &case, &marks, fields.text("remark")).await?;
    once.done("/evidence", Flash::good("自评已提交，进入下一步评审。")).await
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::told;

    #[test]
    fn a_day_that_is_past_says_so() {
        let due = NaiveDate::from_ymd_opt(2021, 3, 24).expect("a date");
        let limit = || "2021年3月24日前完成".to_owned();
        assert_eq!(told(limit(), Some(due), due), limit());
        assert_eq!(told(limit(), Some(due), due + Days::new(1)), "2021年3月24日前完成，已逾期");
        assert_eq!(told(String::new(), None, due), "");
    }
}
