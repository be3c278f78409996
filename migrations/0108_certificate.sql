-- owner: assessment/certificate
-- How many rows a condition on these expressions leaves, docs/decisions/0025.

{estimated:certificate_path on (path || '') from certificate}
{estimated:certificate_order on (sort_key || '') from certificate}
