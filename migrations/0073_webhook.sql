-- owner: gateway/webhook
-- Who is told of what has happened, and what each of them has been told.
create table webhook (
    id {id} primary key,
    name {text} not null,
    node {id} not null,
    path {text} not null,               -- of that node: nothing outside it is told
    platform {id},                      -- whose hours it is told of
    url {text} not null,
    events {text} not null,             -- separated by spaces
    secret {bytes} not null,            -- sealed: each message is signed with it
    state {text} not null,              -- active, stopped, ended
    failures {int} not null,            -- one after the other
    failing_since {int},
    resting_until {int},                -- nothing is sent before
    created_at {int} not null,
    version {int} not null
){strict};
create index webhook_path on webhook (path, id);
create index webhook_platform on webhook (platform);

create table webhook_message (
    webhook {id} not null,
    id {id} not null,                   -- the same however often it is sent
    event {text} not null,
    payload {text} not null,
    state {text} not null,              -- waiting, delivered, given_up
    attempts {int} not null,
    at {int} not null,
    next_at {int} not null,             -- when it is sent next
    answer {text} not null,             -- of the last attempt, in a sentence
    done_at {int},
    primary key (webhook, id)
){clustered};
create index webhook_message_due on webhook_message (webhook, state, at, id);
