-- owner: gateway/lti
-- Learning tools (LTI 1.3): which there are, our keys, who is on the way to one.

-- The keys that we sign messages with. The latest signs; earlier ones are still published for a while.
create table lti_key (
    id {id} primary key,
    kid {text} not null unique,         -- thumbprint of the public half (RFC 7638)
    secret {bytes} not null,            -- PKCS #8 in Base64, sealed
    public {text} not null,             -- as it stands in the key set, JSON
    made_at {int} not null,
    until {int}                         -- the moment from which it is published no more
){clustered};

-- The tool of a learning platform.
create table lti_tool (
    id {id} primary key,
    platform {id} not null unique,
    client {text} not null unique,
    deployment {text} not null,
    name {text} not null,
    login {text} not null,              -- where a launch begins (login initiation)
    target {text} not null,             -- what is opened unless a link says otherwise
    redirects {text} not null,          -- where a message may be sent, one a line
    key_set {text} not null,            -- address of the tool's keys; empty: they stand in keys
    keys {text} not null,               -- the tool's keys, JSON
    keys_at {int} not null,             -- when they were fetched
    keys_asked_at {int} not null,       -- a key that is not known makes us ask, once a minute
    picker {text} not null,             -- what is opened to choose courses (deep linking); empty: nothing
    names {bool} not null,              -- whether the tool may know the names of teachers
    state {text} not null,              -- active, suspended
    made_at {int} not null,
    version {int} not null
){strict};

-- A token with which a tool may register itself, once.
create table lti_invitation (
    token {bytes} primary key,          -- SHA-256
    platform {id} not null,
    by_account {id} not null,
    expires_at {int} not null
){clustered};
create index lti_invitation_expiry on lti_invitation (expires_at);

-- Somebody on the way to a tool: taken once.
create table lti_hint (
    hint {bytes} primary key,           -- SHA-256
    tool {id} not null,
    account {id} not null,
    course {id},                        -- null: to choose courses
    expires_at {int} not null
){clustered};
create index lti_hint_expiry on lti_hint (expires_at);

-- What counts once, for as long as it could count again: nonces and numbers of tokens.
create table lti_seen (
    tool {id} not null,
    value {bytes} not null,             -- SHA-256 over its kind and itself
    expires_at {int} not null,
    primary key (tool, value)
){clustered};
create index lti_seen_expiry on lti_seen (expires_at);

-- What a tool shows to use the services.
create table lti_token (
    token {bytes} primary key,          -- SHA-256
    tool {id} not null,
    scopes {text} not null,             -- separated by spaces
    expires_at {int} not null
){clustered};
create index lti_token_expiry on lti_token (expires_at);
