-- owner: assessment/review
-- Whoever leaves takes no seat along: the seats of a person are looked for.
create index panel_member_person on panel_member (person) where until is null;
