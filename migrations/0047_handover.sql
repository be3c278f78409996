-- owner: assessment/handover
-- Hours handed over to another system of continuing education, year by year.

-- For which years a teacher wants the hours registered.
create table handover_wish (
    programme {id} not null,
    person {id} not null,
    year {int} not null,
    seconds {int} not null,
    primary key (programme, person, year)
){clustered};

-- A file of what is new or different for one year.
create table handover_batch (
    id {id} primary key,
    programme {id} not null,
    path {text} not null,               -- of the office that asked
    year {int} not null,
    code {text} not null,               -- the beginning of its lines' numbers
    job {id} not null,
    asked_at {int} not null,
    asked_by {id},
    lines {int} not null,
    seconds {int} not null,             -- in all
    done_at {int},
    unique (programme, code)
){strict};
create index handover_batch_path on handover_batch (programme, path, asked_at);

-- A line of such a file: what was handed over then. Lines that were not refused add up to what the
-- other system has of a teacher's year.
create table handover_line (
    programme {id} not null,
    number {text} not null,
    batch {id} not null references handover_batch (id),
    person {id} not null,
    year {int} not null,
    seconds {int} not null,             -- less than nothing in a correction
    certificate {text} not null,        -- its number; empty when there is none any more
    state {text} not null,              -- sent registered refused
    note {text} not null,               -- what the receipt says
    settled_at {int},
    primary key (programme, number)
){clustered};
create index handover_line_person on handover_line (programme, person, year, state);
create index handover_line_batch on handover_line (batch, number);

-- Whose turn it is to find out what is new: two files at once would both take up the same hours.
create table handover_turn (
    programme {id} primary key,
    at {int} not null
){clustered};
