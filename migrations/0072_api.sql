-- owner: gateway/api
-- The answers that batches of other systems have got, by the key that the sender gave each of them.
create table api_answer (
    token {id} not null,
    key {text} not null,
    digest {bytes} not null,            -- keyed hash of what was sent
    answer {text} not null,
    at {int} not null,
    primary key (token, key)
){clustered};
create index api_answer_at on api_answer (token, at);
