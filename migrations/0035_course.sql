-- owner: training/course
-- The catalogue of courses (课程目录): what is learnt where, and how it counts.

create table course (
    id {id} primary key,
    programme {id} not null,
    platform {id} not null,             -- where it is learnt
    code {text} not null,               -- the platform's own number, one course of the platform
    title {text} not null,
    source {text} not null,             -- mooc, own, case, bought
    stages {text} not null,             -- 02,03 ; empty for all
    subjects {text} not null,           -- 语文,数学 ; empty for all
    summary {text} not null,
    href {text} not null,               -- where it is learnt; empty where it is only launched as a tool
    revision {int},                     -- of the terms in force; null until some were approved
    state {text} not null,              -- submitted (no terms in force yet), offered, retired
    entered_at {int} not null,
    version {int} not null,
    unique (programme, platform, code)
){strict};
create index course_list on course (programme, state, title, id);
create index course_of_platform on course (platform, title, id);

-- How a course counts. What was approved is never changed; other terms are another revision.
create table course_terms (
    course {id} not null,
    revision {int} not null,
    seconds {int} not null,             -- what it is worth
    hour_length {int} not null,         -- minutes of one 学时 in which that was stated
    material_seconds {int} not null,    -- how long its material lasts; 0 where unknown
    category {text} not null,
    kind {text} not null,
    counts {text} not null,             -- completed, passed, time
    pass_permille {int},                -- the least scaled score, where passing asks for one
    state {text} not null,              -- submitted, approved, returned, superseded
    submitted_at {int} not null,
    submitted_by {id},                  -- account
    decided_at {int},
    decided_by {id},
    decision {text} not null,           -- why it was returned
    primary key (course, revision)
){clustered};
create index course_terms_open on course_terms (state, submitted_at, course);

-- What a course teaches.
create table course_capability (
    course {id} not null,
    capability {text} not null,         -- code of the scheme
    primary key (course, capability)
){clustered};
create index course_of_capability on course_capability (capability, course);

-- By which addresses a platform speaks of it.
create table course_activity (
    platform {id} not null,
    iri {text} not null,
    course {id} not null,
    primary key (platform, iri)
){clustered};
create index course_activity_of on course_activity (course);
