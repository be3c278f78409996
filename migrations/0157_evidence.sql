-- owner: assessment/evidence
-- Where a document's text names its author, or the author's school, in words such as 页眉; empty where it does not,
-- and for files that came before this was looked for.
alter table evidence_item add column author_at {text} not null default '';
alter table evidence_item add column school_at {text} not null default '';
