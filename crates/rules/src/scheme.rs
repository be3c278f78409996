//! The scheme as a whole, read from its files.

use std::cell::RefCell;

use sha2::{Digest, Sha256};

use crate::assessment::AssessmentRule;
use crate::certificate::CertificateRule;
use crate::certification::CertificationRule;
use crate::check;
use crate::choice::{ChoiceRule, OfferRule};
use crate::framework::Framework;
use crate::handover::HandoverRule;
use crate::hours::HoursRule;
use crate::plan::{
    Counter, DocumentOwed, FundRule, Indicator, Provision, Register, Responsibility, TalentProgramme, Target,
    TeamRule, Template,
};
use crate::problem::Problem;
use crate::reader::{SchemeFile, Section};
use crate::slips;
use crate::territory::{Identity, Note, Phase, Tier, TierKey};

/// The rules that one territory runs its programme by.
///
/// Made only by [`Scheme::from_files`], which refuses what contradicts itself or the national
/// floor; never changed afterwards, so it is shared freely.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// What it is, where and when it holds.
    pub identity: Identity,
    /// The levels of the tree that the territory uses, from the top.
    pub tiers: Vec<Tier>,
    /// The hours asked for.
    pub hours: HoursRule,
    /// Capabilities and their evidence.
    pub framework: Framework,
    /// What a school must offer.
    pub offer: OfferRule,
    /// What a teacher must choose.
    pub choice: ChoiceRule,
    /// How evidence is judged.
    pub assessment: AssessmentRule,
    /// When everything is met.
    pub certification: CertificationRule,
    /// The certificate.
    pub certificate: CertificateRule,
    /// How hours are handed over to another system; they are not where the scheme says nothing.
    pub handover: Option<HandoverRule>,
    /// Shares to be reached.
    pub targets: Vec<Target>,
    /// Numbers to be reached.
    pub counters: Vec<Counter>,
    /// Phases in order.
    pub phases: Vec<Phase>,
    /// Teams that every school has.
    pub teams: Vec<TeamRule>,
    /// Training programmes of the territory's own.
    pub programmes: Vec<TalentProgramme>,
    /// Documents that a level owes.
    pub documents: Vec<DocumentOwed>,
    /// Headings of those documents.
    pub templates: Vec<Template>,
    /// Lists handed in on forms.
    pub registers: Vec<Register>,
    /// Funds and what they are for.
    pub funds: Vec<FundRule>,
    /// Who answers for what.
    pub responsibilities: Vec<Responsibility>,
    /// The score of whole-school improvement.
    pub indicators: Vec<Indicator>,
    /// Other sentences of the plan that people act by.
    pub provisions: Vec<Provision>,
    /// Remarks on the official text.
    pub notes: Vec<Note>,
    digest: String,
}

impl Scheme {
    /// Reads a scheme from its files, given as names and texts. Which part stands in which file
    /// is free; each part stands in one.
    ///
    /// # Errors
    /// Every mistake found, in the order of the files: what TOML cannot read, unknown or missing
    /// keys, values without a source, contradictions, rules below the national floor.
    pub fn from_files<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Result<Self, Vec<Problem>> {
        let problems = RefCell::new(Vec::new());
        let mut tables = Vec::with_capacity(files.len());
        for (name, text) in files {
            let file = SchemeFile::new(name.as_ref(), text.as_ref());
            let (table, errors) = toml::de::DeTable::parse_recoverable(text.as_ref());
            let mut line = 0;
            for error in errors {
                let start = error.span().map_or(0, |span| span.start);
                let place = file.place(start);
                // What follows on the same line comes of the first mistake in it.
                if place.line == std::mem::replace(&mut line, place.line) {
                    continue;
                }
                let right = slips::mend(text.as_ref(), start, error.message());
                let wrong = format!("不是正确的 TOML：{}", error.message());
                problems.borrow_mut().push(Problem::at(&place, wrong, right));
            }
            tables.push((file, table.into_inner()));
        }
        if !problems.borrow().is_empty() {
            // What stands behind an unreadable line is unknown: nothing else is worth saying yet.
            return Err(problems.into_inner());
        }
        let mut scheme = {
            let root = Section::root(&tables, &problems);
            let scheme = Self::read(&root);
            root.finish();
            scheme
        };
        scheme.digest = digest(files);
        let mut problems = problems.into_inner();
        if problems.is_empty() {
            problems = check::check(&scheme);
        }
        problems.sort();
        problems.dedup();
        if problems.is_empty() { Ok(scheme) } else { Err(problems) }
    }

    fn read(root: &Section<'_>) -> Self {
        let mut framework = root.section("framework", Framework::read);
        framework = root.section("evidence", |evidence| {
            let mut with_evidence = framework.clone();
            with_evidence.read_evidence(evidence);
            with_evidence
        });
        let hours = root.section("hours", HoursRule::read);
        let length = *hours.length;
        Self {
            identity: root.section("scheme", Identity::read),
            tiers: root.sections("tier", Tier::read),
            hours,
            framework,
            offer: root.section("offer", OfferRule::read),
            choice: root.section("choice", ChoiceRule::read),
            assessment: root.section("assessment", AssessmentRule::read),
            certification: root.section("certification", CertificationRule::read),
            certificate: root.section("certificate", CertificateRule::read),
            handover: root.optional_section("handover", |s| HandoverRule::read(s, length)),
            targets: root.sections("target", Target::read),
            counters: root.sections("counter", Counter::read),
            phases: root.sections("phase", Phase::read),
            teams: root.sections("team", TeamRule::read),
            programmes: root.sections("programme", TalentProgramme::read),
            documents: root.sections("document", DocumentOwed::read),
            templates: root.sections("template", Template::read),
            registers: root.sections("register", Register::read),
            funds: root.sections("fund", FundRule::read),
            responsibilities: root.sections("responsibility", Responsibility::read),
            indicators: root.sections("indicator", Indicator::read),
            provisions: root.sections("provision", Provision::read),
            notes: root.sections("note", Note::read),
            digest: String::new(),
        }
    }

    /// The short code of the scheme, e.g. the name of its directory.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.identity.code
    }

    /// The version of the rules.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.identity.version
    }

    /// SHA-256 of the files in hexadecimal: the same for the same rules, whatever the order of
    /// the files or the line ends of the editor.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The level of that key, if the territory uses it.
    #[must_use]
    pub fn tier(&self, key: TierKey) -> Option<&Tier> {
        self.tiers.iter().find(|tier| tier.key == key)
    }

    /// The team rule of that code.
    #[must_use]
    pub fn team(&self, key: &str) -> Option<&TeamRule> {
        self.teams.iter().find(|team| team.key == key)
    }
}

fn digest<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> String {
    let mut sorted: Vec<(&str, String)> =
        files.iter().map(|(name, text)| (name.as_ref(), text.as_ref().replace("\r\n", "\n"))).collect();
    sorted.sort();
    let mut hasher = Sha256::new();
    for (name, text) in sorted {
        hasher.update((name.len() as u64).to_be_bytes());
        hasher.update(name);
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    hex::encode(hasher.finalize())
}
