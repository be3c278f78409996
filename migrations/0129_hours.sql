-- owner: training/hours
-- The desks of a city or more walk their rows in each order: as they came, by the day of the work, by its hours, by the day an answer is due.
create index hour_report_received on hour_report (programme, state, id, path);
create index hour_report_day on hour_report (programme, state, worked_on, id, path);
create index hour_report_seconds on hour_report (programme, state, seconds, id, path);
create index hour_dispute_opened on hour_dispute (programme, state, id, path);
create index hour_dispute_due on hour_dispute (programme, state, due_on, id, path);
