-- owner: gateway/lrs
-- Whether the rest has terms of a month is asked before the month gets its part, and while others wait; the key
-- begins with the term.

{rest_by:stored of xapi_term}
