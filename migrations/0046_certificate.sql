-- owner: assessment/certificate
-- What a teacher holds stands beside what they have met, so that those who wait for a certificate are found at once.

-- valid, revoked; empty: none yet. One that was revoked is not issued again with many others.
alter table standing add column held {text} not null default '';
update standing set held = 'valid' where exists (select 1 from certificate c
    where c.programme = standing.programme and c.person = standing.person and c.state = 'valid');
update standing set held = 'revoked' where held = '' and exists (select 1 from certificate c
    where c.programme = standing.programme and c.person = standing.person and c.state = 'revoked');
create index standing_ready on standing (programme, path, person) where met and held = '';
create index certificate_person on certificate (programme, person, issued_at);
