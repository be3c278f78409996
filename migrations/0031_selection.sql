-- owner: training/selection
-- What a school offers and a teacher chooses (选学).

-- A version of a school's offer; the published one is what teachers choose from.
create table offer (
    id {id} primary key,
    programme {id} not null,
    school {id} not null,
    path {text} not null,
    version {int} not null,
    state {text} not null,              -- draft, published, superseded
    note {text} not null,               -- why, in the school's words
    created_at {int} not null,
    created_by {id},
    published_at {int},
    published_by {id},
    unique (programme, school, version)
){strict};
create unique index offer_one_draft on offer (programme, school) where state = 'draft';
create unique index offer_one_published on offer (programme, school) where state = 'published';

create table offer_capability (
    offer {id} not null,
    capability {text} not null,         -- code of the scheme
    primary key (offer, capability)
){clustered};

-- A teacher's choice as a whole: from which offer it was made.
create table choice (
    programme {id} not null,
    person {id} not null,
    offer {id} not null,
    chosen_at {int} not null,
    changed_at {int} not null,
    primary key (programme, person)
){clustered};
create index choice_offer on choice (offer);

-- The capabilities of a choice. One that was given up keeps its row and all work handed in for it.
create table choice_capability (
    programme {id} not null,
    person {id} not null,
    capability {text} not null,
    chosen_at {int} not null,
    dropped_at {int},
    primary key (programme, person, capability)
){clustered};

-- A change that a teacher asks for and the school decides.
create table choice_change (
    programme {id} not null,
    id {id} not null,
    person {id} not null,
    path {text} not null,               -- of the teacher's school
    offer {id} not null,
    capabilities {text} not null,       -- JSON list: the choice as it is to be
    reason {text} not null,
    state {text} not null,              -- asked, approved, refused, withdrawn
    asked_at {int} not null,
    decided_at {int},
    decided_by {id},
    decision {text} not null,
    primary key (programme, id)
){strict};
create index choice_change_inbox on choice_change (programme, state, path, id);
create unique index choice_change_once on choice_change (programme, person) where state = 'asked';
