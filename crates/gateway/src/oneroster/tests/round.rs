//! What was taken away comes in again: whoever is known is found by the number of the record, without papers.

use std::io::{Cursor, Read};

use tisheng_kernel::Id;
use tisheng_platform::args;
use tisheng_registry::people::Person;
use tisheng_registry::samples::identity;
use tisheng_testkit::{Browser, Chosen, Seen, story};
use zip::ZipArchive;

use super::Place;
use crate::oneroster::import::tests::zipped;

/// The files of a zip by their names.
fn files(zip: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).expect("a zip");
    let mut found = Vec::new();
    for place in 0..archive.len() {
        let mut entry = archive.by_index(place).expect("a file");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        found.push((entry.name().to_owned(), text));
    }
    found
}

/// The zip of `files` whose users are `users`.
fn with_users(files: &[(String, String)], users: &str) -> Vec<u8> {
    let changed: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), if name == "users.csv" { users } else { text.as_str() }))
        .collect();
    zipped(&changed)
}

/// The file of users in which the row of `person` has other cells at these places.
fn amended(users: &str, person: Id<Person>, cells: &[(usize, &str)]) -> String {
    let number = person.to_string();
    let amend = |line: &str| {
        let mut row: Vec<&str> = line.split(',').collect();
        if row[0] == number {
            cells.iter().for_each(|(place, cell)| row[*place] = *cell);
        }
        row.join(",")
    };
    users.lines().map(amend).collect::<Vec<_>>().join("\n")
}

/// The row of `person`, as a spreadsheet counts.
fn row_of(users: &str, person: Id<Person>) -> usize {
    let number = person.to_string();
    1 + users.lines().position(|line| line.starts_with(&number)).expect("a row")
}

/// The place of the column `name`.
fn place_of(users: &str, name: &str) -> usize {
    let head = users.lines().next().expect("a heading");
    head.split(',').position(|known| known == name).expect("a column")
}

async fn bring(place: &Place, browser: &mut Browser, zip: &[u8]) -> Seen {
    let chosen = [Chosen { field: "file", name: "名册.zip", bytes: zip }];
    let run = browser.post_files("/oneroster/import", &[], &chosen).await;
    place.test.settle().await;
    browser.get(&run.path).await
}

/// Name, index of the paper and subject of everybody with an open post.
async fn at_work(place: &Place) -> Vec<(String, Vec<u8>, String)> {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let all = "select o.name, o.paper_index, p.subject from post p join person o on o.id = p.person
        where p.until is null order by o.id";
    tx.rows(all, args![], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await.expect("read")
}

story!(what_was_taken_away_comes_in_again_with_another_name, |engine| async move {
    let place = Place::begin(engine).await;
    let mut office = place.test.signed_in(&place.town.county_office.who()).await;
    let taken = office.get("/oneroster/export.zip").await;
    let taken = files(&taken.is(200).bytes);
    let users = &taken.iter().find(|(name, _)| name == "users.csv").expect("users").1;
    let before = at_work(&place).await;

    // As it is, it changes nothing.
    let run = bring(&place, &mut office, &with_users(&taken, users)).await;
    run.shows("待确认").shows(&format!("无变化 {}", before.len())).shows("文件中没有 0");

    // One gets another name and another subject, which the file says in words of its own.
    let [one, other] = [&place.town.school().teachers[0], &place.town.school().teachers[1]];
    let [given, subject] = ["givenName", "metadata.tisheng.subject"].map(|name| place_of(users, name));
    let changed = amended(users, one.person, &[(given, "改名"), (subject, "音乐")]);
    let run = bring(&place, &mut office, &with_users(&taken, &changed)).await;
    run.shows("待确认").shows("变更 1");
    office.get(&format!("{}/findings", run.path)).await.shows("系统中此人登记的姓名是");
    let choices = [("gone", "left"), ("accounts", "none")];
    office.post(&format!("{}/confirm", run.path), &choices).await.shows("正在导入");
    place.test.settle().await;
    office.get(&run.path).await.shows("已导入");
    let after = at_work(&place).await;
    assert_eq!(after.len(), before.len());
    for ((name, paper, subject), was) in after.iter().zip(&before) {
        assert_eq!(paper, &was.1, "papers stay");
        if name.ends_with("改名") {
            assert_eq!(subject, "音乐");
        } else {
            assert_eq!((name, subject), (&was.0, &was.2));
        }
    }
    assert_eq!(after.iter().filter(|(name, ..)| name.ends_with("改名")).count(), 1);

    // A number that nobody has, a subject that there is not, and somebody who is named twice.
    let [known, nobody] = [other.person.to_string(), one.node.id.to_string()];
    let strange: Vec<(String, String)> =
        taken.iter().map(|(name, text)| (name.clone(), text.replace(&known, &nobody))).collect();
    let unknown = amended(&changed, one.person, &[(subject, "御剑")]);
    let twice = format!("{changed}\n{}", changed.lines().nth(1).expect("a row"));
    for (zip, sentence) in [
        (with_users(&strange, &changed.replace(&known, &nobody)), "证件号码没有填写"),
        (with_users(&taken, &unknown), "御剑"),
        (with_users(&taken, &twice), "人员编号（sourcedId）说的是第"),
    ] {
        let run = bring(&place, &mut office, &zip).await;
        office.get(&format!("{}/findings", run.path)).await.shows(sentence);
    }

    // The numbers of others tell a neighbour nothing, and change nothing.
    let mut stranger = place.test.signed_in(&place.town.neighbour_office.who()).await;
    let run = bring(&place, &mut stranger, &with_users(&taken, users)).await;
    let found = stranger.get(&format!("{}/findings", run.path)).await;
    found.shows("证件号码没有填写").hides("系统中此人登记的姓名是");
    assert_eq!(at_work(&place).await, after);
});

story!(a_number_of_the_record_and_a_paper_that_disagree_are_an_error, |engine| async move {
    let place = Place::begin(engine).await;
    let mut office = place.test.signed_in(&place.town.county_office.who()).await;
    let taken = office.get("/oneroster/export.zip").await;
    let taken = files(&taken.is(200).bytes);
    let users = &taken.iter().find(|(name, _)| name == "users.csv").expect("users").1;
    let paper = place_of(users, "identifier");
    let before = at_work(&place).await;
    // The first teachers of the school have the seventh paper and those after it.
    let [one, other] = [&place.town.school().teachers[0], &place.town.school().teachers[1]];
    let [own, theirs, strange] = [7, 8, 900].map(identity);

    // Whoever is known by both is who he is.
    let agreed = with_users(&taken, &amended(users, one.person, &[(paper, own.number())]));
    bring(&place, &mut office, &agreed).await.shows("待确认").shows("新增 0").shows("变更 0");

    for (number, whose) in
        [(&strange, "不是此人登记的号码".to_owned()), (&theirs, format!("在系统中是“{}”的", other.name))]
    {
        let zip = with_users(&taken, &amended(users, one.person, &[(paper, number.number())]));
        let run = bring(&place, &mut office, &zip).await;
        run.shows("有错误，不能导入");
        let found = office.get(&format!("{}/findings?weight=error", run.path)).await;
        let row = row_of(users, one.person);
        found.shows(&format!("{row} {} 证件号码", one.name)).shows(&whose).hides("说的是第");
        found.shows(&format!("人员编号（sourcedId）在系统中是“{}（{}）”", one.name, own.masked()));
        found.shows(&number.masked());
    }

    // It takes nobody from the row whose paper it is, whichever comes first.
    for (wrong, right, number) in [(one, other, &theirs), (other, one, &own)] {
        let both = amended(users, right.person, &[(paper, number.number())]);
        let zip = with_users(&taken, &amended(&both, wrong.person, &[(paper, number.number())]));
        let run = bring(&place, &mut office, &zip).await;
        let found = office.get(&format!("{}/findings?weight=error", run.path)).await;
        found.shows(&format!("在系统中是“{}”的", right.name)).hides("不是此人登记的号码").hides("说的是第");
    }

    // A number that somebody else's system gave, and a paper that nobody has, are somebody new.
    let [known, given] = [one.person.to_string(), one.node.id.to_string()];
    let elsewhere: Vec<(String, String)> =
        taken.iter().map(|(name, text)| (name.clone(), text.replace(&known, &given))).collect();
    let changed = amended(users, one.person, &[(paper, strange.number())]).replace(&known, &given);
    bring(&place, &mut office, &with_users(&elsewhere, &changed)).await.shows("新增 1");
    assert_eq!(at_work(&place).await, before);
});
