-- owner: registry/roster
-- Runs are found by the beginning of their clerk's name, its pinyin or its initials, each by an index.

alter table roster_run add column clerk_pinyin {text} not null default '';
alter table roster_run add column clerk_initials {text} not null default '';

-- The words are name, pinyin and initials, and neither of the last two has a space or a capital.
update roster_run set clerk_initials =
    substr(clerk_words, length(rtrim(clerk_words, 'abcdefghijklmnopqrstuvwxyz0123456789')) + 1);
update roster_run set clerk_pinyin = rtrim(substr(clerk_words, 1, length(clerk_words) - length(clerk_initials)));
update roster_run set clerk_pinyin =
    substr(clerk_pinyin, length(rtrim(clerk_pinyin, 'abcdefghijklmnopqrstuvwxyz0123456789')) + 1);

create index roster_run_name on roster_run (clerk_words, id);
create index roster_run_pinyin on roster_run (clerk_pinyin, id);
create index roster_run_initials on roster_run (clerk_initials, id);

-- The latest in a state, of a whole province.
create index roster_run_state on roster_run (state, id);

-- How many rows a condition on this expression leaves, docs/decisions/0025.

{estimated:roster_run_path on (path || '') from roster_run}
