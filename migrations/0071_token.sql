-- owner: gateway/token
-- With what other systems speak with this one, and how far each of them reaches.
create table api_token (
    id {id} primary key,
    name {text} not null,
    node {id} not null,
    path {text} not null,               -- of that node: nothing outside it is seen or changed
    platform {id},                      -- the learning platform in whose name hours and courses come
    key {text} not null unique,
    secret {bytes} not null,            -- keyed hash
    earlier {bytes},                    -- of the secret before, taken until the moment that follows
    earlier_until {int},
    scopes {text} not null,             -- separated by spaces
    rate {int} not null,                -- requests a second
    expires_at {int} not null,
    created_at {int} not null,
    created_by {id},                    -- the account; null for the command line
    used_at {int},                      -- the last use, to the minute
    revoked_at {int}
){strict};
create index api_token_path on api_token (path, id);
create index api_token_platform on api_token (platform);
