-- owner: assessment/review
-- Where whoever answered an objection stood: what an office above has answered is taken further than that office.
alter table objection add column answered_path {text} not null default '';
