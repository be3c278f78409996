-- owner: policy/scheme
-- What the policy is: the run of the project in a territory, and the versions of its rules.

-- One run of the improvement project (工程) for the territory of one node.
create table programme (
    id {id} primary key,
    node {id} not null,
    path {text} not null,               -- the node's, so that the nearest programme of a place is found
    code {text} not null,               -- of its scheme
    title {text} not null,
    scheme_version {id} not null,       -- the version in force
    year_from {int} not null,
    year_until {int} not null,
    created_at {int} not null,
    closed_at {int},                    -- a run that has ended; its teachers keep what they earned
    unique (node, code)
){strict};
create index programme_path on programme (path);

-- A version of a programme's rules. Its text never changes; results say which one judged them.
create table scheme_version (
    id {id} primary key,
    programme {id} not null,
    code {text} not null,
    version {text} not null,
    digest {text} not null,             -- SHA-256 of the files
    files {text} not null,              -- JSON: pairs of a file's name and its text
    state {text} not null,              -- draft, in_force, superseded, withdrawn
    note {text} not null,               -- why there is a new version
    created_at {int} not null,
    created_by {id},                    -- account; null for what the installation brought along
    in_force_at {int},
    superseded_at {int},
    unique (programme, digest)
){strict};
create index scheme_version_state on scheme_version (programme, state, created_at);

-- A trial computation (换规试算): who would change if a draft were put into force.
create table scheme_trial (
    id {id} primary key,
    programme {id} not null,
    version {id} not null,              -- the draft
    base {id} not null,                 -- the version in force that it is compared with
    job {id},
    asked_at {int} not null,
    asked_by {id},
    cursor {id},                        -- the last person looked at, where a new worker goes on
    teachers {int} not null,            -- looked at so far
    gaining {int} not null,             -- would have met everything looked at, and had not
    losing {int} not null,              -- had met it, and would not any more
    other {int} not null,               -- another change
    done_at {int}
){strict};
create index scheme_trial_version on scheme_trial (version, asked_at);

-- A teacher who would change.
create table scheme_trial_change (
    trial {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school
    kind {text} not null,               -- gaining, losing, other
    was {text} not null,                -- in a sentence
    becomes {text} not null,
    primary key (trial, person)
){clustered};
