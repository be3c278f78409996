-- owner: assessment/certificate
-- Which batch a certificate came from, and the one file with the documents of a batch.
alter table certificate add column batch {id};
create index certificate_of_batch on certificate (batch, path, sort_key, number) where batch is not null;
alter table certificate_batch add column print_job {id};
alter table certificate_batch add column file {text};
alter table certificate_batch add column file_size {int};
