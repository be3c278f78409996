-- owner: gateway/api
-- What is refused and still open is found by itself, and so is what is settled: of a wide part of the tree in the
-- order shown, of a narrow one by its place.
create index api_refused_waits on api_refused (platform, id, path) where state = 'open';
create index api_refused_done on api_refused (platform, id, path) where state <> 'open';
create index api_refused_near on api_refused (platform, path, state, id);
drop index api_refused_open;
drop index api_refused_list;
