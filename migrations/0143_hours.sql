-- owner: training/hours
-- Reports that wait are found by their source, and by what they name; what came of a source today is found
-- by its arrival.

-- Under which the phone of a report would be found, as the paper is.
alter table hour_report add column phone_key {bytes};
create index hour_report_open on hour_report (programme, source, id, state, path, worked_on, paper_key, phone_key)
    where state in ('parked', 'held', 'conflict');
create index hour_entry_arrived on hour_entry (programme, source, received_at);
