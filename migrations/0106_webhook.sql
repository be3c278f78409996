-- owner: gateway/webhook
-- How often a message was refused itself: while nobody answers, nothing is given up.
alter table webhook_message add column refusals {int} not null default 0;
