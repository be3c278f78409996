-- owner: registry/access
-- Codes for whoever has lost the device of the second factor: each lets its owner in once.

create table recovery_code (
    account {id} not null references account (id),
    digest {bytes} not null,            -- keyed: the codes themselves are shown once and kept nowhere
    used_at {int},
    primary key (account, digest)
){clustered};
