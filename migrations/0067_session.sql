-- owner: platform
-- From what a session began, in words such as Chrome（Windows）, so that people recognise their own.
alter table session add column device {text};
