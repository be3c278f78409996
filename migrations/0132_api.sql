-- owner: gateway/api
-- Rows of batches that were refused: what was wrong, when, who sent them, and the row itself, sealed,
-- so that it can be tried again once the cause is mended. The same row sent again is one.
create table api_refused (
    id {id} primary key,
    programme {id} not null,
    platform {id} not null,
    digest {bytes} not null,            -- keyed hash of the row
    number {text} not null,             -- the platform's own; may be empty
    name {text} not null,               -- of the teacher, as sent
    paper_masked {text} not null,
    title {text} not null,              -- of the course or activity, as sent
    reason {text} not null,             -- what is wrong with it
    path {text} not null,               -- of the teacher's school where that is clear, else of the programme
    sender {text} not null,             -- name of the token
    content {bytes},                    -- the row, sealed; null of one too long to be kept
    first_at {int} not null,
    last_at {int} not null,
    times {int} not null,
    state {text} not null,              -- open, taken (tried again here), mended (sent anew)
    outcome {text} not null,            -- what became of it
    decided_by {id},                    -- account
    unique (platform, digest)
){strict};
create index api_refused_open on api_refused (platform, state, path, id);
create index api_refused_list on api_refused (platform, id);
create index api_refused_number on api_refused (platform, number);
