-- owner: registry/organisation
-- Schools are found by the beginning of their name, also among those of a whole province.

create index node_name on node (name);
