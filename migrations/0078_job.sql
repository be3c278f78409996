-- owner: platform
-- Jobs that ask other systems have a lane of their own, and a job that is part of another names it.
alter table job add column lane {int} not null default 0;    -- 0 background, 1 awaited, 2 outbound
alter table job add column part_of {id};
update job set lane = 1 where awaited;
drop index job_due;
alter table job drop column awaited;
create index job_due on job (lane, run_at, id) where done_at is null;
