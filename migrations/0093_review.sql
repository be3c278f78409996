-- owner: assessment/review
-- Objections to a level that is on notice (公示异议). While one is open the level does not come into force.
create table objection (
    programme {id} not null,
    id {id} not null,
    submission {id} not null,
    body {id} not null,                 -- the node whose panel decided
    path {text} not null,               -- of that node
    person {id} not null,               -- who objects
    level {text} not null,              -- what was decided
    text {text} not null,
    opened_at {int} not null,
    due_on {text} not null,             -- the day by which it is to be answered
    state {text} not null,              -- open, upheld, rejected, withdrawn
    answer {text} not null,
    answered_at {int},
    answered_by {id},                   -- account
    primary key (programme, id)
){clustered};
create unique index objection_once on objection (programme, submission, person) where state = 'open';
create index objection_submission on objection (programme, submission);
create index objection_person on objection (programme, person);
create index objection_open on objection (programme, path) where state = 'open';
