-- owner: platform
-- A form that came after its session had ended: kept for a while, and offered again to the person whose
-- session it was.

create table unsent_form (
    account {id} primary key,           -- whose session it was; the latest form alone is kept
    token {bytes} not null,             -- SHA-256 of the cookie
    sealed {bytes} not null,            -- where it was sent, where it was filled in, what was typed
    expires_at {int} not null
){clustered};
create index unsent_form_expiry on unsent_form (expires_at);
