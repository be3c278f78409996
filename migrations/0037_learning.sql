-- owner: training/learning
-- What platforms say about learning: who, what, when; and the hours that follow.

-- An account on a platform, and the teacher behind it once that is known.
create table learner (
    programme {id} not null,
    platform {id} not null,
    id {id} not null,
    home {text} not null,               -- who gave the account its name: the platform, or this system
    account {text} not null,            -- the name of the account there
    name {text} not null,               -- of the person, as the platform says
    school {text} not null,             -- as the platform says
    path {text} not null,               -- whose clerks look for the teacher
    person {id},
    state {text} not null,              -- unmatched, matched, dismissed
    records {int} not null,             -- that have come
    first_at {int} not null,
    last_at {int} not null,
    decided_at {int},
    decided_by {id},                    -- account
    decision {text} not null,           -- why it was dismissed
    primary key (programme, platform, id),
    unique (platform, home, account)
){clustered};
create unique index learner_id on learner (id);
create index learner_person on learner (programme, person, platform);
create index learner_waiting on learner (programme, state, path, id);

-- One thing that a platform says happened. Never changed, but for being voided by the platform.
create table learning_fact (
    programme {id} not null,
    learner {id} not null,
    id {id} not null,
    platform {id} not null,
    record {text} not null,             -- the platform's own number of it
    activity {text} not null,           -- the course as the platform calls it: its address or its number
    course {id},                        -- null while the catalogue has none of it
    attempt {text} not null,            -- what keeps one try apart from the next; empty for none
    happened {text} not null,           -- started, spent, completed, passed, failed
    permille {int},                     -- the scaled score in thousandths
    spent {int} not null,               -- seconds; 0 where not said
    at {int} not null,                  -- when, by the platform's clock
    received_at {int} not null,
    channel {text} not null,            -- how it came: xapi, lti, api
    voided_at {int},
    primary key (programme, learner, id),
    unique (platform, record)
){clustered};
create index learning_fact_course on learning_fact (programme, learner, course, at);
create index learning_fact_unknown on learning_fact (platform, activity) where course is null;
create index learning_fact_of_course on learning_fact (course, learner);

-- Records that a platform took back before they had come.
create table learning_void (
    platform {id} not null,
    record {text} not null,
    at {int} not null,
    primary key (platform, record)
){clustered};

-- What followed for the ledger: one line of it, by its number there. All accounts of a teacher on one
-- platform are one.
create table learning_credit (
    programme {id} not null,
    person {id} not null,
    course {id} not null,
    number {text} not null,             -- the source's number in the ledger
    revision {int} not null,            -- of the terms it was credited by
    seconds {int} not null,
    worked_on {text} not null,
    logged_at {int} not null,
    primary key (programme, person, course, number)
){clustered};
