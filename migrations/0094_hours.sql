-- owner: training/hours
-- What a teacher hands in with a dispute, and what was done about one that was upheld.

-- A dispute that was upheld is to be mended (state mending) until lines of the ledger say how.
alter table hour_dispute add column mended_at {int};
alter table hour_dispute add column mended_by {id};       -- account
create unique index hour_dispute_going on hour_dispute (entry) where state in ('open', 'mending');
drop index hour_dispute_once;

-- The lines that mended it.
create table hour_mend (
    programme {id} not null,
    dispute {id} not null,
    entry {id} not null,
    primary key (programme, dispute, entry)
){clustered};

-- A picture or document handed in with it.
create table hour_dispute_file (
    programme {id} not null,
    dispute {id} not null,
    id {id} not null,
    title {text} not null,              -- the file's name as the teacher gave it
    digest {text} not null,             -- SHA-256 of its content, also its name in the store
    content {text} not null,            -- what the bytes are, such as pdf
    size {int} not null,                -- bytes
    primary key (programme, dispute, id)
){clustered};
create index hour_dispute_file_digest on hour_dispute_file (digest);
