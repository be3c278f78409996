-- owner: registry/organisation
-- Schools are found by the beginning of their name, also among those of a whole province.

create index node_name on node (name);

-- The city or the county above a place is found by its path.
create index node_kind_path on node (kind, path);
