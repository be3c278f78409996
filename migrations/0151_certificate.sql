-- owner: assessment/certificate
-- What is kept of a dimension that is offered no more asks for nothing: everybody is judged anew.
insert into outbox (id, topic, payload, at)
    select id, 'standing.rules_read_anew', '{}', 0 from scheme_version order by id limit 1;
