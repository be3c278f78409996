-- owner: training/activity
-- School-based activities (校本研修活动) and who was there.

create table activity (
    id {id} primary key,
    programme {id} not null,
    school {id} not null,               -- the school that holds it
    path {text} not null,
    audience {text} not null,           -- path of the node whose teachers may attend
    form {text} not null,               -- research, workshop, open_lesson, visit
    title {text} not null,
    content {text} not null,
    place {text} not null,
    host {text} not null,
    begins_at {int} not null,
    ends_at {int} not null,
    category {text} not null,           -- where its hours are booked
    kind {text} not null,
    seconds {int} not null,             -- what it earns each who attended
    state {text} not null,              -- planned, open, closed, submitted, approved, cancelled
    code {text} not null,               -- shown in the room while open; empty otherwise
    record {text} not null,             -- the minutes (活动纪要)
    planned_by {id} not null,           -- person
    created_at {int} not null,
    submitted_at {int},
    approved_at {int},
    approved_by {id},                   -- person
    approvals {int} not null,           -- how often it was approved: part of the ledger's source id
    decision {text} not null,           -- why it was returned or its approval withdrawn
    version {int} not null
){strict};
create index activity_of_school on activity (programme, path, begins_at, id);
create index activity_code on activity (programme, code) where state = 'open';

create table attendance (
    activity {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school that day
    signed_at {int} not null,
    manner {text} not null,             -- code, listed
    listed_by {id},                     -- account, where somebody entered it by hand
    reason {text} not null,             -- why it was entered by hand
    struck_at {int},                    -- taken off the list again
    primary key (activity, person)
){clustered};
create index attendance_person on attendance (person, activity);

-- Wrong sign-in codes, so that a code cannot be found by trying.
create table attendance_miss (
    person {id} primary key,
    misses {int} not null,
    since {int} not null
){clustered};
