-- owner: assessment/review
-- What a reviewer has typed and not handed in yet: it goes when the judgement is given, or when the work is not
-- theirs any more.
create table judgement_draft (
    programme {id} not null,
    submission {id} not null,
    step {text} not null,
    duty {text} not null,
    reviewer {id} not null,             -- person
    typed {text} not null,              -- JSON: the fields of the form with what stands in them
    version {int} not null,             -- counts its saves
    saved_at {int} not null,
    primary key (programme, submission, step, duty, reviewer)
){clustered};
