-- owner: policy/scheme
-- A version may wait for the day on which it comes into force.
alter table scheme_version add column due_at {int};        -- the start of the day that was chosen; kept afterwards
alter table scheme_version add column called_off {text};   -- why it was taken back from its day
-- At most one version waits; whoever takes this place or ends it changes this row, so that two never do it at once.
alter table programme add column waiting {id};
