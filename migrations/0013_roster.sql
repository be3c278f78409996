-- owner: registry/roster
-- Files that clerks bring: each run from upload to receipt, what was found in the file, what it
-- would change, and what it changed, so that it can be undone.

create table roster_run (
    id {id} primary key,
    kind {text} not null,               -- schools, teachers, roles, or a kind of a higher room
    path {text} not null,               -- of the node at which the clerk acts
    state {text} not null,              -- checking unreadable wrong ready taking taken dropped undoing undone
    file_name {text} not null,
    digest {text} not null,             -- SHA-256; the file itself is kept under it
    size {int} not null,
    clerk {text} not null,              -- the member as JSON: jobs act in this name
    brought_at {int} not null,
    checked_at {int},
    confirmed_at {int},
    taken_at {int},
    undone_at {int},
    tally {text} not null,              -- counts as JSON
    choices {text} not null,            -- decisions for the file as a whole, as JSON
    note {text} not null,               -- why it cannot go on, for the clerk
    version {int} not null
){strict};
create index roster_run_path on roster_run (path, id);

-- What was found wrong or worth a question. Line 0 is the file as a whole.
create table roster_finding (
    run {id} not null references roster_run (id),
    seq {int} not null,
    line {int} not null,                -- as the spreadsheet counts, from 1
    place {int},                        -- of the column in the sheet, from 0
    field {text} not null,              -- heading of the column
    weight {text} not null,             -- error question warning
    message {text} not null,
    answer {bool},                      -- of a question: whether the row is taken
    primary key (run, seq)
){clustered};
create index roster_finding_weight on roster_finding (run, weight, seq);

-- What the file would change.
create table roster_difference (
    run {id} not null references roster_run (id),
    seq {int} not null,
    line {int} not null,
    what {text} not null,               -- new changed moved gone waiting
    subject {text} not null,
    place {text} not null,
    fields {text} not null,             -- [{field, old, new}], personal data masked
    primary key (run, seq)
){clustered};
create index roster_difference_what on roster_difference (run, what, seq);

-- What taking the file changed, in order.
create table roster_trace (
    run {id} not null references roster_run (id),
    seq {int} not null,
    thing {text} not null,              -- a word of the kind: node school person post account grant …
    subject {id} not null,
    before {text} not null,             -- what it was, as JSON; empty when it is new
    primary key (run, seq)
){clustered};
create index roster_trace_thing on roster_trace (run, thing, seq);
