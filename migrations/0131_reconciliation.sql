-- owner: training/reconciliation
-- Whom and which course a line of a statement means, so that an institution may keep numbers of its
-- own: hours that count once for a course have a number of ours in the ledger.

alter table month_line add column person {id};                          -- where an identity paper or a phone says who
alter table month_line add column code {text} not null default '';      -- the platform's number of the course
