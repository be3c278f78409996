-- owner: gateway/lti
-- Scores of one moment, keys that wait or are withdrawn, pauses in asking for a tool's keys, and which courses a tool opens.

alter table lti_score add column fine {int} not null default 0;      -- nanoseconds by which it is later than at
alter table lti_score add column others {text} not null default '';  -- likenesses of others of this moment, in hex, separated by spaces
alter table lti_score add column began {int};                        -- when the work was begun, where that is said
alter table lti_score add column ended {int};                        -- when it was handed in

alter table lti_key add column signs_from {int} not null default 0;  -- before that it is only published
alter table lti_key add column revoked_at {int};                     -- withdrawn at once; null: it was not

alter table lti_tool add column keys_failed {int} not null default 0;  -- how often in a row its keys could not be had
alter table lti_tool add column whole {bool} not null default true;    -- whether it opens courses of which nobody has said so

-- Whether somebody has said of a course that the tool of its platform opens it.
create table lti_opening (
    course {id} primary key,
    tool {id} not null,
    opened {bool} not null
){clustered};
