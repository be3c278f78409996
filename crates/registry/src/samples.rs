//! A small invented world, built through the rooms' own actions: for the demo and the stories of
//! higher rooms. Region codes begin with 88, which the state has not given to anybody.

use chrono::NaiveDate;
use tisheng_kernel::identity::check_character;
use tisheng_kernel::{Id, Identity, Instant, PersonName, Phone, Sex};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Member, Tx, Who};
use tokio::sync::OnceCell;

use crate::access::{self, Account, Hashed, Role, SecretText};
use crate::organisation::{self, Facts, Kind, Location, NewNode, Node, Stage};
use crate::people::{self, NewPerson, NewPost, Person, Team};

/// The password of everybody in the samples.
pub const PASSWORD: &str = "春风化雨-2020";

/// The heavenly stems, with which invented people are numbered.
const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];

/// Somebody with an account.
#[derive(Debug, Clone)]
pub struct Persona {
    /// The person.
    pub person: Id<Person>,
    /// The account.
    pub account: Id<Account>,
    /// The name.
    pub name: String,
    /// What is typed to sign in.
    pub login: String,
    /// The role held.
    pub role: Role,
    /// Where it is held.
    pub node: Node,
    /// The secret of the second factor, where the role asks for one.
    pub secret: Option<SecretText>,
}

impl Persona {
    /// The fields of the sign-in form.
    #[must_use]
    pub fn credentials(&self) -> [(&str, &str); 2] {
        [("account", &self.login), ("password", PASSWORD)]
    }

    /// The code of the second factor at `at`; empty when there is none.
    ///
    /// # Errors
    /// When the secret is not one.
    pub fn code(&self, at: Instant) -> Result<String, Failure> {
        self.secret.as_ref().map_or_else(|| Ok(String::new()), |secret| access::code_at(secret, at))
    }

    /// The persona as it asks once signed in, for calling actions without pages.
    #[must_use]
    pub fn who(&self) -> Who {
        Who::Member(Box::new(Member {
            account: self.account.uuid(),
            person: self.person.uuid(),
            name: self.name.clone(),
            role: self.role.key().to_owned(),
            role_title: self.role.title().to_owned(),
            node: self.node.id.uuid(),
            node_name: self.node.name.clone(),
            path: self.node.path.clone(),
            has_other_roles: false,
        }))
    }
}

/// A school with its people.
#[derive(Debug, Clone)]
pub struct School {
    /// The school.
    pub node: Node,
    /// The principal, who is also chief information officer.
    pub principal: Persona,
    /// Who keeps the school's records.
    pub clerk: Persona,
    /// The teachers: of the first school three of Chinese and three of mathematics, of the second
    /// two of each.
    pub teachers: Vec<Persona>,
}

/// A province with a city, two counties and two schools in the first of them.
#[derive(Debug, Clone)]
pub struct Town {
    /// 测试省
    pub province: Node,
    /// 测试市
    pub city: Node,
    /// 测试县
    pub county: Node,
    /// 邻县, which sees nothing of 测试县
    pub neighbour: Node,
    /// 测试一小 and 测试二小
    pub schools: [School; 2],
    /// Who acts for the province.
    pub province_office: Persona,
    /// Who acts for the city.
    pub city_office: Persona,
    /// Who acts for the county.
    pub county_office: Persona,
    /// Who acts for the other county.
    pub neighbour_office: Persona,
}

impl Town {
    /// The first school.
    #[must_use]
    pub const fn school(&self) -> &School {
        &self.schools[0]
    }

    /// Everybody, offices first.
    pub fn everybody(&self) -> impl Iterator<Item = &Persona> {
        let offices = [&self.province_office, &self.city_office, &self.county_office, &self.neighbour_office];
        let staff = self
            .schools
            .iter()
            .flat_map(|school| [&school.principal, &school.clerk].into_iter().chain(&school.teachers));
        offices.into_iter().chain(staff)
    }
}

/// The `n`th invented identity number; each passes the check of GB 11643.
///
/// # Panics
/// Never: the digits make a valid number.
#[must_use]
pub fn identity(n: u32) -> Identity {
    let (year, month, day) = (1970 + n / 1000 % 25, 1 + n % 12, 1 + n % 28);
    let digits = format!("880101{year}{month:02}{day:02}{:03}", n % 1000);
    let check = check_character(&digits).expect("seventeen digits have a check character");
    Identity::card(&format!("{digits}{check}")).expect("the birth date and the check are valid")
}

/// The `n`th invented phone number.
///
/// # Panics
/// Never: the digits make a valid number.
#[must_use]
pub fn phone(n: u32) -> Phone {
    Phone::parse(&format!("1990000{:04}", n % 10_000)).expect("eleven digits beginning with 199")
}

/// The hash of [`PASSWORD`], made once a process.
///
/// # Errors
/// When the machine cannot hash right now.
pub async fn hashed_password() -> Result<Hashed, Failure> {
    static HASHED: OnceCell<Hashed> = OnceCell::const_new();
    HASHED.get_or_try_init(|| access::hash(PASSWORD)).await.cloned()
}

/// The day on which everything in the samples begins.
///
/// # Panics
/// Never: the day is in the calendar.
#[must_use]
pub fn beginning() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 9, 1).expect("a day of the calendar")
}

/// Builds the town. `ctx` is the installation's own ([`Ctx::system`]).
///
/// # Errors
/// What the actions report.
pub async fn small_town(ctx: &Ctx) -> Result<Town, Failure> {
    let hashed = hashed_password().await?;
    let mut tx = ctx.write().await?;
    let mut builder = Builder { ctx, tx: &mut tx, hashed, count: 0 };
    let province = builder.region(None, Kind::Province, "测试省", "880000").await?;
    let city = builder.region(Some(&province), Kind::City, "测试市", "880100").await?;
    let county = builder.region(Some(&city), Kind::County, "测试县", "880101").await?;
    let neighbour = builder.region(Some(&city), Kind::County, "邻县", "880102").await?;
    let first = builder.school(&county, "测试一小", "8821000001").await?;
    let second = builder.school(&county, "测试二小", "8821000002").await?;
    let town = Town {
        province_office: builder.official("省办甲", "sheng", Role::Province, &province).await?,
        city_office: builder.official("市办甲", "shi.ban", Role::City, &city).await?,
        county_office: builder.official("县办甲", "xian", Role::County, &county).await?,
        neighbour_office: builder.official("县办乙", "linxian", Role::County, &neighbour).await?,
        schools: [
            builder.staff(first, "yi", &[("语文", 3), ("数学", 3)]).await?,
            builder.staff(second, "er", &[("语文", 2), ("数学", 2)]).await?,
        ],
        province,
        city,
        county,
        neighbour,
    };
    tx.commit().await?;
    Ok(town)
}

/// Builds people and places one after the other.
#[derive(Debug)]
pub struct Builder<'c> {
    ctx: &'c Ctx,
    tx: &'c mut Tx,
    hashed: Hashed,
    count: u32,
}

impl<'c> Builder<'c> {
    /// A builder that numbers its people from `first` on and gives each the password behind
    /// `hashed`.
    pub const fn new(ctx: &'c Ctx, tx: &'c mut Tx, hashed: Hashed, first: u32) -> Self {
        Self { ctx, tx, hashed, count: first }
    }

    /// Founds a region.
    ///
    /// # Errors
    /// What the action reports.
    pub async fn region(
        &mut self,
        above: Option<&Node>,
        kind: Kind,
        name: &str,
        code: &str,
    ) -> Result<Node, Failure> {
        let parent = above.map(|node| node.id);
        let new = NewNode { parent, kind, name, code, valid_from: beginning() };
        Ok(organisation::create(self.ctx, self.tx, &new).await?)
    }

    /// Founds a primary school in a town's centre, with the second environment of its place: the
    /// blended one where the national framework holds.
    ///
    /// # Errors
    /// What the actions report.
    pub async fn school(&mut self, above: &Node, name: &str, code: &str) -> Result<Node, Failure> {
        let parent = Some(above.id);
        let new = NewNode { parent, kind: Kind::School, name, code, valid_from: beginning() };
        let node = organisation::create(self.ctx, self.tx, &new).await?;
        let environments = organisation::environments(self.ctx, self.tx, &node.path).await?;
        let environment = environments.all().nth(1).map(|one| one.key.clone());
        let facts = Facts {
            stages: vec![Stage::Primary],
            location: Some(Location::TownCentre),
            environment,
            version: 1,
            ..Facts::default()
        };
        organisation::state_facts(self.ctx, self.tx, node.id, &facts).await?;
        Ok(node)
    }

    /// An official with a role at `node` and no post.
    ///
    /// # Errors
    /// What the actions report.
    pub async fn official(
        &mut self,
        name: &str,
        login: &str,
        role: Role,
        node: &Node,
    ) -> Result<Persona, Failure> {
        let person = self.person(name, node).await?;
        self.persona(person, name, login, role, node).await
    }

    /// A teacher of a school with the role 教师 and an account.
    ///
    /// # Errors
    /// What the actions report.
    pub async fn teacher(
        &mut self,
        name: &str,
        login: &str,
        school: &Node,
        subject: &str,
    ) -> Result<Persona, Failure> {
        let person = self.in_post(name, school, subject).await?;
        self.persona(person, name, login, Role::Teacher, school).await
    }

    /// Principal, clerk and teachers of a school; logins begin with `short`.
    async fn staff(
        &mut self,
        node: Node,
        short: &str,
        subjects: &[(&str, usize)],
    ) -> Result<School, Failure> {
        let head = format!("校长{}", if short == "yi" { "甲" } else { "乙" });
        let person = self.in_post(&head, &node, "数学").await?;
        let principal = self.persona(person, &head, &format!("{short}.xz"), Role::Principal, &node).await?;
        let duties = ["principal", "cio"];
        people::enlist(self.ctx, self.tx, (node.id, Team::Management), person, &duties).await?;
        let keeper = format!("管理员{}", if short == "yi" { "甲" } else { "乙" });
        let clerk = self.official(&keeper, &format!("{short}.gl"), Role::Clerk, &node).await?;
        let subjects = subjects.iter().flat_map(|(subject, many)| std::iter::repeat_n(*subject, *many));
        let mut teachers = Vec::new();
        for (number, subject) in subjects.enumerate() {
            let stem = STEMS[number % STEMS.len()];
            let name = if short == "yi" { format!("教师{stem}") } else { format!("老师{stem}") };
            let login = format!("{short}.js{}", number + 1);
            teachers.push(self.teacher(&name, &login, &node, subject).await?);
        }
        Ok(School { node, principal, clerk, teachers })
    }

    async fn person(&mut self, name: &str, kept_by: &Node) -> Result<Id<Person>, Failure> {
        self.count += 1;
        let name = PersonName::parse(name).map_err(|e| Failure::Refused(e.to_string()))?;
        let (identity, phone) = (identity(self.count), phone(self.count));
        let new = NewPerson {
            name: &name,
            identity: &identity,
            phone: Some(&phone),
            sex: Sex::Unknown,
            birth_year: None,
            kept_by: kept_by.id,
        };
        Ok(people::register(self.ctx, self.tx, &new).await?)
    }

    async fn in_post(&mut self, name: &str, school: &Node, subject: &str) -> Result<Id<Person>, Failure> {
        let person = self.person(name, school).await?;
        let new = NewPost {
            person,
            school: school.id,
            subject,
            stage: Stage::Primary,
            title: "一级教师",
            since: beginning(),
        };
        people::appoint(self.ctx, self.tx, &new).await?;
        Ok(person)
    }

    async fn persona(
        &mut self,
        person: Id<Person>,
        name: &str,
        login: &str,
        role: Role,
        node: &Node,
    ) -> Result<Persona, Failure> {
        let account = access::create_account(self.ctx, self.tx, person, login).await?;
        access::set_password(self.ctx, self.tx, account, &self.hashed).await?;
        let secret = access::needs_second_factor(role).then(access::new_secret);
        if let Some(secret) = &secret {
            access::set_second_factor(self.ctx, self.tx, account, secret).await?;
        }
        access::grant(self.ctx, self.tx, person, role, node.id).await?;
        Ok(Persona {
            person,
            account,
            name: name.to_owned(),
            login: login.to_owned(),
            role,
            node: node.clone(),
            secret,
        })
    }
}
