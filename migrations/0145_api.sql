-- owner: gateway/api
-- What is refused and still open is found by itself, and so is what is settled: a list and its count cost what
-- they show, not what was ever refused.
create index api_refused_waits on api_refused (platform, id, path) where state = 'open';
create index api_refused_done on api_refused (platform, id, path) where state <> 'open';
drop index api_refused_open;
drop index api_refused_list;
