-- owner: training/selection
-- Requests that were ended when it was an office's to decide them: an office lists those, school by school, by an index of
-- their own.

alter table choice_change add column above {int} not null default 0;    -- 1: it was an office's above the school when it ended

-- Whoever decided and never held a role at the school was an office.
update choice_change set above = 1 where state in ('approved', 'refused') and decided_by is not null
    and not exists (select 1 from account a join role_grant g on g.person = a.person
        where a.id = choice_change.decided_by and g.path = choice_change.path);
create index choice_change_above on choice_change (programme, state, path, id) where above = 1;
