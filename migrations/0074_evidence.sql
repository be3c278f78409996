-- owner: assessment/evidence
-- Works before the panels are counted from the index alone, also where a province has a hundred thousand of them.
drop index submission_panel;
create index submission_panel on submission (programme, path, state, superseded_by)
    where state = 'panel' and superseded_by is null;
