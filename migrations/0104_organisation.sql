-- owner: registry/organisation
-- What a move of the tree has taken away from a place, as it was then: other systems that read that place are told that it went.

create table node_moved (
    path {text} not null,               -- where it stood; where the place itself has been moved since, there too
    node {id} not null,
    parent {id},
    name {text} not null,
    code {text},
    moved_at {int} not null,            -- when it was taken away last
    primary key (path, node)
){clustered};
create index node_moved_node on node_moved (node);
