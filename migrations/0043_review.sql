-- owner: assessment/review
-- Every result of a teacher for a capability, those that no longer stand among them.
create index result_person on result (programme, person, capability);
