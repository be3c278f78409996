-- owner: training/reconciliation
-- The list of months costs what it shows: what stands in the ledger for a month, and what a statement comes to,
-- are kept.

-- What stands in the ledger of a platform for a month of work. What has changed since is counted when a job comes to it.
create table month_ledger (
    programme {id} not null,
    platform {id} not null,
    month {text} not null,
    records {int} not null,
    seconds {int} not null,
    latest {int},                       -- when the last of them came
    marked {int} not null,              -- how often something of the month has changed
    counted {int} not null,             -- up to which of these changes the figures are counted
    primary key (programme, platform, month)
){clustered};

-- What the statement that stands comes to.
alter table month_sheet add column stated_records {int} not null default 0;
alter table month_sheet add column stated_seconds {int} not null default 0;
update month_sheet set
    stated_records = (select count(*) from month_line l where l.platform = month_sheet.platform
        and l.month = month_sheet.month and l.revision = month_sheet.revision),
    stated_seconds = (select coalesce(cast(sum(l.seconds) as bigint), 0) from month_line l
        where l.platform = month_sheet.platform and l.month = month_sheet.month and l.revision = month_sheet.revision);

-- What is there already is counted by a job.
insert into outbox (id, topic, payload, at)
    select id, 'reconciliation.widened', '{}', 0 from account where exists (select 1 from programme) order by id limit 1;
