-- owner: assessment/certificate
-- A certificate stands where its holder teaches, or taught last, not where it was issued: whoever looks after the
-- teacher sees it and acts. What is printed stays.
update certificate set city = '?', path = (select p.path from post p where p.person = certificate.person
        order by case when p.until is null then 0 else 1 end, p.since desc, p.id desc limit 1)
    where path <> (select p.path from post p where p.person = certificate.person
        order by case when p.until is null then 0 else 1 end, p.since desc, p.id desc limit 1);
update certificate set
    city = coalesce((select n.path from node n where n.kind = 'city' and n.path <= certificate.path
        and certificate.path < substr(n.path, 1, length(n.path) - 1) || '0'), ''),
    county = coalesce((select n.path from node n where n.kind = 'county' and n.path <= certificate.path
        and certificate.path < substr(n.path, 1, length(n.path) - 1) || '0'), '')
    where city = '?';

-- Those whose holder has met everything no longer are few, and are put before a person.
create index standing_unmet on standing (programme, path) where held = 'valid' and not met;
