-- owner: gateway/lrs
-- What learning platforms sent to the record store and was refused, there or for hours: one row for each reason
-- of a day, however much a broken sender sends.
create table lrs_refused (
    platform {id} not null,
    day {text} not null,
    reason {text} not null,             -- a code of few
    times {int} not null,
    sample {text} not null,             -- what was wrong with the last one, without what it says of anybody
    first_at {int} not null,
    last_at {int} not null,
    primary key (platform, day, reason)
){clustered};
