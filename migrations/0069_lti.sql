-- owner: gateway/lti
-- What came of tools: courses chosen there, who has opened them, columns of scores and scores.

-- Somebody choosing courses in a tool, and what the tool gave back.
create table lti_pick (
    id {id} primary key,
    data {bytes} not null unique,       -- SHA-256 of what the tool gives back with its answer
    tool {id} not null,
    account {id} not null,
    items {text} not null,              -- JSON; empty until the answer has come
    expires_at {int} not null
){clustered};
create index lti_pick_expiry on lti_pick (expires_at);

-- What a course opens in the tool, where it was chosen there.
create table lti_link (
    course {id} primary key,
    tool {id} not null,
    target {text} not null,             -- empty: what the tool opens otherwise
    custom {text} not null              -- parameters of the tool, JSON
){clustered};

-- The teachers who have opened a course in the tool.
create table lti_member (
    course {id} not null,
    account {text} not null,            -- as we name the teacher to the platform
    person {id} not null,
    first_at {int} not null,
    last_at {int} not null,
    primary key (course, account)
){clustered};

-- A column of scores (line item) of a course.
create table lti_line (
    course {id} not null,
    id {id} not null,
    label {text} not null,
    most {real} not null,               -- the highest score
    resource {text} not null,           -- the tool's own name for what is scored; empty for none
    tag {text} not null,
    counts {bool} not null,             -- bound to the link of the course: its scores lead to hours
    declared {bool} not null,           -- made with the course, and stays as long
    starts {text} not null,             -- as the tool said it; empty for nothing
    ends {text} not null,
    primary key (course, id)
){clustered};

-- The last score of a teacher in a column.
create table lti_score (
    line {id} not null,
    account {text} not null,
    at {int} not null,                  -- by the tool's clock
    record {text} not null,             -- the number under which learning knows of it
    likeness {bytes} not null,          -- SHA-256 of what it says
    given {real},
    most {real},
    activity {text} not null,           -- activityProgress
    grading {text} not null,            -- gradingProgress
    comment {text} not null,
    received_at {int} not null,
    primary key (line, account)
){clustered};
