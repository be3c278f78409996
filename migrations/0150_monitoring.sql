-- owner: insight/monitoring
-- The sums over the tree are read from indexes that hold all they need: a province has 25,000 schools.

drop index school_figure_path;
create index school_figure_path on school_figure
    (programme, path, school, teachers, chosen, learning, handed_in, assessed, met, certified, offered, planned, at);
drop index school_hours_path;
create index school_hours_path on school_hours (programme, path, category, seconds);
drop index school_choice_path;
create index school_choice_path on school_choice (programme, path, capability, teachers);
drop index school_dimension_path;
create index school_dimension_path on school_dimension (programme, path, dimension, teachers);
drop index school_work_path;
create index school_work_path on school_work (programme, path, state, level, works);

-- Schools of which something has happened that is not counted yet: few, as a rule.
create index school_mark_open on school_mark (school) where marked > counted;
