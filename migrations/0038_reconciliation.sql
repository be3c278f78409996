-- owner: training/reconciliation
-- What a platform says it has reported for a month, and that both sides have agreed.

-- A month of a platform: the statement that stands, and who has confirmed which figures.
create table month_sheet (
    programme {id} not null,
    platform {id} not null,
    month {text} not null,              -- 2023-12: in which the work was done
    revision {int} not null,            -- of the statement; 0 while there is none
    stated_at {int},
    own_figures {text} not null,        -- what the institution has confirmed; empty: nothing
    own_note {text} not null,
    own_by {id},                        -- account
    own_at {int},
    office_figures {text} not null,     -- what the office has confirmed; empty: nothing
    office_note {text} not null,
    office_by {id},
    office_at {int},
    version {int} not null,
    primary key (programme, platform, month)
){clustered};

-- A line of a statement. Earlier revisions stay, so that taking one back brings the other forth.
create table month_line (
    platform {id} not null,
    month {text} not null,
    revision {int} not null,
    number {text} not null,             -- the platform's number of the record
    name {text} not null,               -- of the teacher, as stated
    title {text} not null,
    worked_on {text} not null,
    seconds {int} not null,
    primary key (platform, month, revision, number)
){clustered};
