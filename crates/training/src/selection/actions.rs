//! What schools do to offers, and teachers to choices.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people::{self, Person, Teacher};

use super::model::{Basis, ChangeState, ChoiceChange, Offer, OfferState, SelectionError, difference};
use super::store::{self, Asking};

/// Who puts a school's offer together and decides about changes of its teachers' choices.
pub const SCHOOL: [Role; 4] = [Role::Principal, Role::Cio, Role::ManagementTeam, Role::Clerk];

/// What a teacher has chosen, in the order of the codes.
///
/// # Errors
/// What the database reports.
pub async fn chosen(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<String>, Failure> {
    Ok(store::chosen(tx, programme, person).await?)
}

/// What a school offers now; empty until it has published an offer.
///
/// # Errors
/// What the database reports.
pub async fn offered(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<String>, Failure> {
    Ok(store::offered(tx, programme, school).await?)
}

/// What was offered when the teacher made the choice that stands: by this the choice is judged, and by what
/// was held then. Empty for a teacher who has not chosen.
///
/// # Errors
/// What the database reports.
pub async fn offered_to(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<String>, Failure> {
    Ok(store::offered_to(tx, programme, person).await?)
}

/// The school that the asker acts for.
///
/// # Errors
/// 404 when the asker's role is not one of a school's.
pub(super) async fn own_school(ctx: &Ctx, tx: &mut Tx) -> Result<Node, Failure> {
    let member = access::require(ctx, &SCHOOL)?;
    organisation::visible(ctx, tx, Id::from_uuid(member.node)).await
}

/// The asker as a teacher.
///
/// # Errors
/// 404 when the asker does not ask as one, or holds no post.
pub(super) async fn own_post(ctx: &Ctx, tx: &mut Tx) -> Result<Teacher, Failure> {
    let member = access::require(ctx, &[Role::Teacher])?;
    people::teacher(tx, Id::from_uuid(member.person)).await
}

/// What a form about a school's offer is filled in against now.
pub(super) async fn basis(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<Basis, Failure> {
    let versions = store::offers(tx, programme, school).await?;
    Ok(match versions.first() {
        Some(newest) => Basis::of(Some((newest, store::capabilities_of(tx, newest.id).await?))),
        None => Basis::of(None),
    })
}

/// Passes when nobody has changed the offer since a form with `mark` was opened.
///
/// # Errors
/// [`SelectionError::Overtaken`]; 404 for other roles.
pub(super) async fn still_so(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    mark: &str,
) -> Result<(), SelectionError> {
    let school = own_school(ctx, tx).await?;
    // Whoever saves at the same time waits here, and then reads what was saved.
    store::hold_offers(tx, programme.id, school.id).await?;
    let now = basis(tx, programme.id, school.id).await?;
    now.since(mark).map_or(Ok(()), |difference| Err(SelectionError::Overtaken(difference)))
}

/// Of what is offered no more: how many teachers of the school have chosen each, most first.
pub(super) async fn still_chosen(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    dropped: &[String],
) -> Result<Vec<(String, i64)>, Failure> {
    let school = own_school(ctx, tx).await?;
    let mut chosen = store::counted::chosen_at(tx, programme.id, school.id).await?;
    chosen.retain(|(code, _)| dropped.contains(code));
    Ok(chosen)
}

/// Keeps what the school means to offer, as a draft; a draft may break the rule.
///
/// # Errors
/// 404 for other roles.
pub async fn draft(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    capabilities: &[String],
    note: &str,
) -> Result<Id<Offer>, SelectionError> {
    let school = own_school(ctx, tx).await?;
    let known = store::offer_in(tx, programme.id, school.id, OfferState::Draft).await?;
    let id = match known {
        Some(draft) => draft.id,
        None => store::add_draft(ctx, tx, programme.id, (school.id, &school.path), note)
            .await?
            .ok_or_else(|| Failure::Stale("同事刚刚新建了草稿，请刷新后继续。".to_owned()))?,
    };
    store::write_draft(tx, id, capabilities, note).await?;
    let detail = json!({ "school": school.id, "capabilities": capabilities });
    audit::record(ctx, tx, "selection.offer_drafted", id.uuid(), &detail).await?;
    Ok(id)
}

/// Lets teachers choose from the draft from now on. Choices made from an earlier version stand.
///
/// # Errors
/// [`SelectionError::NoDraft`], [`SelectionError::Unmet`]; 404 for other roles.
pub async fn publish(ctx: &Ctx, tx: &mut Tx, programme: &Programme) -> Result<Offer, SelectionError> {
    let school = own_school(ctx, tx).await?;
    let draft = store::offer_in(tx, programme.id, school.id, OfferState::Draft).await?;
    let draft = draft.ok_or(SelectionError::NoDraft)?;
    let capabilities = store::capabilities_of(tx, draft.id).await?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let facts = organisation::school_facts(tx, school.id).await?;
    let unmet = rules.check_offer(&capabilities, &facts);
    if !unmet.is_empty() {
        return Err(SelectionError::Unmet(unmet));
    }
    if !store::publish(ctx, tx, programme.id, &draft).await? {
        return Err(SelectionError::NoDraft);
    }
    let detail = json!({ "school": school.id, "version": draft.version, "capabilities": capabilities });
    audit::record(ctx, tx, "selection.offer_published", draft.id.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, "offer.published", &json!({ "school": school.id })).await?;
    Ok(draft)
}

/// Makes the asker's first choice.
///
/// # Errors
/// [`SelectionError::NoOffer`], [`SelectionError::Unmet`], [`SelectionError::Chosen`]; 404 for
/// whoever is not a teacher.
pub async fn choose(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    capabilities: &[String],
) -> Result<(), SelectionError> {
    let teacher = own_post(ctx, tx).await?;
    let offer = checked_offer(ctx, tx, programme, &teacher, (capabilities, &[])).await?;
    if !store::add_choice(tx, programme.id, teacher.person, offer, ctx.at).await? {
        return Err(SelectionError::Chosen);
    }
    for code in capabilities {
        store::take(tx, programme.id, teacher.person, code, ctx.at).await?;
    }
    let detail = json!({ "programme": programme.id, "offer": offer, "capabilities": capabilities });
    audit::record(ctx, tx, "selection.chosen", teacher.person.uuid(), &detail).await?;
    changed(ctx, tx, programme, teacher.person).await
}

/// The published offer of the teacher's school, when `capabilities` may be chosen from it by a teacher
/// who holds `held`.
async fn checked_offer(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    teacher: &Teacher,
    (capabilities, held): (&[String], &[String]),
) -> Result<Id<Offer>, SelectionError> {
    let offer = store::offer_in(tx, programme.id, teacher.school, OfferState::Published).await?;
    let offer = offer.ok_or(SelectionError::NoOffer)?;
    let offered = store::capabilities_of(tx, offer.id).await?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let unmet = rules.check_change(capabilities, &offered, held);
    if unmet.is_empty() { Ok(offer.id) } else { Err(SelectionError::Unmet(unmet)) }
}

async fn changed(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<(), SelectionError> {
    let payload = json!({ "programme": programme.id, "person": person });
    Ok(jobs::emit(tx, ctx.at, "choice.changed", &payload).await?)
}

/// Asks the school to change the asker's choice.
///
/// # Errors
/// [`SelectionError::NotChosen`], [`SelectionError::NoReason`], [`SelectionError::NoDifference`],
/// [`SelectionError::Unmet`], [`SelectionError::Waiting`]; 404 for whoever is not a teacher.
pub async fn ask_change(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    capabilities: &[String],
    reason: &str,
) -> Result<Id<ChoiceChange>, SelectionError> {
    let teacher = own_post(ctx, tx).await?;
    let before = store::chosen(tx, programme.id, teacher.person).await?;
    if before.is_empty() {
        return Err(SelectionError::NotChosen);
    }
    let difference = difference(&before, capabilities);
    if difference.is_empty() {
        return Err(SelectionError::NoDifference);
    }
    let offer = checked_offer(ctx, tx, programme, &teacher, (capabilities, &before)).await?;
    if reason.trim().is_empty() {
        return Err(SelectionError::NoReason);
    }
    let asking =
        Asking { id: ctx.id(), person: teacher.person, path: &teacher.path, offer, capabilities, reason };
    if !store::ask(tx, programme.id, ctx.at, &asking).await? {
        return Err(SelectionError::Waiting);
    }
    let detail = json!({ "added": difference.added, "dropped": difference.dropped, "reason": reason });
    audit::record(ctx, tx, "selection.change_asked", asking.id.uuid(), &detail).await?;
    Ok(asking.id)
}

/// Whether the asker's role lets them decide about changes: at their school, or above schools where nobody but
/// whoever asks for the change may.
pub fn decides(ctx: &Ctx) -> bool {
    access::is_office(ctx) || access::require(ctx, &SCHOOL).is_ok()
}

/// A request that the asker may decide about: one of the own school, or one that is the offices' to decide.
///
/// # Errors
/// 404 when there is none, or it belongs to another part of the tree.
pub async fn change(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<ChoiceChange>,
) -> Result<ChoiceChange, Failure> {
    let found = if access::is_office(ctx) {
        store::above::change_of_id(ctx, tx, programme.id, id).await?
    } else {
        store::change_of_id(tx, programme.id, &ctx.scope(), id).await?
    };
    found.ok_or(Failure::NotFound)
}

/// Lets the choice be as the teacher asks. What is given up keeps all work handed in for it.
///
/// The rule is held against it again, since the school may offer other things than when it was
/// asked for; the choice is made from what is offered now.
///
/// # Errors
/// [`SelectionError::Decided`], [`SelectionError::Own`], [`SelectionError::Unmet`],
/// [`SelectionError::NoOffer`]; 404 where [`change`] finds none.
pub async fn approve_change(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<ChoiceChange>,
    remark: &str,
) -> Result<(), SelectionError> {
    let change = decide(ctx, tx, programme, id, (ChangeState::Approved, remark)).await?;
    let teacher = people::teacher(tx, change.person).await?;
    let before = store::chosen(tx, programme.id, change.person).await?;
    let asked = (change.capabilities.as_slice(), before.as_slice());
    let offer = checked_offer(ctx, tx, programme, &teacher, asked).await?;
    let difference = difference(&before, &change.capabilities);
    for code in &difference.dropped {
        store::give_up(tx, programme.id, change.person, code, ctx.at).await?;
    }
    for code in &difference.added {
        store::take(tx, programme.id, change.person, code, ctx.at).await?;
    }
    store::move_choice(tx, programme.id, change.person, offer, ctx.at).await?;
    changed(ctx, tx, programme, change.person).await
}

/// Leaves the choice as it is.
///
/// # Errors
/// [`SelectionError::NoReason`], [`SelectionError::Decided`], [`SelectionError::Own`]; 404 where [`change`]
/// finds none.
pub async fn refuse_change(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<ChoiceChange>,
    reason: &str,
) -> Result<(), SelectionError> {
    if reason.trim().is_empty() {
        return Err(SelectionError::NoReason);
    }
    decide(ctx, tx, programme, id, (ChangeState::Refused, reason)).await.map(drop)
}

async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<ChoiceChange>,
    (state, remark): (ChangeState, &str),
) -> Result<ChoiceChange, SelectionError> {
    if !decides(ctx) {
        return Err(Failure::NotFound.into());
    }
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let found = change(ctx, tx, programme, id).await?;
    if found.person.uuid() == member.person {
        return Err(SelectionError::Own);
    }
    if !store::decide(ctx, tx, programme.id, id, (state, remark)).await? {
        return Err(SelectionError::Decided);
    }
    let detail = json!({ "state": state.code(), "remark": remark });
    audit::record(ctx, tx, "selection.change_decided", id.uuid(), &detail).await?;
    Ok(found)
}

/// Takes the asker's own request back.
///
/// # Errors
/// [`SelectionError::Decided`] when it does not wait any more or is another's.
pub async fn withdraw_change(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<ChoiceChange>,
) -> Result<(), SelectionError> {
    let teacher = own_post(ctx, tx).await?;
    if !store::withdraw(tx, programme.id, id, teacher.person, ctx.at).await? {
        return Err(SelectionError::Decided);
    }
    store::above::withdrawn(ctx, tx, programme.id, (id, teacher.person)).await?;
    audit::record(ctx, tx, "selection.change_withdrawn", id.uuid(), &json!({})).await?;
    Ok(())
}
