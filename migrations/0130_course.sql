-- owner: training/course
-- What a course teaches, for whom, where it comes from and by which addresses it is known is part of
-- its terms: of a course that counts, another wording waits for the office beside them. Earlier
-- revisions are given what the course said when this was first kept.

alter table course_terms add column source {text} not null default '';
alter table course_terms add column stages {text} not null default '';
alter table course_terms add column subjects {text} not null default '';
alter table course_terms add column capabilities {text} not null default '';   -- A1,A5
alter table course_terms add column activities {text} not null default '';     -- addresses, space between

update course_terms set
    source = coalesce((select c.source from course c where c.id = course_terms.course), 'own'),
    stages = coalesce((select c.stages from course c where c.id = course_terms.course), ''),
    subjects = coalesce((select c.subjects from course c where c.id = course_terms.course), ''),
    capabilities = coalesce((select string_agg(k.capability, ',' order by k.capability)
        from course_capability k where k.course = course_terms.course), ''),
    activities = coalesce((select string_agg(a.iri, ' ' order by a.iri)
        from course_activity a where a.course = course_terms.course), '');
