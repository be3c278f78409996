-- owner: platform
-- Looks at whole numbers are read again, by whoever oversees them: an index of these rows alone.

create index audit_looks on audit (id) where action in ('people.paper_shown', 'people.phone_shown');
