-- owner: assessment/review
-- Judging what was handed in: panels, reviews, decisions, results.

-- Who judges for a school or an office (考核小组).
create table panel_member (
    programme {id} not null,
    id {id} not null,
    node {id} not null,
    path {text} not null,               -- of the node
    person {id} not null,
    chair {bool} not null,
    since {int} not null,
    until {int},
    appointed_by {id},                  -- account
    primary key (programme, id)
){clustered};
create unique index panel_member_open on panel_member (programme, node, person) where until is null;
create index panel_member_path on panel_member (programme, path) where until is null;

-- The seed by which the reviewers of a step are drawn: whoever knows it can draw again.
create table review_draw (
    programme {id} not null,
    submission {id} not null,
    step {text} not null,
    seed {text} not null,               -- 64 hexadecimal digits
    drawn_at {int} not null,
    primary key (programme, submission, step)
){clustered};

-- A submission in the hands of one reviewer, and what came of it.
create table review (
    programme {id} not null,
    id {id} not null,
    submission {id} not null,
    step {text} not null,               -- key of the scheme's step
    duty {text} not null,               -- self, peer, panel, chair
    reviewer {id} not null,             -- person
    pool {text} not null,               -- where the reviewer was drawn from
    body {id},                          -- the node whose panel the reviewer sits in
    blind {bool} not null,
    state {text} not null,              -- open, done, lapsed, void
    drawn_at {int} not null,
    due_on {text},
    lapses_at {int},
    done_at {int},
    level {text},
    marks {text} not null,              -- JSON: for each piece the criteria that hold, level, reason
    remark {text} not null,             -- about the whole
    primary key (programme, id)
){clustered};
create index review_queue on review (programme, reviewer, state, drawn_at);
create index review_submission on review (programme, submission, step);
create unique index review_once on review (programme, submission, step, reviewer, duty)
    where state in ('open', 'done');

-- What a deciding step came to.
create table decision (
    programme {id} not null,
    submission {id} not null,
    step {text} not null,
    level {text} not null,
    way {text} not null,                -- agreed, chair, rule
    explanation {text} not null,
    decided_at {int} not null,
    notice_until {text},                -- the last day of the notice
    primary key (programme, submission, step)
){clustered};

-- The level that stands for a teacher and capability, with the rules it was judged by.
create table result (
    programme {id} not null,
    id {id} not null,
    person {id} not null,
    capability {text} not null,
    submission {id} not null,
    level {text} not null,
    final_at {int} not null,
    scheme_version {id} not null,
    explanation {text} not null,
    superseded_by {id},
    primary key (programme, id)
){clustered};
create unique index result_current on result (programme, person, capability) where superseded_by is null;
create index result_person on result (programme, person, capability);
