-- owner: gateway/webhook
-- One round at a time is sent to a subscriber, whoever sends it.
alter table webhook add column round {id};                   -- the job that sends
alter table webhook add column round_until {int};            -- after which another may, whatever became of it
