-- owner: registry/access
-- Addresses for the first sign-in have another form since: those given out before open nothing.
update account set setup_token = null, setup_expires = null where setup_token is not null;
