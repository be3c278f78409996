-- owner: assessment/evidence
-- How many rows a condition on this expression leaves, docs/decisions/0025.

{estimated:submission_path on (path || '') from submission}
