-- owner: training/activity
-- What waits for approval, for first pages and the lists of offices.
create index activity_submitted on activity (programme, path) where state = 'submitted';
