-- owner: assessment/evidence
-- What a teacher hands in (证据、成果材料) and the files on their way.

-- One revision of a teacher's work for one capability. Handing in freezes it; a returned or failed
-- one is followed by a new revision and stays as it was.
create table submission (
    programme {id} not null,
    id {id} not null,
    person {id} not null,
    capability {text} not null,         -- code of a capability or work of the scheme
    revision {int} not null,            -- from 1
    state {text} not null,              -- draft, submitted, peers, panel, notice, final, returned
    step {text} not null,               -- key of the scheme's step under way; empty before and after
    school {id} not null,               -- of the author, as it was when the revision was begun
    path {text} not null,               -- of that school
    sort_key {text} not null,           -- of the author, for lists
    subject {text} not null,
    stage {text} not null,
    scheme_version {id} not null,       -- whose evidence list it is made for
    consent {text} not null,            -- unasked, no_pupils, given
    digest {text},                      -- over all pieces when frozen, SHA-256
    note {text} not null,               -- why it was returned
    level {text},                       -- once final
    version {int} not null,             -- counts every change
    begun_at {int} not null,
    submitted_at {int},
    state_since {int} not null,
    superseded_by {id},                 -- the next revision
    primary key (programme, id),
    unique (programme, person, capability, revision)
){clustered};
create unique index submission_current on submission (programme, person, capability) where superseded_by is null;
-- Lists of a school walk the first, those of a county or more the second or, for one state, the third.
create index submission_board on submission (programme, path, state, sort_key) where superseded_by is null;
create index submission_roll on submission (programme, sort_key, id, path, capability, state_since)
    where superseded_by is null;
create index submission_state on submission (programme, state, sort_key, id, path, capability, state_since)
    where superseded_by is null;

-- A text or a file of a piece.
create table evidence_item (
    programme {id} not null,
    submission {id} not null,
    id {id} not null,
    piece {text} not null,              -- key of the scheme's piece
    kind {text} not null,               -- text, file
    title {text} not null,              -- the file's name as the teacher gave it
    body {text} not null,               -- of a text
    blob {text},                        -- digest of a file's content
    content {text} not null,            -- what the bytes are, such as pdf; empty for a text
    size {int} not null,                -- bytes of a file
    seconds {int},                      -- length of a recording, where it is known
    place {int} not null,               -- order within the piece
    version {int} not null,             -- of a text: counts its saves
    saved_at {int} not null,
    primary key (programme, submission, id)
){clustered};
create index evidence_item_blob on evidence_item (blob) where blob is not null;
create unique index evidence_item_text on evidence_item (programme, submission, piece) where kind = 'text';

-- The content of files, each kept once.
create table blob (
    digest {text} primary key,          -- SHA-256, also its name in the store
    size {int} not null,
    first_at {int} not null
){clustered};

-- A resumable upload that has not ended, or has ended lately.
create table upload (
    id {id} primary key,
    programme {id} not null,
    submission {id} not null,
    piece {text} not null,
    person {id} not null,
    name {text} not null,
    length {int} not null,              -- bytes in all
    received {int} not null,            -- bytes that are on disk and synced
    item {id},                          -- what has become of it
    begun_at {int} not null,
    expires_at {int} not null
){strict};
create index upload_expiry on upload (expires_at);
create index upload_submission on upload (programme, submission);
