-- owner: insight/monitoring
-- Beside the figures of a school: who has chosen something of each dimension, how its works stand, and whether it offers and holds anything.

-- How many teachers of a school have chosen at least one capability of a dimension.
create table school_dimension (
    programme {id} not null,
    school {id} not null,
    dimension {text} not null,          -- key of the scheme's dimension
    path {text} not null,
    teachers {int} not null,
    primary key (programme, school, dimension)
){clustered};
create index school_dimension_path on school_dimension (programme, path);

-- How many works of a school, drafts apart, are in a state; those that are final by their level.
create table school_work (
    programme {id} not null,
    school {id} not null,
    state {text} not null,
    level {text} not null,              -- empty until final
    path {text} not null,
    works {int} not null,
    primary key (programme, school, state, level)
){clustered};
create index school_work_path on school_work (programme, path);

alter table school_figure add column offered {int} not null default 0;  -- 1 where capabilities are offered
alter table school_figure add column planned {int} not null default 0;  -- 1 where an activity is planned or was held

-- Where there are figures already, the new ones are counted by the job that counts a whole programme.
insert into outbox (id, topic, payload, at) select id, 'monitoring.widened', '{}', 0 from programme order by id limit 1;
