-- owner: assessment/review
-- By which file of teachers a seat in a panel ended with its holder's leaving: it is given back when the file is
-- undone. Empty where somebody has taken it, and in what ended before this was kept.

alter table panel_member add column ended_by {id};
create index panel_member_ended_by on panel_member (ended_by) where ended_by is not null;
