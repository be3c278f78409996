-- owner: registry/roster
-- What the list of runs is put in the order of and searched by, beside the JSON that says it as well.

alter table roster_run add column row_count {int} not null default 0;    -- rows with something in them
alter table roster_run add column clerk_key {text} not null default '';  -- the place of the clerk's name in a list
alter table roster_run add column clerk_words {text} not null default '';  -- the name, its pinyin, its initials

-- The tally begins with the word rows and its figure; the name of the clerk stands behind two identifiers of 36
-- characters and ends where the role begins. The engines have no function on JSON in common.
update roster_run set row_count = cast('0' || substr(tally, 9, length(substr(tally, 9)) - length(ltrim(substr(tally, 9), '0123456789'))) as {int});
update roster_run set clerk_words = coalesce((
    with recursive n (i) as (select 107 union all select i + 1 from n where i < 300)
    select substr(clerk, 107, min(i) - 107) from n where substr(clerk, i, 8) = '","role"'), '');
update roster_run set clerk_key = coalesce(
    (select min(p.sort_key) from person p where p.name = roster_run.clerk_words), clerk_words);
update roster_run set clerk_words = coalesce(
    (select min(p.name || ' ' || p.pinyin || ' ' || p.initials) from person p where p.name = roster_run.clerk_words), clerk_words);
