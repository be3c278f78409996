-- owner: platform
-- How somebody came in, where it was not by password: whoever let them in may also end it.
alter table session add column via {text};
create index session_via on session (via) where via is not null;
