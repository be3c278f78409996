-- owner: registry/people
-- Whether somebody has an open post is answered by the index alone: lists and counts ask it of thousands.

drop index post_person;
create index post_person on post (person, since, until);
