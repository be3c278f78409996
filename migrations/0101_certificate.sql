-- owner: assessment/certificate
-- Whom a batch was not issued to although they had met everything, and why.
create table certificate_left_out (
    person {id} not null,
    batch {id} not null,
    primary key (person, batch)
){clustered};
alter table certificate_batch add column left_out {int} not null default 0;
alter table certificate_batch add column left_reason {text} not null default '';
