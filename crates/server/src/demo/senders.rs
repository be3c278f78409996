//! What the learning platforms of the demonstration need to send by themselves: one to the record
//! store, one as a learning tool, one by files.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tisheng_gateway::lrs::{self, Scope, Wanted};
use tisheng_gateway::lti;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::access::Role;
use tisheng_registry::samples::Persona;
use tisheng_training::course::samples::activity;
use tisheng_training::learning;
use tisheng_training::platform::{self, Platform};

/// The file that tells it, in the data folder.
pub const FILE: &str = "senders.json";

/// The port of the tool where the server's own is picked when it starts.
const TOOL_PORT: u16 = 8081;

/// Teachers whom the platform that sends statements names as we do.
const NAMED: usize = 3;

/// What the platform that sends files calls our columns.
const TITLES: [(&str, &str); 6] = [
    ("name", "学员"),
    ("school", "所在单位"),
    ("title", "所学课程"),
    ("hours", "折合学时"),
    ("day", "结业日"),
    ("number", "证书流水"),
];

/// What the senders of an installation need.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Senders {
    /// Where the installation is.
    pub address: String,
    /// The tool, one for all territories.
    pub tool: ToolSide,
    /// The platforms of each territory.
    pub territories: Vec<Territory>,
}

/// The tool's own side.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolSide {
    /// Where it is: on this machine, and on another site than the installation, as it is in life.
    pub address: String,
    /// What it signs with: PKCS #8 in Base64, made for this demonstration alone.
    pub key: String,
}

/// The platforms of one territory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Territory {
    /// The scheme's code.
    pub scheme: String,
    /// The one that sends statements.
    pub store: StoreSide,
    /// The one whose courses are opened in the tool.
    pub tool: Client,
    /// The one whose hours come as files.
    pub file: FileSide,
}

/// What a platform sends statements with, and about whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoreSide {
    /// The platform.
    pub platform: String,
    /// Its key.
    pub key: String,
    /// Its secret.
    pub secret: String,
    /// Who gives accounts their names that are the platform's own.
    pub home: String,
    /// The addresses of its courses.
    pub courses: Vec<String>,
    /// Teachers whom it names as we do.
    pub teachers: Vec<Teacher>,
}

/// A teacher as a platform knows one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Teacher {
    /// The name.
    pub name: String,
    /// The school.
    pub school: String,
    /// Who gave the account its name.
    pub home: String,
    /// The account.
    pub account: String,
}

/// As what the tool is registered for a platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Client {
    /// The platform.
    pub platform: String,
    /// The name of the tool there.
    pub client: String,
    /// The name of its deployment.
    pub deployment: String,
}

/// What a platform's own files look like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileSide {
    /// The platform.
    pub platform: String,
    /// Our columns with its titles for them.
    pub columns: Vec<(String, String)>,
    /// A teacher of whom a row may speak, with the school.
    pub teacher: (String, String),
}

/// The address of the tool beside a server that listens on `port`.
#[must_use]
pub fn tool_address(port: u16) -> String {
    let port = if matches!(port, 0 | u16::MAX) { TOOL_PORT } else { port + 1 };
    format!("http://localhost:{port}")
}

impl Senders {
    /// Senders beside the installation `ctx` speaks of, with no territory yet.
    #[must_use]
    pub fn beside(ctx: &Ctx) -> Self {
        let config = &ctx.app.config;
        let tool = ToolSide { address: tool_address(config.listen.port()), key: lti::samples::key() };
        Self { address: config.public_url.clone(), tool, territories: Vec::new() }
    }

    /// Reads what is kept in `folder`; `None` where there is nothing, such as from an earlier release.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read(folder.join(FILE)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps it in `folder`, to be read by nobody else on this machine: it holds secrets.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, folder: &Path) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(folder.join(FILE))?.write_all(&serde_json::to_vec_pretty(self)?)
    }

    /// Host and port of the tool, which browsers and the installation may be sent to.
    #[must_use]
    pub fn tool_host(&self) -> String {
        host(&self.tool.address)
    }
}

/// Host and port of `address`.
#[must_use]
pub fn host(address: &str) -> String {
    address.split_once("://").map_or(address, |(_, host)| host).to_owned()
}

/// A key for the platform that sends statements, and the teachers it knows.
pub async fn store(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, codes): (&Platform, &[String]),
    people: &[Persona],
) -> Result<StoreSide, Failure> {
    let wanted =
        Wanted { platform: Some(platform.id.uuid()), ..Wanted::new("演示发送程序", &[Scope::Write]) };
    let issued = lrs::create(ctx, tx, &wanted).await?;
    let mut teachers = Vec::new();
    // Not the first: whose account it is that the platform calls its own way is for people to say.
    for teacher in people.iter().filter(|one| one.role == Role::Teacher).skip(1).take(NAMED) {
        let account = learning::learner_for(ctx, tx, platform, teacher.person).await?;
        teachers.push(Teacher {
            name: teacher.name.clone(),
            school: teacher.node.name.clone(),
            home: account.home,
            account: account.name,
        });
    }
    Ok(StoreSide {
        platform: platform.name.clone(),
        key: issued.key,
        secret: issued.secret,
        home: platform.home_page.clone(),
        courses: codes.iter().map(|code| activity(platform, code)).collect(),
        teachers,
    })
}

/// Registers the tool for a platform, as its office would.
pub async fn tool(
    office: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    side: &ToolSide,
) -> Result<Client, Failure> {
    let (client, deployment) =
        lti::samples::tool_at(office, tx, platform.id, (&side.address, &side.key)).await?;
    Ok(Client { platform: platform.name.clone(), client, deployment })
}

/// Says what the platform that sends files calls our columns, as its institution would.
pub async fn file(
    lecturer: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    people: &[Persona],
) -> Result<FileSide, Failure> {
    let columns: Vec<(String, String)> =
        TITLES.iter().map(|(field, title)| ((*field).to_owned(), (*title).to_owned())).collect();
    platform::samples::columns(lecturer, tx, platform.id, &columns).await?;
    let teacher = people.iter().find(|one| one.role == Role::Teacher).ok_or(Failure::NotFound)?;
    let teacher = (teacher.name.clone(), teacher.node.name.clone());
    Ok(FileSide { platform: platform.name.clone(), columns, teacher })
}

#[cfg(test)]
mod tests {
    use super::{host, tool_address};

    #[test]
    fn the_tool_stands_beside_the_server() {
        assert_eq!(tool_address(9000), "http://localhost:9001");
        assert_eq!((tool_address(0), tool_address(u16::MAX)), (tool_address(8080), tool_address(8080)));
        assert_eq!(host("http://localhost:8081"), "localhost:8081");
    }
}
