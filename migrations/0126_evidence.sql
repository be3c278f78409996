-- owner: assessment/evidence
-- The works of a school are counted by state and level from the index alone; those of a level are listed in the order of the roll.
create index submission_school on submission (programme, school, state, level) where superseded_by is null;
create index submission_level on submission (programme, level, sort_key, id, path, capability, state_since)
    where superseded_by is null and level is not null;
-- Those of a state by how long they have been in it.
create index submission_since on submission (programme, state, state_since, id, path, capability)
    where superseded_by is null;
