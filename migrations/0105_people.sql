-- owner: registry/people
-- Posts that a move of the tree has taken away from a place, as they were then: other systems that read that place are told that they went.

create table post_moved (
    path {text} not null,               -- where it was; where the place itself has been moved since, there too
    post {id} not null,
    person {id} not null,
    school {id} not null,
    sort_key {text} not null,
    subject {text} not null,
    stage {text} not null,
    since {text} not null,
    until {text} not null,              -- the first day on which it was there no more
    moved_at {int} not null,            -- when it was taken away last
    primary key (path, post)
){clustered};
create index post_moved_path on post_moved (path, sort_key, person);
create index post_moved_person on post_moved (person, path);
create index post_moved_post on post_moved (post);
