-- owner: training/hours
-- In which way an hour came, and where the hours of one source are found.

alter table hour_entry add column channel {text} not null default 'own';
alter table hour_report add column channel {text} not null default 'file';
-- Under which the paper of a report would be found, so that whoever decides sees whose it is.
alter table hour_report add column paper_key {bytes};
create index hour_entry_source on hour_entry (programme, source, worked_on, id);
