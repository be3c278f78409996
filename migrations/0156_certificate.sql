-- owner: assessment/certificate
-- Scores are rounded, no longer cut: everybody is judged anew.
insert into outbox (id, topic, payload, at)
    select id, 'standing.rules_read_anew', '{}', 0 from person where exists (select 1 from programme) order by id limit 1;
