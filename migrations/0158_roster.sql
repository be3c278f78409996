-- owner: registry/roster
-- What a file has made of a row, in short: whether something else has become of it since is asked before the file is
-- undone. Empty in what was taken before this was kept, and where nothing can become of it.

alter table roster_trace add column made {text} not null default '';
