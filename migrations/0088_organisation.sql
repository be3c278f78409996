-- owner: registry/organisation
-- When what other systems are told of a node was written last, a move of what stands above it included.

alter table node add column changed_at {int} not null default 0;    -- 0: as it was founded
update node set changed_at = coalesce((select max(h.at) from node_history h where h.node = node.id), 0);
