-- owner: registry/organisation
-- The tree of organisations: who stands below whom, since when, and what a school is like.

create table node (
    id {id} primary key,
    parent {id} references node (id),
    kind {text} not null,               -- province city county town school group office centre institution
    name {text} not null,
    sort_key {text} not null,           -- pinyin syllables, then the name: the order of lists
    pinyin {text} not null,             -- without spaces, for search
    initials {text} not null,           -- first letters of the syllables, for search
    code {text},                        -- GB/T 2260 code of a region, or the ten digits of a school
    path {text} not null unique,        -- /510000/510100/…/ : the segments from the root down
    depth {int} not null,               -- 0 for a root
    valid_from {text} not null,
    valid_to {text},                    -- the first day on which it is no more
    version {int} not null
){strict};
create unique index node_code on node (code) where valid_to is null;
create index node_parent on node (parent, sort_key);
create index node_roll on node (kind, sort_key, id);

-- What a node was like before each change.
create table node_history (
    id {id} primary key,
    node {id} not null references node (id),
    change {text} not null,             -- renamed moved recoded closed reopened
    name {text} not null,               -- the state before the change
    parent {id},
    code {text},
    path {text} not null,
    until {text} not null,              -- the day from which the change holds
    reason {text} not null,
    at {int} not null,
    account {id}
){strict};
create index node_history_node on node_history (node, id);

-- What rules must know of a school.
create table school (
    node {id} primary key references node (id),
    stages {text} not null,             -- 02,03 : see the room's Stage
    location {text} not null,           -- 111 … 220, empty when unknown
    ethnic_area {bool} not null,
    former_poverty {bool} not null,     -- formerly a county in deep poverty
    environment {text},                 -- multimedia blended smart; null until the school has said
    smart_school {bool} not null,       -- smart-education school
    pilot {text},                       -- pilot model demonstration
    version {int} not null
){clustered};
