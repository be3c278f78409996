-- owner: training/hours
-- Which files of hours say an entry or a waiting report, so that undoing one of two files that say
-- the same takes nothing back.
create table hour_said (
    programme {id} not null,
    thing {id} not null,                -- the entry, or the report that waits or waited
    run {id} not null,                  -- the file
    primary key (programme, thing, run)
){clustered};
