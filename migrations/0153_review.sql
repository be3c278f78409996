-- owner: assessment/review
-- Where an objection goes that is late: the path of the office that the scheme names next. It stands on the desk
-- there once its day is past, and on no other desk above.
alter table objection add column above {text};      -- none where the scheme names nobody more
create index objection_above on objection (programme, above) where state = 'open';

-- The published schemes name the county after the school, and the nearest level above where the tree leaves it out.
update objection set above = coalesce(
    (select max(n.path) from node n where n.kind = 'county' and substr(objection.path, 1, length(n.path)) = n.path),
    (select max(n.path) from node n where n.kind = 'city' and substr(objection.path, 1, length(n.path)) = n.path))
where state = 'open' and exists (select 1 from node s where s.id = objection.body and s.kind = 'school');
