-- owner: registry/access
-- Accounts, second factors, and the roles that people hold at nodes.

create table account (
    id {id} primary key,
    person {id} not null unique references person (id),
    login {text} not null unique,       -- lower case
    password {text},                    -- argon2id in the PHC form; null until the set-up token is used
    totp_sealed {bytes},                -- the secret of the second factor; null until enrolled
    totp_step {int},                    -- the last time step accepted: no code counts twice
    setup_token {bytes} unique,         -- SHA-256 of the one-time token
    setup_expires {int},
    last_grant {id},                    -- the role last acted in
    signed_in_at {int},
    disabled_at {int},
    version {int} not null
){strict};

-- Failed sign-ins: of an account from an address, of an account, of an address. The key is a keyed hash.
create table sign_in_failure (
    key {bytes} primary key,
    failures {int} not null,
    since {int} not null,
    locked_until {int}
){clustered};
create index sign_in_failure_since on sign_in_failure (since);

create table role_grant (
    id {id} primary key,
    person {id} not null references person (id),
    role {text} not null,
    node {id} not null references node (id),
    path {text} not null,               -- of the node
    since {text} not null,
    until {text},                       -- the first day on which it is no more
    given_by {id}                       -- the account; null when the installation did
){strict};
create index role_grant_person on role_grant (person, since);
create index role_grant_node on role_grant (node, role);
create index role_grant_path on role_grant (path);
