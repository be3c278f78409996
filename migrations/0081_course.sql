-- owner: training/course
-- When a course was written last: other systems ask for what has changed since.

alter table course add column changed_at {int} not null default 0;  -- 0: as it was before this was kept
