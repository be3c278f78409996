//! Things of the world that stand where a permitted question can be answered: the matrix asks
//! every address of every role, and fails when an address is answered to nobody at all.
//!
//! A new address needs nothing when the world has what it names. Else:
//! 1. make the thing here, in a function of its own that [`World::further`] calls, through the
//!    room's actions or pages, so that it belongs to the first school;
//! 2. put its number into `things` under the name in braces, after the beginning of the address
//!    that it is for: `"/review {id}"` is for `/review/{id}` and everything below it, and
//!    `"/review/results {id}"` wins where it fits, being longer;
//! 3. when its form asks for a field, add one that is right to `fields` in `matrix.rs`; when only
//!    a certain person may ask, add that person to `concerned` there;
//! 4. write the matrix anew and read what has changed in it.

use tisheng_assessment::evidence::{self, Onward};
use tisheng_assessment::review;
use tisheng_kernel::Level;
use tisheng_platform::args;
use tisheng_policy::scheme;
use tisheng_registry::people::Team;
use tisheng_registry::roster::samples::roll_of_teachers;
use tisheng_registry::samples::Persona;
use tisheng_registry::{access, people, posting};
use tisheng_rules::Scheme;
use tisheng_rules::samples::third_scheme_with;
use tisheng_testkit::{Browser, Chosen};
use tisheng_training::samples::choose;
use uuid::Uuid;

use crate::world::World;

const DOCUMENT: &str = "select id from evidence_item where submission = $1 and content = 'docx'";

/// Puts a document with a picture into the first piece of the author's draft for `capability`.
async fn bring_document(author: &mut Browser, rules: &Scheme, capability: &str) {
    let draft = author.post("/evidence", &[("capability", capability)]).await;
    let draft = draft.path.split(['/', '#', '?']).nth(2).expect("a draft").to_owned();
    let piece = &rules.framework.pieces(capability)[0].key;
    let picture = evidence::samples::photo();
    let text = b"<w:p><w:r><w:t>text</w:t></w:r></w:p>";
    let parts = [("word/document.xml", &text[..]), ("word/media/image1.jpg", picture.as_slice())];
    let bytes = evidence::samples::office(&parts);
    let file = Chosen { field: "file", name: "设计.docx", bytes: &bytes };
    author.post_files(&format!("/evidence/{draft}/pieces/{piece}/files"), &[], &[file]).await.is(200);
}

impl World {
    /// Whose one work is being judged and whose other was returned.
    pub fn judged(&self) -> &Persona {
        &self.town.school().teachers[2]
    }

    /// Who has met everything and has no certificate yet.
    fn ready(&self) -> &Persona {
        &self.town.school().teachers[3]
    }

    /// Who is lent to the school beside.
    fn lent(&self) -> &Persona {
        &self.town.school().teachers[5]
    }

    /// Makes everything that this file is about.
    pub async fn further(&mut self) {
        self.review_in_hand().await;
        self.objection_open().await;
        self.activity_under_way().await;
        self.roster_taken().await;
        let ready = self.ready().clone();
        self.fulfil(&ready).await;
        self.things.insert("/people/{person}/certificate {person}", ready.person.to_string());
        self.people_on_the_move().await;
        self.rules_on_trial().await;
        self.other_systems().await;
        self.test.settle().await;
    }

    /// A work with a document that a reviewer has in hand, and one that was returned.
    async fn review_in_hand(&mut self) {
        let author = self.judged().clone();
        let ctx = self.test.ctx(author.who());
        let chosen = choose(&self.test.app, &self.programme, &author).await.expect("a choice");
        let mut tx = ctx.read().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        drop(tx);
        let mut browser = self.browser(&author).await;
        bring_document(&mut browser, &rules, &chosen[0]).await;
        let work = evidence::samples::hand_in(&ctx, &chosen[0]).await.expect("handed in");
        self.test.settle().await;
        let pieces = rules.framework.pieces(&chosen[0]).iter();
        let form: Vec<(String, &str)> =
            pieces.map(|piece| (format!("level-{}", piece.key), Level::Pass.code())).collect();
        let form: Vec<(&str, &str)> = form.iter().map(|(name, level)| (name.as_str(), *level)).collect();
        browser.post(&format!("/review/self/{}", work.id), &form).await.shows("自评已提交");
        self.test.settle().await;

        let returned = evidence::samples::hand_in(&ctx, &chosen[1]).await.expect("handed in");
        let mut tx = ctx.write().await.expect("a transaction");
        let panel = rules.assessment.steps.iter().find(|step| step.key.contains("panel"));
        let step = Onward::Step(evidence::State::Panel, &panel.expect("a panel").key);
        evidence::advance(&ctx, &mut tx, &returned, step).await.expect("before the panel");
        let returned = evidence::load(&mut tx, returned.programme, returned.id).await.expect("there");
        evidence::advance(&ctx, &mut tx, &returned, Onward::Returned("请补充")).await.expect("returned");
        let review = "select id from review where submission = $1 and duty <> 'self' and state = 'open'";
        let review: Uuid =
            tx.row(review, args![work.id], |row| row.get(0)).await.expect("a review in somebody's hands");
        // Whoever was drawn has other things of their own each time; this one has none.
        let drawn = self.town.schools[1].teachers[1].person;
        let given = tx.run("update review set reviewer = $2 where id = $1", args![review, drawn]).await;
        assert_eq!(given.expect("given"), 1);
        let item: Uuid = tx.row(DOCUMENT, args![work.id], |row| row.get(0)).await.expect("a document");
        tx.commit().await.expect("commits");
        self.things.insert("/review {id}", review.to_string());
        self.things.insert("/review {item}", item.to_string());
        self.things.insert("/review/notice/{id}/further {id}", work.id.to_string());
        self.things.insert("/evidence/{id}/revise {id}", returned.id.to_string());
        self.things.insert("/evidence/{id}/files/{item}/text {id}", work.id.to_string());
        self.things.insert("/evidence/{id}/files/{item}/text {item}", item.to_string());
        self.things.insert("/evidence/{id}/files/{item}/pictures {id}", work.id.to_string());
        self.things.insert("/evidence/{id}/files/{item}/pictures {item}", item.to_string());
        // Behind the list of types and the text.
        self.things.insert("{place}", "2".to_owned());
    }

    /// A work on notice to which the clerk objects.
    async fn objection_open(&mut self) {
        let author = self.lent().clone();
        let ctx = self.test.ctx(author.who());
        let chosen = choose(&self.test.app, &self.programme, &author).await.expect("a choice");
        let mut tx = ctx.read().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        drop(tx);
        bring_document(&mut self.browser(&author).await, &rules, &chosen[0]).await;
        let work = evidence::samples::hand_in(&ctx, &chosen[0]).await.expect("handed in");
        review::samples::judged(&ctx, &work, Level::Pass).await.expect("judged");
        let mut clerk = self.browser(&self.town.school().clerk).await;
        let seen = clerk.post(&format!("/review/notice/{}", work.id), &[("text", "与标准不符")]).await;
        let objection = seen.shows("待答复").link("/review/objections/");
        let objection = objection.split('/').nth(3).expect("an id").to_owned();
        let mut tx = ctx.read().await.expect("a transaction");
        let item: Uuid = tx.row(DOCUMENT, args![work.id], |row| row.get(0)).await.expect("a document");
        drop(tx);
        self.things.insert("/review/objections {item}", item.to_string());
        self.things.insert("/review/notice {id}", work.id.to_string());
        self.things.insert("/review/objections {id}", objection);
    }

    /// An activity for which teachers sign in, with one of them on its list.
    async fn activity_under_way(&mut self) {
        let mut principal = self.browser(&self.town.school().principal).await;
        let open = self.plan_activity(&mut principal, "公开课").await;
        principal.post(&format!("{open}/step"), &[("do", "open")]).await.shows("签到中");
        let person = self.finisher().person.to_string();
        principal
            .post(&format!("{open}/list"), &[("person", &person), ("reason", "点名")])
            .await
            .shows("签到表（1 人）");
        let id = open.rsplit('/').next().expect("an id").to_owned();
        for part in ["code", "list", "record", "sheet", "strike"] {
            self.things.insert(format!("/activities/{{id}}/{part} {{id}}").leak(), id.clone());
        }
    }

    /// A roll that was taken, with accounts that wait for their first sign-in.
    async fn roster_taken(&mut self) {
        let school = self.town.school().clone();
        let mut clerk = self.browser(&school.clerk).await;
        let roll = roll_of_teachers(&[school.node.code.clone().unwrap_or_default()], 500, 2);
        let file = Chosen { field: "file", name: "新教师.csv", bytes: &roll };
        let run = clerk.post_files("/roster/teachers", &[], &[file]).await;
        self.test.settle().await;
        let answers = [("gone", "keep"), ("accounts", "open")];
        clerk.post(&format!("{}/confirm", run.path), &answers).await.is(200);
        self.test.settle().await;
        let receipt = clerk.get(&format!("{}/receipt", run.path)).await;
        receipt.is(200);
        let id = run.path.rsplit('/').next().expect("an id").to_owned();
        for part in ["receipt", "tokens.xlsx", "slips", "undo"] {
            self.things.insert(format!("/roster/runs/{{id}}/{part} {{id}}").leak(), id.clone());
        }
    }

    /// A token and a subscriber of the county's office, with a message that has not arrived.
    async fn other_systems(&mut self) {
        let mut office = self.browser(&self.town.county_office).await;
        let token = [("name", "县数据中心"), ("days", "365"), ("scope", "roster:read")];
        office.post("/tokens", &token).await.is(200);
        let id = office.get("/tokens").await.link("/tokens/").split('/').nth(2).expect("an id").to_owned();
        self.things.insert("/tokens {id}", id);
        let listener = [("name", "县数据中心"), ("url", "https://hooks.test/"), ("event", "result.final")];
        let webhook = office.post("/webhooks", &listener).await.link("/webhooks/");
        let webhook: Uuid = webhook.rsplit('/').next().expect("an id").parse().expect("an id");
        let message = Uuid::from_u128(1);
        let mut tx = self.test.app.db.write().await.expect("a transaction");
        let given =
            "insert into webhook_message (webhook, id, event, payload, state, attempts, at, next_at, answer)
            values ($1, $2, 'result.final', '{}', 'given_up', 10, 0, 0, '')";
        tx.run(given, args![webhook, message]).await.expect("a message");
        tx.commit().await.expect("commits");
        self.things.insert("/webhooks {id}", webhook.simple().to_string());
        self.things.insert("{message}", message.simple().to_string());
    }

    /// A draft of new rules that has been tried on everybody.
    async fn rules_on_trial(&mut self) {
        let office = self.test.ctx(self.town.province_office.who());
        let mut files = third_scheme_with("surplus = \"within_category\"", "surplus = \"anywhere\"");
        files.iter_mut().for_each(|(_, text)| *text = text.replace("2023.2", "2023.3"));
        let mut tx = office.write().await.expect("a transaction");
        let draft = scheme::draft(&office, &mut tx, &files, "放宽学时的结余").await.expect("a draft");
        scheme::ask_trial(&office, &mut tx, draft).await.expect("a trial");
        tx.commit().await.expect("commits");
        self.things.insert("/scheme {id}", draft.to_string());
    }

    /// Somebody who is lent to another school and is in a team, an invitation to choose a password,
    /// and a role that was taken back.
    async fn people_on_the_move(&mut self) {
        let lent = self.lent().person;
        let host = self.town.schools[1].node.id;
        let office = self.test.ctx(self.town.county_office.who());
        let mut tx = office.write().await.expect("a transaction");
        people::second(&office, &mut tx, lent, host, office.at.date(), "支援教学一个学年")
            .await
            .expect("lent");
        let (school, member) = (self.town.school().node.id, self.finisher().person);
        let enlisted = posting::enlist(&office, &mut tx, (school, Team::Management), member, &[], None).await;
        enlisted.expect("in the team");
        let issued = access::issue_setup_token(&office, &mut tx, lent).await.expect("invited");
        let lead = access::grant(&office, &mut tx, member, access::Role::GroupLead, school).await;
        let taken = lead.expect("given");
        access::take_back(&office, &mut tx, taken).await.expect("taken back");
        let own = "select id from role_grant where person = $1";
        let acting = self.town.school().teachers[4].person;
        let own: Uuid = tx.row(own, args![acting], |row| row.get(0)).await.expect("a role");
        tx.commit().await.expect("commits");
        self.things.insert("/people/{person}/recall {person}", lent.to_string());
        self.things.insert("{token}", issued.token);
        self.things.insert("{own grant}", own.to_string());
        self.things.insert("/organisation/{node}/roles/{grant}/restore {grant}", taken.to_string());
    }
}
