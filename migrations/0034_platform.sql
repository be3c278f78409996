-- owner: training/platform
-- The learning platforms that report hours (一网管理、分网学习), and what came from each.

create table platform (
    id {id} primary key,
    programme {id} not null,
    institution {id} not null,          -- the node of the training institution that runs it
    path {text} not null,               -- of that node: whose people see it beside the office
    name {text} not null,               -- how it stands in the ledger as a source
    home_page {text} not null,          -- the address under which it names its learners
    hour_length {int} not null,         -- minutes of one 学时 as it counts
    category {text} not null,           -- where its hours are booked unless a course says otherwise
    kind {text} not null,               -- within the category; empty where the scheme has none
    silent_hours {int} not null,        -- without a report for so long it is taken to be broken
    contact {text} not null,            -- whom to call
    state {text} not null,              -- active, suspended
    last_arrival {int},                 -- when something came last
    created_at {int} not null,
    version {int} not null,
    unique (programme, name)
){strict};
create index platform_of_programme on platform (programme, path, name);

-- What a platform calls the columns of its own files.
create table platform_column (
    platform {id} not null,
    field {text} not null,              -- the column of our template
    title {text} not null,              -- the platform's title for it
    primary key (platform, field)
){clustered};

-- A delivery: what came in together, and what became of it.
create table platform_arrival (
    programme {id} not null,
    platform {id} not null,
    id {id} not null,
    at {int} not null,
    channel {text} not null,            -- xapi, lti, api, file
    records {int} not null,             -- in all
    entered {int} not null,
    same {int} not null,                -- taken before
    waiting {int} not null,             -- for a person: parked, held or in conflict
    noted {int} not null,               -- kept, and earning nothing by itself
    refused {int} not null,             -- with a reason that the sender was told
    seconds {int} not null,             -- entered
    primary key (programme, platform, id)
){clustered};
create index platform_arrival_at on platform_arrival (platform, at);
