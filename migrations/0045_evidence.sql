-- owner: assessment/evidence
-- What waits before the panels is counted on the first page of every office.
create index submission_panel on submission (programme, path) where state = 'panel' and superseded_by is null;
