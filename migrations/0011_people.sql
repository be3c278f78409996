-- owner: registry/people
-- People, one record for life, their posts, and the teams of schools.

create table person (
    id {id} primary key,
    name {text} not null,
    sort_key {text} not null,
    pinyin {text} not null,
    initials {text} not null,
    paper_kind {text} not null,
    paper_sealed {bytes} not null,
    paper_index {bytes} not null unique,
    paper_masked {text} not null,
    phone_sealed {bytes},
    phone_index {bytes},
    phone_masked {text},
    sex {text} not null,                -- GB/T 2261.1
    birth_year {int},
    kept_by {text} not null,            -- path of the node that keeps the record of a person without a post, such as an official
    version {int} not null
){strict};
create index person_name on person (name);
create index person_pinyin on person (pinyin);
create index person_initials on person (initials);
create index person_phone on person (phone_index);
create index person_kept_by on person (kept_by);

-- A teacher's place at a school. A transfer ends one and begins the next; hours and results hang on the person.
create table post (
    id {id} primary key,
    person {id} not null references person (id),
    school {id} not null references node (id),
    path {text} not null,               -- of the school
    sort_key {text} not null,           -- of the person, for lists
    subject {text} not null,
    stage {text} not null,
    title {text} not null,              -- professional title, empty when none
    since {text} not null,
    until {text},                       -- the first day on which it is no more
    state {text} not null,              -- active seconded left
    reason {text} not null              -- why it ended, or where a secondment leads
){strict};
create unique index post_open on post (person) where until is null;
create index post_person on post (person, since);
create index post_roll on post (sort_key, person, path, subject, stage, state) where until is null;
create index post_path on post (path, sort_key, person);
create index post_school on post (school, sort_key);

-- A teacher lent to another school; the post stays where it is.
create table secondment (
    id {id} primary key,
    person {id} not null references person (id),
    post {id} not null references post (id),
    host {id} not null references node (id),
    since {text} not null,
    until {text},
    reason {text} not null
){strict};
create unique index secondment_open on secondment (post) where until is null;
create index secondment_person on secondment (person);

-- Management and training teams of schools.
create table team_member (
    id {id} primary key,
    school {id} not null references node (id),
    team {text} not null,               -- management training
    person {id} not null references person (id),
    duties {text} not null,             -- principal,cio : the roles in the team that the scheme counts
    since {text} not null,
    until {text}
){strict};
create unique index team_member_open on team_member (school, team, person) where until is null;
create index team_member_person on team_member (person);
