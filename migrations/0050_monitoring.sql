-- owner: insight/monitoring
-- Figures of each school, counted from the tables below after every change and summed over the tree when somebody looks.
-- Derived: they can be counted again at any time, and `tisheng verify` does.

create table school_figure (
    programme {id} not null,
    school {id} not null,
    path {text} not null,
    teachers {int} not null,            -- with an open post
    chosen {int} not null,              -- have chosen capabilities
    learning {int} not null,            -- have hours
    handed_in {int} not null,           -- have handed in evidence
    assessed {int} not null,            -- have a final result
    met {int} not null,                 -- have met everything
    certified {int} not null,           -- hold a valid certificate
    at {int} not null,
    primary key (programme, school)
){clustered};
create index school_figure_path on school_figure (programme, path);

-- Seconds earned in a school by category.
create table school_hours (
    programme {id} not null,
    school {id} not null,
    category {text} not null,
    path {text} not null,
    seconds {int} not null,
    primary key (programme, school, category)
){clustered};
create index school_hours_path on school_hours (programme, path);

-- How many teachers of a school have chosen a capability.
create table school_choice (
    programme {id} not null,
    school {id} not null,
    capability {text} not null,
    path {text} not null,
    teachers {int} not null,
    primary key (programme, school, capability)
){clustered};
create index school_choice_path on school_choice (programme, path);

-- What has happened in a school, and how much of it the figures hold.
create table school_mark (
    school {id} primary key,
    marked {int} not null,              -- how many events concerned it
    counted {int} not null              -- how many of them were known at the last count
);
