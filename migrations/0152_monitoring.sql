-- owner: insight/monitoring
-- What stands beside the figures of schools is kept added up for the units that schools stand in: a province
-- has 25,000 schools with thirty capabilities each, and a few hundred units that hold them.

-- A unit in which schools stand that are counted.
create table school_unit (
    programme {id} not null,
    unit {id} not null,
    path {text} not null,
    sums {int} not null,                -- how often its schools have been added up
    primary key (programme, unit)
){clustered};
create index school_unit_path on school_unit (programme, path);

-- The sums of the schools that stand directly in a unit.
create table unit_sum (
    programme {id} not null,
    unit {id} not null,
    part {text} not null,               -- hours choice dimension work
    item {text} not null,               -- the category, capability, dimension or state
    level {text} not null,              -- of works that are final
    total {int} not null,               -- seconds, teachers or works
    primary key (programme, unit, part, item, level)
){clustered};

insert into school_unit (programme, unit, path, sums)
    select distinct f.programme, u.id, u.path, 0
    from school_figure f join node n on n.id = f.school join node u on u.id = n.parent;
insert into unit_sum (programme, unit, part, item, level, total)
    select h.programme, n.parent, 'hours', h.category, '', cast(sum(h.seconds) as bigint)
    from school_hours h join node n on n.id = h.school group by h.programme, n.parent, h.category;
insert into unit_sum (programme, unit, part, item, level, total)
    select c.programme, n.parent, 'choice', c.capability, '', cast(sum(c.teachers) as bigint)
    from school_choice c join node n on n.id = c.school group by c.programme, n.parent, c.capability;
insert into unit_sum (programme, unit, part, item, level, total)
    select d.programme, n.parent, 'dimension', d.dimension, '', cast(sum(d.teachers) as bigint)
    from school_dimension d join node n on n.id = d.school group by d.programme, n.parent, d.dimension;
insert into unit_sum (programme, unit, part, item, level, total)
    select w.programme, n.parent, 'work', w.state, w.level, cast(sum(w.works) as bigint)
    from school_work w join node n on n.id = w.school group by w.programme, n.parent, w.state, w.level;

-- A school's own are found by the school alone.
drop index school_hours_path;
drop index school_choice_path;
drop index school_dimension_path;
drop index school_work_path;
alter table school_hours drop column path;
alter table school_choice drop column path;
alter table school_dimension drop column path;
alter table school_work drop column path;
