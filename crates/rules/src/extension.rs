//! Local capabilities (地方特色能力点) that a level above has accepted.

use crate::framework::{Capability, Criterion, EvidenceKind, Piece};
use crate::scheme::Scheme;
use crate::source::{Basis, Place, Source, Sourced};

/// A capability that a place adds to the framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalCapability {
    /// Code; begins with the scheme's prefix.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Code of its dimension.
    pub dimension: String,
    /// Code of its environment.
    pub environment: String,
    /// The pieces asked for.
    pub pieces: Vec<LocalPiece>,
    /// The decision by which it was accepted, e.g. the filing number.
    pub accepted_by: String,
}

/// A piece of evidence that a local capability asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPiece {
    /// Its name.
    pub name: String,
    /// What may be handed in.
    pub kinds: Vec<EvidenceKind>,
    /// The criteria for 合格.
    pub pass: Vec<String>,
    /// The further criteria for 优秀.
    pub excellent: Vec<String>,
}

/// Why a local capability cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// The scheme has no rule for local capabilities.
    #[error("本方案没有规定地方特色能力点")]
    NotAllowed,
    /// The code lacks the prefix.
    #[error("地方特色能力点的编号应以 {0} 开头")]
    WrongPrefix(String),
    /// The code is taken.
    #[error("编号 {0} 已被使用")]
    CodeTaken(String),
    /// No such dimension or environment.
    #[error("没有“{0}”这一维度或环境")]
    Unknown(String),
    /// Nothing to judge it by.
    #[error("能力点 {0} 没有要求证据，或证据没有合格标准")]
    NotJudgeable(String),
}

impl Scheme {
    /// The scheme with accepted local capabilities added: everything else works on as before.
    ///
    /// # Errors
    /// [`ExtensionError`] for the first capability that cannot be added.
    pub fn extended(&self, locals: &[LocalCapability]) -> Result<Self, ExtensionError> {
        let mut scheme = self.clone();
        for local in locals {
            scheme.framework.capabilities.push(scheme.accept(local)?);
        }
        Ok(scheme)
    }

    fn accept(&self, local: &LocalCapability) -> Result<Capability, ExtensionError> {
        let rule = self.framework.local.as_ref().ok_or(ExtensionError::NotAllowed)?;
        if !local.code.starts_with(rule.prefix.as_str()) {
            return Err(ExtensionError::WrongPrefix(rule.prefix.value.clone()));
        }
        if !self.framework.pieces(&local.code).is_empty() {
            return Err(ExtensionError::CodeTaken(local.code.clone()));
        }
        if self.framework.dimension(&local.dimension).is_none() {
            return Err(ExtensionError::Unknown(local.dimension.clone()));
        }
        if self.framework.environment(&local.environment).is_none() {
            return Err(ExtensionError::Unknown(local.environment.clone()));
        }
        let judgeable = !local.pieces.is_empty() && local.pieces.iter().all(|piece| !piece.pass.is_empty());
        if !judgeable {
            return Err(ExtensionError::NotJudgeable(local.code.clone()));
        }
        let basis = Basis::Text { place: local.accepted_by.clone(), quote: None };
        let source = Source { basis, at: Place::default() };
        let pieces = local.pieces.iter().enumerate();
        Ok(Capability {
            code: local.code.clone(),
            name: local.name.clone(),
            description: local.description.clone(),
            dimension: local.dimension.clone(),
            environment: local.environment.clone(),
            pieces: pieces
                .map(|(index, piece)| local_piece(&local.code, index + 1, piece, &source))
                .collect(),
            source,
        })
    }
}

fn local_piece(code: &str, ordinal: usize, piece: &LocalPiece, source: &Source) -> Piece {
    let key = format!("{code}-{ordinal}");
    let criteria =
        Criterion::numbered(&key, &accepted(&piece.pass, source), &accepted(&piece.excellent, source));
    Piece {
        name: piece.name.clone(),
        kinds: accepted(&piece.kinds, source),
        max_minutes: None,
        max_megabytes: None,
        guide: None,
        criteria,
        source: source.clone(),
        key,
    }
}

/// A value of a local capability rests on the decision by which the whole was accepted.
fn accepted<T: Clone>(value: &T, source: &Source) -> Sourced<T> {
    Sourced { value: value.clone(), source: source.clone() }
}

#[cfg(test)]
mod tests {
    use super::{ExtensionError, LocalCapability, LocalPiece};
    use crate::framework::EvidenceKind;
    use crate::samples::third_scheme;

    fn local() -> LocalCapability {
        LocalCapability {
            code: "HP1".to_owned(),
            name: "湖区课程".to_owned(),
            description: "用本地资源开课。".to_owned(),
            dimension: "teach".to_owned(),
            environment: "basic".to_owned(),
            pieces: vec![LocalPiece {
                name: "课例".to_owned(),
                kinds: vec![EvidenceKind::Document],
                pass: vec!["用到本地资源".to_owned()],
                excellent: vec!["可供他校使用".to_owned()],
            }],
            accepted_by: "备案第1号".to_owned(),
        }
    }

    #[test]
    fn an_accepted_capability_counts_like_any_other() {
        let scheme = third_scheme().extended(&[local()]).expect("it fits");
        assert_eq!(scheme.framework.label("HP1"), "HP1 湖区课程");
        assert!(scheme.check_choice(&["HP1", "P1"], &["HP1", "P1"]).is_empty());
        let piece = scheme.framework.piece("HP1-1").expect("its piece");
        assert_eq!(piece.level(&["HP1-1-p1"]).chinese(), "合格");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let scheme = third_scheme();
        let refused = |change: fn(&mut LocalCapability)| {
            let mut capability = local();
            change(&mut capability);
            scheme.extended(&[capability]).err()
        };
        assert_eq!(refused(|c| c.code = "T9".to_owned()), Some(ExtensionError::WrongPrefix("HP".to_owned())));
        assert_eq!(
            refused(|c| c.dimension = "rest".to_owned()),
            Some(ExtensionError::Unknown("rest".to_owned()))
        );
        assert_eq!(refused(|c| c.pieces.clear()), Some(ExtensionError::NotJudgeable("HP1".to_owned())));
        assert_eq!(
            scheme.extended(&[local(), local()]).err(),
            Some(ExtensionError::CodeTaken("HP1".to_owned()))
        );
    }
}
