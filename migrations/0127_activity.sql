-- owner: training/activity
-- Whether a school has planned or held anything.
create index activity_school on activity (programme, school) where state <> 'cancelled';
