-- owner: training/hours
-- Whose hours are being written: where others write at the same time, whoever writes of a teacher's hours has the
-- teacher's turn until the transaction ends. Nobody who moves or amends the teacher waits for it, and a turn refers to
-- nothing, so that it stands in nobody's way.
create table hour_turn (
    programme {id} not null,
    person {id} not null,
    primary key (programme, person)
){clustered};
