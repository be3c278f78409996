-- owner: registry/people
-- What a roll entered as a transfer ended a post as transfers do: nobody left. The words are those of the roll alone,
-- pages ask for four characters at least.

update post set state = 'active' where state = 'left' and reason = '调动' and until is not null;
