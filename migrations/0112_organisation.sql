-- owner: registry/organisation
-- A place that is moved takes along what it has lost; where it comes to, nobody but its own readers ever knew of that.

alter table node_moved add column told_to {text} not null default '';  -- path of the place of whose readers alone it is told; empty: of all
