-- owner: training/hours
-- The ledger of hours (学时台账): written once, never changed, taken back by a further entry.

-- A line of the ledger.
create table hour_entry (
    programme {id} not null,
    person {id} not null,
    id {id} not null,
    category {text} not null,           -- code of the scheme, e.g. online, practice
    kind {text} not null,               -- code within the category; empty where the scheme has none
    seconds {int} not null,             -- worked; negative in a reversal
    hour_length {int} not null,         -- minutes of one 学时 as the source counts
    worked_on {text} not null,          -- decides the year
    title {text} not null,              -- the course or activity, as the source calls it
    source {text} not null,             -- who reports: the name of a platform, of a room of this system, or of the reversal itself
    source_id {text} not null,          -- the source's own number of the report
    revision {int} not null,            -- 1; more where a person took the newer of two reports of one number
    received_at {int} not null,
    actor {id},                         -- the account that brought it in
    reason {text} not null,             -- of a reversal or a decision; else empty
    reverses {id},                      -- the entry that this one takes back
    primary key (programme, person, id),
    unique (programme, source, source_id, revision)
){clustered};
create index hour_entry_id on hour_entry (id);
-- An entry is taken back at most once, whether a person does it or its source withdraws it.
create unique index hour_entry_reversed on hour_entry (programme, reverses) where reverses is not null;

-- Sums of a teacher's entries, kept in the transaction of the entry itself.
create table hour_total (
    programme {id} not null,
    person {id} not null,
    category {text} not null,
    kind {text} not null,
    seconds {int} not null,
    entries {int} not null,             -- how many lines the sum is of
    primary key (programme, person, category, kind)
){clustered};

-- A report that could not be entered by itself: it waits for a person, and is kept afterwards.
create table hour_report (
    programme {id} not null,
    id {id} not null,
    state {text} not null,              -- parked, held, conflict; then entered, dismissed, refused, kept, withdrawn
    path {text} not null,               -- whose clerks see it: the teacher's school, or whoever sent it
    source {text} not null,
    source_id {text} not null,
    digest {text} not null,             -- of what it says, so that the same report is one row
    person {id},                        -- the teacher, once known
    name {text} not null,               -- as reported
    paper_masked {text} not null,
    school {text} not null,             -- as reported
    category {text} not null,
    kind {text} not null,
    seconds {int} not null,
    hour_length {int} not null,
    worked_on {text} not null,
    title {text} not null,
    why {text} not null,                -- why it waits, in a sentence
    against {id},                       -- the entry that says otherwise, of a conflict
    received_at {int} not null,
    actor {id},
    decided_at {int},
    decided_by {id},
    decision {text} not null,           -- the reason given
    entry {id},                         -- the entry it became
    primary key (programme, id),
    unique (programme, source, source_id, digest)
){strict};
create index hour_report_waiting on hour_report (programme, state, path, id);
create index hour_report_person on hour_report (programme, person, id);
create index hour_report_name on hour_report (programme, name, id);

-- A teacher's doubt about a line, or about a line that is not there, and the answer.
create table hour_dispute (
    programme {id} not null,
    id {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school
    entry {id},                         -- the line; null when one is missing
    report {id},                        -- the report, where it is about one that waits
    title {text} not null,              -- what it is about
    text {text} not null,
    opened_at {int} not null,
    due_on {text} not null,             -- the day by which it is to be answered
    state {text} not null,              -- open, upheld, rejected, withdrawn
    answer {text} not null,
    answered_at {int},
    answered_by {id},
    primary key (programme, id)
){strict};
create index hour_dispute_inbox on hour_dispute (programme, state, path, id);
create index hour_dispute_person on hour_dispute (programme, person, id);
create unique index hour_dispute_once on hour_dispute (entry) where state = 'open';
