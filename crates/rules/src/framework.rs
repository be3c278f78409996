//! Capabilities, their dimensions and environments, and the evidence each asks for.

use std::collections::BTreeSet;

use tisheng_kernel::Level;

use crate::reader::Section;
use crate::source::{Source, Sourced};
use crate::territory::TierKey;

/// A dimension (维度), e.g. 学情分析.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: String,
    /// Where the text names it.
    pub source: Source,
}

/// An environment (信息化教学环境) that a school has and capabilities belong to.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: Sourced<String>,
    /// Codes of the environments whose capabilities fit a school that has this one.
    pub fits: Sourced<Vec<String>>,
}

/// A capability (能力点).
#[derive(Debug, Clone)]
pub struct Capability {
    /// Code, e.g. `A6`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Code of its dimension.
    pub dimension: String,
    /// Code of its environment.
    pub environment: String,
    /// Where the text lists it.
    pub source: Source,
    /// The pieces of evidence asked for, all of them.
    pub pieces: Vec<Piece>,
}

impl Capability {
    /// `A6 技术支持的课堂讲授`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{} {}", self.code, self.name)
    }
}

/// A work that every teacher hands in beside the capabilities, e.g. the integrated lesson
/// recording (综合课堂实录); judged piece by piece like a capability.
#[derive(Debug, Clone)]
pub struct Work {
    /// Code, used like a capability's.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// The pieces asked for.
    pub pieces: Vec<Piece>,
}

/// What a piece of evidence may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EvidenceKind {
    /// 文档
    #[default]
    Document,
    /// 演示文稿
    Slides,
    /// 视频
    Video,
    /// 图片
    Picture,
    /// 工具、量表
    Tool,
    /// 数据、报告
    Data,
    /// 数字教育资源
    Resource,
    /// 学生成果
    StudentWork,
    /// 体会 of pupils or parents: video, sound or text
    Voices,
}

impl EvidenceKind {
    pub(crate) const WORDS: [(&'static str, Self); 9] = [
        ("document", Self::Document),
        ("slides", Self::Slides),
        ("video", Self::Video),
        ("picture", Self::Picture),
        ("tool", Self::Tool),
        ("data", Self::Data),
        ("resource", Self::Resource),
        ("student_work", Self::StudentWork),
        ("voices", Self::Voices),
    ];

    /// The word used in scheme files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        Self::WORDS[self as usize].0
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Document => "文档",
            Self::Slides => "演示文稿",
            Self::Video => "视频",
            Self::Picture => "图片",
            Self::Tool => "工具或量表",
            Self::Data => "数据或报告",
            Self::Resource => "数字资源",
            Self::StudentWork => "学生成果",
            Self::Voices => "体会（视频、录音或文字）",
        }
    }
}

/// A condition that an assessor ticks.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Code within the scheme, e.g. `A6-1-p2`; stable as long as the list is only added to.
    pub key: String,
    /// The level it is needed for: [`Level::Pass`] or [`Level::Excellent`].
    pub level: Level,
    /// What must hold.
    pub text: String,
    /// Where it comes from; often not from where the piece does.
    pub source: Source,
}

impl Criterion {
    /// The criteria of the piece of that code, numbered in the order given.
    pub(crate) fn numbered(
        piece: &str,
        pass: &Sourced<Vec<String>>,
        excellent: &Sourced<Vec<String>>,
    ) -> Vec<Self> {
        let of_level = |texts: &Sourced<Vec<String>>, level: Level, letter: char| -> Vec<Self> {
            let numbered = texts.iter().enumerate();
            let criterion = |(index, text): (usize, &String)| Self {
                key: format!("{piece}-{letter}{}", index + 1),
                level,
                text: text.clone(),
                source: texts.source.clone(),
            };
            numbered.map(criterion).collect()
        };
        let mut criteria = of_level(pass, Level::Pass, 'p');
        criteria.extend(of_level(excellent, Level::Excellent, 'e'));
        criteria
    }
}

/// A piece of evidence with its limits and criteria.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Code within the scheme, e.g. `A6-1`.
    pub key: String,
    /// Its name, e.g. 教学设计.
    pub name: String,
    /// What may be handed in.
    pub kinds: Sourced<Vec<EvidenceKind>>,
    /// The longest video or sound, in seconds.
    pub max_minutes: Option<Sourced<u32>>,
    /// The largest file, in megabytes.
    pub max_megabytes: Option<Sourced<u32>>,
    /// How to make it, for the teacher.
    pub guide: Option<Sourced<String>>,
    /// The criteria, those for 合格 first.
    pub criteria: Vec<Criterion>,
    /// Where it comes from.
    pub source: Source,
}

impl Piece {
    /// The level reached when exactly the criteria of these codes hold: 优秀 when all do, 合格
    /// when all of 合格 do, else 不合格. Codes of other pieces are ignored.
    #[must_use]
    pub fn level<S: AsRef<str>>(&self, met: &[S]) -> Level {
        let met: BTreeSet<&str> = met.iter().map(AsRef::as_ref).collect();
        let all = |level: Level| {
            self.criteria.iter().filter(|c| c.level == level).all(|c| met.contains(c.key.as_str()))
        };
        let excellent_exists = self.criteria.iter().any(|c| c.level == Level::Excellent);
        match (all(Level::Pass), excellent_exists && all(Level::Excellent)) {
            (true, true) => Level::Excellent,
            (true, false) => Level::Pass,
            (false, _) => Level::Fail,
        }
    }

    /// Why [`Piece::level`] is what it is: the criteria that do not hold, in a sentence.
    #[must_use]
    pub fn explain<S: AsRef<str>>(&self, met: &[S]) -> String {
        let level = self.level(met);
        let unmet = |wanted: Level| -> Vec<&str> {
            let holds = |c: &Criterion| met.iter().any(|key| key.as_ref() == c.key);
            self.criteria.iter().filter(|c| c.level == wanted && !holds(c)).map(|c| c.text.as_str()).collect()
        };
        match level {
            Level::Excellent => format!("“{}”优秀：合格、优秀各项标准全部达到。", self.name),
            Level::Pass => {
                format!("“{}”合格：优秀标准尚未达到“{}”。", self.name, unmet(Level::Excellent).join("”“"))
            }
            Level::Fail => format!("“{}”不合格：未达到“{}”。", self.name, unmet(Level::Pass).join("”“")),
        }
    }
}

/// What a city may add of its own (地方特色能力点).
#[derive(Debug, Clone)]
pub struct LocalRule {
    /// Which levels may propose capabilities of their own.
    pub proposed_by: Sourced<Vec<TierKey>>,
    /// Which level accepts them.
    pub accepted_by: Sourced<TierKey>,
    /// What their codes begin with.
    pub prefix: Sourced<String>,
}

/// The capability framework of a scheme.
#[derive(Debug, Clone)]
pub struct Framework {
    /// The dimensions in official order.
    pub dimensions: Vec<Dimension>,
    /// The environments from the simplest on.
    pub environments: Vec<Environment>,
    /// The capabilities in official order.
    pub capabilities: Vec<Capability>,
    /// Works beside the capabilities.
    pub works: Vec<Work>,
    /// Whether and how local capabilities are added.
    pub local: Option<LocalRule>,
}

impl Framework {
    /// The dimension of that code.
    #[must_use]
    pub fn dimension(&self, key: &str) -> Option<&Dimension> {
        self.dimensions.iter().find(|dimension| dimension.key == key)
    }

    /// The environment of that code.
    #[must_use]
    pub fn environment(&self, key: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.key == key)
    }

    /// The capability of that code.
    #[must_use]
    pub fn capability(&self, code: &str) -> Option<&Capability> {
        self.capabilities.iter().find(|capability| capability.code == code)
    }

    /// The work of that code.
    #[must_use]
    pub fn work(&self, key: &str) -> Option<&Work> {
        self.works.iter().find(|work| work.key == key)
    }

    /// The pieces asked for by the capability or work of that code; empty when there is none.
    #[must_use]
    pub fn pieces(&self, code: &str) -> &[Piece] {
        let of_capability = self.capability(code).map(|capability| capability.pieces.as_slice());
        of_capability.or_else(|| self.work(code).map(|work| work.pieces.as_slice())).unwrap_or_default()
    }

    /// The piece of that code.
    #[must_use]
    pub fn piece(&self, key: &str) -> Option<&Piece> {
        let of_capabilities = self.capabilities.iter().flat_map(|capability| &capability.pieces);
        of_capabilities.chain(self.works.iter().flat_map(|work| &work.pieces)).find(|piece| piece.key == key)
    }

    /// The codes without repetition, in the order in which the framework lists them; codes that it
    /// does not list stand last, as they were given.
    #[must_use]
    pub fn in_order<'c, S: AsRef<str>>(&self, codes: &'c [S]) -> Vec<&'c str> {
        let mut seen = BTreeSet::new();
        let mut codes: Vec<&str> =
            codes.iter().map(AsRef::as_ref).filter(|code| seen.insert(*code)).collect();
        let place = |code: &str| self.capabilities.iter().position(|known| known.code == code);
        codes.sort_by_key(|code| place(code).unwrap_or(usize::MAX));
        codes
    }

    /// What the capability or work of that code is called, with its code; the code itself when
    /// there is none.
    #[must_use]
    pub fn label(&self, code: &str) -> String {
        let of_work = || self.work(code).map(|work| work.title.value.clone());
        self.capability(code).map(Capability::label).or_else(of_work).unwrap_or_else(|| code.to_owned())
    }

    pub(crate) fn read(s: &Section<'_>) -> Self {
        let framework = Self {
            dimensions: s.sections("dimension", |d| Dimension {
                key: d.key("key"),
                title: d.key("title"),
                source: d.source(),
            }),
            environments: s.sections("environment", |e| Environment {
                key: e.key("key"),
                title: e.key("title"),
                description: e.text("description"),
                fits: e.texts("fits"),
            }),
            capabilities: s.sections("capability", read_capability),
            works: s.sections("work", |w| Work {
                key: w.key("key"),
                title: w.text("title"),
                pieces: Vec::new(),
            }),
            local: s.optional_section("local", |l| LocalRule {
                proposed_by: l.words("proposed_by", &TierKey::WORDS),
                accepted_by: l.word("accepted_by", &TierKey::WORDS),
                prefix: l.text("prefix"),
            }),
        };
        framework.report_doubled(s);
        framework
    }

    /// Says which codes stand twice, as soon as they are read: where one capability's code was written over
    /// another's, the evidence of the other has no home, and nothing else would be said before that is mended.
    fn report_doubled(&self, s: &Section<'_>) {
        let capabilities = self.capabilities.iter().map(|capability| (&capability.code, &capability.source));
        let works = self.works.iter().map(|work| (&work.key, &work.title.source));
        let mut seen = BTreeSet::new();
        for (code, source) in capabilities.chain(works) {
            if !code.is_empty() && !seen.insert(code) {
                s.report(&source.at, format!("能力点“{code}”重复"), "每个代码只写一次");
            }
        }
    }

    /// Reads the pieces of `[evidence]` into the capabilities and works that they belong to.
    pub(crate) fn read_evidence(&mut self, s: &Section<'_>) {
        let pieces = s.sections("piece", |p| (p.key("of"), p.at().clone(), PieceDraft::read(p)));
        for (of, at, draft) in pieces {
            let capability = self.capabilities.iter_mut().find(|c| c.code == of).map(|c| &mut c.pieces);
            let home =
                capability.or_else(|| self.works.iter_mut().find(|w| w.key == of).map(|w| &mut w.pieces));
            match home {
                Some(home) => {
                    let key = format!("{of}-{}", home.len() + 1);
                    home.push(draft.into_piece(key));
                }
                None => s.report(
                    &at,
                    format!("没有编号为“{of}”的能力点"),
                    "请核对 of 的值，能力点在 framework 部分列出",
                ),
            }
        }
    }
}

fn read_capability(s: &Section<'_>) -> Capability {
    Capability {
        code: s.key("code"),
        name: s.key("name"),
        description: s.key("description"),
        dimension: s.key("dimension"),
        environment: s.key("environment"),
        source: s.source(),
        pieces: Vec::new(),
    }
}

/// A piece whose place among its siblings, and with it its code, is not known yet.
struct PieceDraft {
    name: String,
    kinds: Sourced<Vec<EvidenceKind>>,
    max_minutes: Option<Sourced<u32>>,
    max_megabytes: Option<Sourced<u32>>,
    guide: Option<Sourced<String>>,
    pass: Sourced<Vec<String>>,
    excellent: Sourced<Vec<String>>,
    source: Source,
}

impl PieceDraft {
    fn read(s: &Section<'_>) -> Self {
        Self {
            name: s.key("name"),
            kinds: s.words("kinds", &EvidenceKind::WORDS),
            max_minutes: s.optional_count("max_minutes"),
            max_megabytes: s.optional_count("max_megabytes"),
            guide: s.optional_text("guide"),
            pass: s.texts("pass"),
            excellent: s.texts("excellent"),
            source: s.source(),
        }
    }

    fn into_piece(self, key: String) -> Piece {
        Piece {
            name: self.name,
            kinds: self.kinds,
            max_minutes: self.max_minutes,
            max_megabytes: self.max_megabytes,
            guide: self.guide,
            criteria: Criterion::numbered(&key, &self.pass, &self.excellent),
            source: self.source,
            key,
        }
    }
}
