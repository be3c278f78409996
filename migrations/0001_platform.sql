-- owner: platform
-- The frame's own tables: sessions, the key of each submission, jobs and events, the audit trail.

create table session (
    token {bytes} primary key,          -- SHA-256 of the cookie
    account {id} not null,
    who {text},                         -- the member as JSON; null while the second factor is awaited
    created_at {int} not null,
    seen_at {int} not null,
    expires_at {int} not null
){clustered};
create index session_account on session (account);
create index session_expiry on session (expires_at);

create table idempotency (
    key {id} primary key,
    account {id},
    digest {text} not null,             -- of what was submitted, without the key
    answer {text} not null,             -- where the browser was sent
    at {int} not null
){clustered};

create table job (
    id {id} primary key,
    kind {text} not null,
    key {text} not null,                -- the same work is put on the table once
    payload {text} not null,
    run_at {int} not null,
    awaited {bool} not null,            -- somebody looks at its progress
    lease {id},
    lease_until {int},
    attempts {int} not null,
    error {text},
    done {int} not null,
    total {int} not null,
    done_at {int},
    unique (kind, key)
){strict};
create index job_due on job (awaited, run_at, id) where done_at is null;

create table outbox (
    id {id} primary key,
    topic {text} not null,
    payload {text} not null,
    at {int} not null,
    handled_at {int}
){clustered};
create index outbox_open on outbox (id) where handled_at is null;

create table audit (
    id {id} primary key,
    at {int} not null,
    request {text} not null,
    account {id},
    role {text} not null,
    node {id},
    action {text} not null,
    subject {id} not null,
    detail {text} not null,
    seal {int}
){clustered};
create index audit_subject on audit (subject, id);
create index audit_unsealed on audit (id) where seal is null;
create index audit_of_seal on audit (seal, id);

create table audit_seal (
    seq {int} primary key,
    at {int} not null,
    rows {int} not null,
    hash {text} not null                -- over the hash before it and the rows, in the order of their ids
){strict};
