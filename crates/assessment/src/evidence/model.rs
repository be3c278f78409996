//! States of a submission, its pieces, and what may follow what.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant, Level, WorkCalendar};
use tisheng_rules::Scheme;
use tisheng_rules::assessment::StepKind;
use tisheng_rules::framework::{EvidenceKind, Piece};
use uuid::Uuid;

use super::content::Content;

/// How far a revision has come. Each state names what is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// 草稿: the teacher is working on it.
    Draft,
    /// 已提交，待自评: frozen, the author's own judgement is awaited.
    Submitted,
    /// 互评中: colleagues judge it.
    Peers,
    /// 考核小组评审中: a panel judges it.
    Panel,
    /// 公示中: decided, objections are heard.
    Notice,
    /// 已生效: the result stands.
    Final,
    /// 退回修改: the panel wants a new revision.
    Returned,
}

impl State {
    /// Every state, in the order of a good course.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Submitted, Self::Peers, Self::Panel, Self::Notice, Self::Final, Self::Returned];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Peers => "peers",
            Self::Panel => "panel",
            Self::Notice => "notice",
            Self::Final => "final",
            Self::Returned => "returned",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Submitted => "已提交，待自评",
            Self::Peers => "互评中",
            Self::Panel => "考核小组评审中",
            Self::Notice => "公示中",
            Self::Final => "已生效",
            Self::Returned => "退回修改",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Draft => "plain",
            Self::Submitted | Self::Peers | Self::Panel | Self::Notice => "note",
            Self::Final => "good",
            Self::Returned => "warn",
        }
    }

    /// The state in which a step of that kind is under way; `None` for a step that comes after
    /// the result.
    #[must_use]
    pub const fn during(kind: StepKind) -> Option<Self> {
        match kind {
            StepKind::SelfReview => Some(Self::Submitted),
            StepKind::Peers => Some(Self::Peers),
            StepKind::Panel => Some(Self::Panel),
            StepKind::Notice => Some(Self::Notice),
            StepKind::SpotCheck => None,
        }
    }

    /// Whether `next` may follow. A scheme may leave steps out or have one twice; it may not go
    /// back, but for the author's withdrawal and an objection that was upheld.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use State::{Draft, Final, Notice, Panel, Peers, Returned, Submitted};
        matches!(
            (self, next),
            (Draft, Submitted | Peers | Panel)
                | (Submitted | Peers | Panel, Draft)
                | (Submitted, Peers | Panel | Notice | Final)
                | (Peers, Peers | Panel | Notice | Final)
                | (Panel, Panel | Notice | Final | Returned)
                | (Notice, Final | Panel | Peers)
        )
    }

    /// Whether it is frozen: nothing of it may be changed.
    #[must_use]
    pub fn is_frozen(self) -> bool {
        self != Self::Draft
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}

/// The text is the code of no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("没有这种状态")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        Self::ALL.into_iter().find(|state| state.code() == text).ok_or(NotAState)
    }
}

/// What the author says of pupils who are seen or heard in the pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Not answered yet.
    Unasked,
    /// 没有学生出镜
    NoPupils,
    /// 已征得监护人同意
    Given,
}

impl Consent {
    /// The form stored in the database and used in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::NoPupils => "no_pupils",
            Self::Given => "given",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Unasked => "未说明",
            Self::NoPupils => "材料中没有可辨认的学生",
            Self::Given => "材料中有学生，已征得监护人同意，仅用于测评",
        }
    }
}

impl FromStr for Consent {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        [Self::Unasked, Self::NoPupils, Self::Given].into_iter().find(|c| c.code() == text).ok_or(NotAState)
    }
}

/// One revision of a teacher's work for one capability.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its programme.
    pub programme: Uuid,
    /// Its identifier.
    pub id: Id<Submission>,
    /// The author.
    pub person: Uuid,
    /// Code of the capability or work.
    pub capability: String,
    /// From 1.
    pub revision: i64,
    /// How far it has come.
    pub state: State,
    /// Key of the scheme's step under way; empty before and after.
    pub step: String,
    /// The author's school when the revision was begun.
    pub school: Uuid,
    /// The path of that school.
    pub path: String,
    /// The author's subject, as the post says.
    pub subject: String,
    /// The author's stage, as the post says.
    pub stage: String,
    /// The version of the rules it was made for.
    pub scheme_version: Uuid,
    /// What the author says of pupils.
    pub consent: Consent,
    /// SHA-256 over all pieces, once frozen.
    pub digest: Option<String>,
    /// Why it was returned; empty otherwise.
    pub note: String,
    /// The level, once final.
    pub level: Option<Level>,
    /// Counts every change.
    pub version: i64,
    /// When it was handed in.
    pub submitted_at: Option<Instant>,
    /// Since when it has been in its state.
    pub state_since: Instant,
    /// The next revision.
    pub superseded_by: Option<Uuid>,
}

impl Submission {
    /// Whether the author may begin a new revision.
    #[must_use]
    pub fn may_be_revised(&self) -> bool {
        let failed = self.state == State::Final && self.level == Some(Level::Fail);
        self.superseded_by.is_none() && (self.state == State::Returned || failed)
    }

    /// The last day on which the author's own judgement is in time by the `rules` it is pinned to; none
    /// while another is awaited, or where they give no days for it.
    #[must_use]
    pub fn own_due(&self, rules: &Scheme) -> Option<NaiveDate> {
        let step = rules.assessment.step(&self.step).filter(|step| step.kind == StepKind::SelfReview)?;
        let begun = self.submitted_at.filter(|_| *step.days > 0)?;
        Some(WorkCalendar::default().after_working_days(begun.date(), *step.days))
    }
}

/// A text or file of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its identifier.
    pub id: Id<Item>,
    /// Key of the piece.
    pub piece: String,
    /// What it is.
    pub body: Body,
    /// Order within the piece.
    pub place: i64,
    /// Of a text: counts its saves.
    pub version: i64,
    /// When it was last changed.
    pub saved_at: Instant,
}

/// What an item holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Typed in the page.
    Text(String),
    /// Uploaded.
    File(StoredFile),
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The name the teacher's file had.
    pub title: String,
    /// SHA-256 of its content.
    pub digest: String,
    /// Bytes.
    pub size: i64,
    /// What its bytes are.
    pub content: Content,
    /// Length of a recording, where it is known.
    pub seconds: Option<i64>,
    /// Where its text names the author.
    pub named: Named,
}

/// Where the text of a document names its author and the author's school, in words such as 页眉; empty where it
/// does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Where the author's name stands.
    pub author: String,
    /// Where the school's name stands.
    pub school: String,
}

impl StoredFile {
    /// Whether it is a recording whose length the author states: these kinds tell it themselves as a rule.
    #[must_use]
    pub fn length_is_stated(&self) -> bool {
        let tells = matches!(self.content.code(), "mp4" | "mov" | "m4a");
        self.content.is_recording() && (!tells || self.seconds.is_none())
    }
}

impl Item {
    /// The file, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<&StoredFile> {
        match &self.body {
            Body::File(file) => Some(file),
            Body::Text(_) => None,
        }
    }

    /// The text; empty for a file.
    #[must_use]
    pub fn text(&self) -> &str {
        match &self.body {
            Body::Text(text) => text,
            Body::File(_) => "",
        }
    }

    /// A name that tells nothing of the author: the piece, a number, the kind of file.
    #[must_use]
    pub fn neutral_name(&self, piece: &str, number: usize) -> String {
        match self.file() {
            Some(file) => format!("{piece}-{number}.{}", file.content.extension()),
            None => piece.to_owned(),
        }
    }
}

/// Whether a piece of these kinds may be typed in the page.
#[must_use]
pub fn takes_text(kinds: &[EvidenceKind]) -> bool {
    kinds.iter().any(|kind| match kind {
        EvidenceKind::Document | EvidenceKind::Tool | EvidenceKind::Data | EvidenceKind::Voices => true,
        EvidenceKind::Slides
        | EvidenceKind::Video
        | EvidenceKind::Picture
        | EvidenceKind::Resource
        | EvidenceKind::StudentWork => false,
    })
}

/// What keeps a piece from being handed in; empty when nothing does.
#[must_use]
pub fn shortcomings(piece: &Piece, items: &[&Item]) -> Vec<String> {
    let mut found = Vec::new();
    if !items.iter().any(|item| item.file().is_some() || !item.text().trim().is_empty()) {
        found.push(format!("“{}”还没有内容", piece.name));
    }
    if let Some(most) = &piece.max_minutes {
        for file in items.iter().filter_map(|item| item.file()).filter(|file| file.content.is_recording()) {
            match file.seconds {
                None => found.push(format!("请填写“{}”的时长", file.title)),
                Some(seconds) if seconds > i64::from(**most) * 60 => {
                    found.push(format!("“{}”超过 {} 分钟，请剪辑后重新上传", file.title, **most));
                }
                Some(_) => {}
            }
        }
    }
    found
}

#[derive(Serialize)]
struct Sealed<'a> {
    piece: &'a str,
    place: i64,
    title: &'a str,
    content: &'a str,
    digest: String,
}

/// The digest that freezes a revision: over the pieces in order, each with the hash of its
/// content, so that a changed, added or exchanged piece shows.
#[must_use]
pub fn digest(capability: &str, revision: i64, items: &[Item]) -> String {
    let mut lines: Vec<Sealed<'_>> = items
        .iter()
        .map(|item| {
            let (title, content, digest) = match &item.body {
                Body::Text(text) => ("", "text", hex::encode(Sha256::digest(text.as_bytes()))),
                Body::File(file) => (file.title.as_str(), file.content.code(), file.digest.clone()),
            };
            Sealed { piece: &item.piece, place: item.place, title, content, digest }
        })
        .collect();
    lines.sort_by(|a, b| (a.piece, a.place).cmp(&(b.piece, b.place)));
    let text = serde_json::to_string(&(capability, revision, lines)).unwrap_or_default();
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{Id, Instant};

    use super::{Body, Consent, Item, State, digest};

    fn text(piece: &str, place: i64, body: &str) -> Item {
        Item {
            id: Id::new(Instant::from_micros(place)),
            piece: piece.to_owned(),
            body: Body::Text(body.to_owned()),
            place,
            version: 1,
            saved_at: Instant::from_micros(0),
        }
    }

    #[test]
    fn states_are_read_as_written() {
        for state in State::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for consent in [Consent::Unasked, Consent::NoPupils, Consent::Given] {
            assert_eq!(consent.code().parse(), Ok(consent));
        }
    }

    #[test]
    fn the_only_ways_back_are_the_authors_own_and_an_objection() {
        let order = |state: State| State::ALL.iter().position(|s| *s == state);
        for from in State::ALL {
            for to in State::ALL {
                let back = order(to) < order(from);
                let known = to == State::Draft || from == State::Notice;
                assert!(!(from.may_become(to) && back) || known, "{from:?} to {to:?}");
            }
            assert!(!State::Final.may_become(from) && !State::Returned.may_become(from));
            assert_eq!(from.may_become(State::Returned), from == State::Panel);
        }
        assert!(!State::Notice.may_become(State::Draft), "what is decided is not withdrawn");
    }

    #[test]
    fn a_digest_holds_every_piece_in_its_place() {
        let two = [text("A6-1", 1, "设计"), text("A6-3", 1, "反思")];
        let turned = [two[1].clone(), two[0].clone()];
        assert_eq!(digest("A6", 1, &two), digest("A6", 1, &turned), "rows may come in any order");
        assert_ne!(digest("A6", 1, &two), digest("A6", 2, &two));
        assert_ne!(digest("A6", 1, &two), digest("A6", 1, &two[..1]));
        let exchanged = [text("A6-1", 1, "反思"), text("A6-3", 1, "设计")];
        assert_ne!(digest("A6", 1, &two), digest("A6", 1, &exchanged));
    }
}
