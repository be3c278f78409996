-- owner: registry/people
-- When what other systems are told of people and posts was written last: they ask for what has changed since.

alter table person add column changed_at {int} not null default 0;  -- 0: as it was taken on
alter table post add column changed_at {int} not null default 0;    -- 0: as it was before this was kept
