-- owner: platform
-- What is told to whoever comes with a session that was ended from outside: one sentence.

alter table session add column because {text};
