//! From events to messages: who asked to be told, and what is said.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};
use tisheng_assessment::certificate::{self, Action, Certificate};
use tisheng_assessment::review;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, JobError};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::{self, Person};
use tisheng_training::hours::{DisputeAnswered, Told};
use tisheng_training::platform;
use tisheng_xapi::time;
use uuid::Uuid;

use super::model::{Event, State, Webhook, message_id};
use super::{delivery, store};

/// Writes what happened for each of `webhooks` that asked for it, and orders their rounds.
async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    job: &Claimed,
    webhooks: &[Webhook],
    happened: &[(Event, Value)],
) -> Result<(), JobError> {
    for webhook in webhooks.iter().filter(|webhook| webhook.state != State::Ended) {
        if let Some(whole) = job.part_of() {
            let ids = (message_id(whole, webhook.id, 0), message_id(whole, webhook.id, u32::MAX));
            if store::is_told(tx, webhook.id, ids).await? {
                // The whole was told; only the answer to its commit was lost.
                continue;
            }
        }
        let mut first = None;
        for (place, (event, data)) in (0_u32..).zip(happened) {
            if !webhook.events.contains(event) {
                continue;
            }
            let id = message_id(job.id, webhook.id, place);
            let payload =
                json!({ "type": event.key(), "timestamp": time::written(ctx.at.micros()), "data": data });
            // A microsecond apart, so that they keep their order.
            let at = ctx.at + TimeDelta::microseconds(i64::from(place));
            store::write(tx, (webhook.id, id), (*event, &payload.to_string()), at).await?;
            first = first.or(Some(id));
        }
        if let Some(first) = first {
            let at = ctx.at + TimeDelta::microseconds(i64::try_from(happened.len()).unwrap_or(0));
            delivery::order(tx, webhook.id, at, &first.to_string()).await?;
        }
    }
    Ok(())
}

/// Rows of a message about hours at most.
const MOST_ROWS: usize = 500;

/// What is said of the hours of one platform, in few messages.
#[derive(Debug, Default)]
struct Saying {
    /// What is said first.
    before: Vec<(Event, Vec<Value>)>,
    /// What is said next, each kind of event in one message.
    next: BTreeMap<Event, Vec<Value>>,
    /// The numbers of which something is said next.
    numbers: HashMap<String, Event>,
}

impl Saying {
    /// Adds what is said of a number: after what was said of it so far.
    fn add(&mut self, event: Event, number: String, said: Value) {
        if self.numbers.get(&number).is_some_and(|known| *known != event) {
            self.turn();
        }
        self.numbers.insert(number, event);
        self.next.entry(event).or_default().push(said);
    }

    fn turn(&mut self) {
        self.before.extend(std::mem::take(&mut self.next));
        self.numbers.clear();
    }

    /// All that is said, in its order.
    fn all(mut self) -> Vec<(Event, Vec<Value>)> {
        self.turn();
        self.before
    }
}

/// Tells what has become of reports of hours: of many events at once, a message for each platform and
/// kind of event, and a further one where a number has come to something else since.
pub async fn hours(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut by: BTreeMap<(Uuid, String), Saying> = BTreeMap::new();
    for told in claimed.payloads::<Told>()? {
        let of_source = by.entry((told.programme.uuid(), told.source)).or_default();
        for row in told.rows {
            if let Some(event) = Event::of(row.outcome) {
                let said = json!({ "id": row.number, "outcome": row.outcome, "reason": row.reason });
                of_source.add(event, row.number, said);
            }
        }
    }
    let mut tx = ctx.write().await?;
    for ((programme, source), saying) in by {
        let platform = platform::of_name(&mut tx, Id::from_uuid(programme), &source).await?;
        let Some(platform) = platform else { continue };
        let webhooks = store::of_platform(&mut tx, platform.id).await?;
        let happened: Vec<(Event, Value)> = saying
            .all()
            .iter()
            .flat_map(|(event, rows)| rows.chunks(MOST_ROWS).map(|rows| (*event, rows)))
            .map(|(event, rows)| (event, json!({ "platform": platform.name, "rows": rows })))
            .collect();
        tell(&ctx, &mut tx, &claimed, &webhooks, &happened).await?;
    }
    Ok(tx.commit().await?)
}

/// Tells that a dispute was answered: the platform whose line it is about, and the offices above.
pub async fn dispute(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let answered: DisputeAnswered = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let mut webhooks = store::above(&mut tx, &answered.path).await?;
    let mut number = None;
    if let Some((source, id)) = answered.report {
        if let Some(platform) = platform::of_name(&mut tx, answered.programme, &source).await? {
            webhooks.extend(store::of_platform(&mut tx, platform.id).await?);
        }
        number = Some(id);
    }
    let data = json!({
        "dispute": answered.dispute, "id": number, "state": answered.state, "answer": answered.answer,
    });
    let happened = [(Event::DisputeAnswered, data)];
    tell(&ctx, &mut tx, &claimed, &webhooks, &happened).await?;
    Ok(tx.commit().await?)
}

/// Whom an event of the rooms that judge is about.
#[derive(Debug, Deserialize)]
struct About {
    programme: Id<Programme>,
    person: Id<Person>,
    #[serde(default)]
    capability: String,
}

/// What was done with a certificate. Before events said so they named the teacher alone; such a one may
/// still wait in the outbox, or as a job, when the server is brought up to date.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OfCertificate {
    Done(certificate::Done),
    Before(About),
}

impl OfCertificate {
    /// What is told: of an event of before how the certificate stands now, as it was told then; nothing
    /// where there is none.
    async fn done(self, tx: &mut Tx) -> Result<Option<certificate::Done>, JobError> {
        let About { programme, person, .. } = match self {
            Self::Done(done) => return Ok(Some(done)),
            Self::Before(about) => about,
        };
        let found = match certificate::valid(tx, programme, person).await? {
            Some(valid) => Some((valid, Action::Issued)),
            None => {
                let revoked = certificate::revoked(tx, programme, person).await?;
                revoked.map(|revoked| (revoked, Action::Revoked))
            }
        };
        let done = |(found, action): (Certificate, Action)| certificate::Done {
            programme,
            person,
            number: found.number,
            action,
            superseded_by: None,
        };
        Ok(found.map(done))
    }
}

/// Those who listen where a teacher is, or was last before leaving; none for somebody who never was one.
async fn listeners(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Webhook>, JobError> {
    let posts = people::posts(tx, person).await?;
    let open = posts.iter().find(|post| post.until.is_none());
    match open.or(posts.first()) {
        Some(post) => Ok(store::above(tx, &post.path).await?),
        None => Ok(Vec::new()),
    }
}

/// Tells of a final result.
pub async fn result(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let about: About = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let webhooks = listeners(&mut tx, about.person).await?;
    let results = review::results(&mut tx, about.programme.uuid(), about.person.uuid()).await?;
    let Some(found) = results.into_iter().find(|result| result.capability == about.capability) else {
        return Ok(());
    };
    let data = json!({
        "person": about.person.to_string(), "capability": found.capability, "level": found.level.code(),
        "final_at": time::written(found.final_at.micros()),
    });
    let happened = [(Event::ResultFinal, data)];
    tell(&ctx, &mut tx, &claimed, &webhooks, &happened).await?;
    Ok(tx.commit().await?)
}

/// Tells what was done with a certificate, as it was at that moment.
pub async fn certificate(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let said: OfCertificate = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let Some(done) = said.done(&mut tx).await? else { return Ok(()) };
    let event = match done.action {
        Action::Issued => Event::CertificateIssued,
        Action::Revoked => Event::CertificateRevoked,
        Action::Superseded => Event::CertificateSuperseded,
    };
    let webhooks = listeners(&mut tx, done.person).await?;
    let data = json!({
        "person": done.person.to_string(), "number": done.number, "action": done.action,
        "superseded_by": done.superseded_by,
    });
    tell(&ctx, &mut tx, &claimed, &webhooks, &[(event, data)]).await?;
    Ok(tx.commit().await?)
}
