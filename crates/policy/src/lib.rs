//! What the policy is: schemes in force, targets
