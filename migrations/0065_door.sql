-- owner: gateway/door
-- Services that vouch for people: which there are, what was found out about them, who comes by them.

-- A service with which the people of a territory sign in (身份提供方).
create table identity_provider (
    id {id} primary key,
    node {id} not null,                 -- whose people it vouches for
    path {text} not null,               -- of that node
    kind {text} not null,               -- oidc, cas
    name {text} not null,               -- on the button
    address {text} not null,            -- the issuer as it writes itself; of CAS what stands before /login
    client {text} not null,             -- the name we are registered under; empty for CAS
    secret {bytes},                     -- what we prove it with, sealed
    scopes {text} not null,             -- asked for besides openid, separated by spaces
    claim {text} not null,              -- what names a person at the first arrival; empty: nothing does
    claim_holds {text} not null,        -- paper, phone; empty
    second_factor {text} not null,      -- own, provider: whose is asked for
    factors {text} not null,            -- values of acr or amr that prove it, separated by spaces
    local_allowed {bool} not null,      -- whether the people of the territory may use passwords
    state {text} not null,              -- active, suspended
    made_at {int} not null,
    version {int} not null
){strict};
create index identity_provider_path on identity_provider (path);

-- What a service says of itself, kept so that it need not be asked every time.
create table provider_found (
    provider {id} primary key,
    address {text} not null,            -- of the service when it was asked
    endpoints {text} not null,          -- JSON, as checked; empty: not known
    found_at {int} not null,
    keys {text} not null,               -- its key set, JSON; empty: not known
    keys_at {int} not null,
    keys_asked_at {int} not null,       -- a key that is not known makes us ask, once a minute
    checked_at {int},                   -- when an office last tried
    check_said {text} not null
){clustered};

-- Somebody on the way to a service; taken once, by the browser that began.
create table door_attempt (
    state {bytes} primary key,          -- SHA-256 of what the service hands back
    provider {id} not null,
    browser {bytes} not null,           -- SHA-256 of the cookie
    nonce {bytes} not null,             -- SHA-256 of what the token has to repeat; empty for CAS
    verifier {bytes} not null,          -- of PKCE, sealed; empty for CAS
    back {text} not null,
    expires_at {int} not null
){clustered};
create index door_attempt_expiry on door_attempt (expires_at);

-- Somebody whom a service vouches for and whom no account is linked to yet.
create table door_arrival (
    browser {bytes} not null,
    provider {id} not null,
    subject {bytes} not null,           -- as in identity_link
    shown {bytes} not null,             -- how the service calls the person, sealed
    expires_at {int} not null,
    primary key (browser, provider)
){clustered};
create index door_arrival_expiry on door_arrival (expires_at);

-- The account that somebody enters by a service (关联).
create table identity_link (
    id {id} primary key,
    provider {id} not null,
    subject {bytes} not null,           -- keyed hash of the service's address and its name for the person
    account {id} not null,
    how {text} not null,                -- confirmed, claim
    linked_at {int} not null,
    used_at {int},
    unique (provider, subject),
    unique (provider, account)
){strict};
create index identity_link_account on identity_link (account);
