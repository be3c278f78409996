-- owner: registry/roster
-- Whom or what a row with a finding is about, as the file has it: row and column alone name nobody.

alter table roster_finding add column about {text} not null default '';
