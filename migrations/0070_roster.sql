-- owner: registry/roster
-- Where a file comes from, such as a learning platform that has titles of its own.
alter table roster_run add column origin {text} not null default '';  -- as JSON; empty for our own template
