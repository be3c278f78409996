-- owner: gateway/lrs
-- The record store: what learning platforms say in the words of xAPI.

-- Who may write or read records.
create table lrs_credential (
    id {id} primary key,
    platform {id},                      -- the learning platform that it belongs to
    name {text} not null,
    key {text} not null unique,
    secret {bytes} not null,            -- keyed hash
    earlier {bytes},                    -- of the secret before, taken until the moment that follows
    earlier_until {int},
    scopes {text} not null,             -- separated by spaces
    rate {int} not null,                -- requests a second
    quota {int},                        -- statements a day; null for any number
    created_at {int} not null,
    revoked_at {int}
){clustered};

-- How many statements a credential with a quota has brought.
create table lrs_usage (
    credential {id} not null,
    day {text} not null,
    statements {int} not null,
    primary key (credential, day)
){clustered};

-- Each id is claimed once. The hash says whether a second statement with it says the same. One
-- that others refer to and that is not there yet has only its id: whoever brings it finds the row,
-- and waits for whoever is writing it.
create table xapi_id (
    id {id} primary key,
    stored {int},
    likeness {bytes},
    happened {int}                      -- the timestamp, when the sender gave one
){clustered};

-- The statements. Only ever added to; past months may be taken out and put back.
create table xapi_statement (
    stored {int} not null,              -- no two of one process alike
    id {id} not null,
    credential {id} not null,
    voiding {bool} not null,            -- takes another back, and cannot be taken back itself
    target {id},                        -- the statement that is its object
    body {text} not null,
    primary key (stored, id)
){clustered}{by_month:stored};
{rest_of:xapi_statement}

-- By what a statement is found.
create table xapi_term (
    term {bytes} not null,              -- 16 bytes of a hash over kind and value
    stored {int} not null,
    id {id} not null,
    via {int} not null,                 -- 0: its own; n: of the n-th statement on the way of its references
    primary key (term, stored, id, via)
){clustered}{by_month:stored};
{rest_of:xapi_term}

-- Which statements have another for an object, that one being there or not.
create table xapi_reference (
    target {id} not null,
    referrer {id} not null,
    primary key (target, referrer)
){clustered};

-- What is taken back, and by which statement.
create table xapi_voided (
    target {id} not null,
    statement {id} not null,
    credential {id} not null,
    wide {bool} not null,               -- may take back what others wrote
    primary key (target, statement)
){clustered};

-- The definition that is kept of an activity.
create table xapi_activity (
    iri {text} primary key,
    credential {id} not null,           -- who described it first
    definition {text} not null
){clustered};

-- The data of attachments are stored files.
create table xapi_attachment (
    statement {id} not null,
    sha2 {text} not null,               -- as the statement names the data
    content_type {text} not null,
    digest {text} not null,             -- name of the stored file
    size {int} not null,
    primary key (statement, sha2)
){clustered};

-- Documents: states, profiles of activities and of agents.
create table xapi_document (
    space {bytes} not null,             -- hash over the resource, the activity and the agent
    registration {text} not null,       -- empty where none is named
    name {text} not null,               -- stateId or profileId
    content_type {text} not null,
    etag {text} not null,               -- SHA-1 of the content
    content {bytes} not null,
    updated_at {int} not null,
    primary key (space, registration, name)
){clustered};
