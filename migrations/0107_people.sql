-- owner: registry/people
-- How many rows a condition on these expressions leaves, docs/decisions/0025.

{estimated:post_path on (path || '') from post}
{estimated:post_order on (sort_key || '') from post}
