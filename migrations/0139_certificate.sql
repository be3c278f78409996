-- owner: assessment/certificate
-- The list of a city's and of a county's certificates, walked in each order like that of the whole programme.

-- Paths of the city and of the county above the school; empty where there is none. They follow moves of the tree.
alter table certificate add column city {text} not null default '';
alter table certificate add column county {text} not null default '';
update certificate set
    city = coalesce((select n.path from node n where n.kind = 'city' and n.path <= certificate.path
        and certificate.path < substr(n.path, 1, length(n.path) - 1) || '0'), ''),
    county = coalesce((select n.path from node n where n.kind = 'county' and n.path <= certificate.path
        and certificate.path < substr(n.path, 1, length(n.path) - 1) || '0'), '');

create index certificate_city on certificate (programme, city, sort_key, number);
create index certificate_city_school on certificate (programme, city, school, sort_key, number);
create index certificate_city_number on certificate (programme, city, number);
create index certificate_city_issued on certificate (programme, city, issued_at, number);
create index certificate_county on certificate (programme, county, sort_key, number);
create index certificate_county_school on certificate (programme, county, school, sort_key, number);
create index certificate_county_number on certificate (programme, county, number);
create index certificate_county_issued on certificate (programme, county, issued_at, number);

-- Those that are not valid any more are few, and are listed by themselves.
create index certificate_ended on certificate (programme, path) where state <> 'valid';
