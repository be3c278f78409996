-- owner: assessment/certificate
-- How far each teacher has come, and the certificates of those who have met everything.

-- The verdict of the rules in force on one teacher, kept fresh after every change. A derived figure: it can be
-- worked out again at any time, and `tisheng verify` does.
create table standing (
    programme {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school
    met {bool} not null,                -- everything the scheme asks for
    open_gates {text} not null,         -- keys of what is missing, joined by commas
    level {text} not null,              -- excellent, pass; empty while something is missing
    score {int} not null,               -- hundredths of a point, for ranking only
    scheme_version {id} not null,       -- the version that judged
    at {int} not null,
    primary key (programme, person)
){clustered};
create index standing_path on standing (programme, path, met);

-- A certificate. Its facts never change; a correction is a further certificate that supersedes it.
create table certificate (
    number {text} primary key,
    programme {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school on the day of issue
    name {text} not null,               -- as printed, for lists
    school {text} not null,             -- as printed, for lists
    sort_key {text} not null,
    state {text} not null,              -- valid, revoked, superseded
    facts {text} not null,              -- JSON, what is signed
    scheme_version {id} not null,       -- the rules that judged; while it is valid, the result stays on them
    signature {text} not null,          -- Ed25519 over the facts, base64
    issued_at {int} not null,
    issued_by {id},                     -- account
    ended_at {int},
    reason {text} not null,             -- why it was revoked or superseded
    superseded_by {text},
    pdf {text},                         -- digest of the typeset document
    pdf_size {int}
){strict};
create unique index certificate_valid on certificate (programme, person) where state = 'valid';
create index certificate_list on certificate (programme, sort_key, number);
create index certificate_path on certificate (programme, path, sort_key, number);

-- The last sequence number used by a region in a year.
create table certificate_sequence (
    programme {id} not null,
    region {text} not null,
    year {int} not null,
    last {int} not null,
    primary key (programme, region, year)
){clustered};

-- Many certificates issued in one go.
create table certificate_batch (
    id {id} primary key,
    programme {id} not null,
    path {text} not null,               -- whose teachers
    job {id},
    asked_at {int} not null,
    asked_by {id},
    issued {int} not null,
    done_at {int}
){strict};
create index certificate_batch_path on certificate_batch (programme, path, asked_at);
