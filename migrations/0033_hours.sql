-- owner: training/hours
-- An entry is taken back at most once, whether a person does it or its source withdraws it.
create unique index hour_entry_reversed on hour_entry (programme, reverses) where reverses is not null;
