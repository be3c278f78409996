-- owner: training/hours
-- Days for which more than their 24 hours are reported: what waits because of one, and what somebody has believed.

alter table hour_report add column long_day {bool} not null default false;  -- with it the day holds more than 24 hours
update hour_report set long_day = true where why like '当天已入账%超过 24 小时';

-- Entries with which a day holds more than its 24 hours; the reason and the moment stand in the entry.
create table hour_long_day (
    programme {id} not null,
    person {id} not null,
    entry {id} not null,
    office {text} not null,             -- the name, at that time, of the node for which somebody believed it; empty where it is not known
    primary key (programme, person, entry)
){clustered};
insert into hour_long_day (programme, person, entry, office)
    select programme, person, entry, '' from hour_report
    where long_day and state = 'entered' and person is not null and entry is not null;
