-- owner: assessment/certificate
-- The list of certificates by school, by number and by day of issue, walked in each order.
create index certificate_school on certificate (programme, school, sort_key, number, path);
create index certificate_number on certificate (programme, number, path);
create index certificate_issued on certificate (programme, issued_at, number, path);
