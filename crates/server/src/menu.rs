//! The menu: what each role does here, part by part of the work. An entry has the words that its page has
//! for a heading.

use tisheng_platform::web::menu::MenuGroup;
use tisheng_platform::{Member, Who};
use tisheng_registry::access::Role;

/// A part of the work: its name, and its entries as words and address.
type Part = (&'static str, &'static [(&'static str, &'static str)]);

/// The menu of a signed-in person, in the order of the work.
#[must_use]
pub fn of(who: &Who) -> Vec<MenuGroup> {
    let role = who.member().and_then(|member| member.role.parse::<Role>().ok());
    let parts = match role {
        _ if who.member().is_some_and(Member::only_reads) => READER,
        None => &[],
        Some(Role::Teacher) => TEACHER,
        Some(Role::Clerk) => CLERK,
        Some(Role::Principal) => PRINCIPAL,
        Some(Role::Cio | Role::ManagementTeam) => LEADERS,
        Some(Role::Town) => TOWN,
        Some(Role::Province | Role::City) => OFFICE,
        Some(Role::County) => COUNTY,
        Some(Role::TrainingTeam) => TRAINING_TEAM,
        Some(Role::GroupLead) => GROUP_LEAD,
        Some(Role::Expert) => EXPERT,
        Some(Role::Auditor) => AUDITOR,
        Some(Role::Evaluator) => EVALUATOR,
        Some(Role::Institution) => INSTITUTION,
    };
    parts.iter().map(|(label, entries)| MenuGroup::new(label, entries)).collect()
}

const READER: &[Part] = &[("", &[("我的档案", "/"), ("我的学时", "/hours"), ("达标情况", "/standing")])];

const TEACHER: &[Part] = &[
    ("", &[("我的任务", "/"), ("实施方案与规则", "/scheme")]),
    (
        "研修",
        &[
            ("我的选学", "/choice"),
            ("课程目录", "/courses"),
            ("校本活动", "/activities"),
            ("我的学时", "/hours"),
        ],
    ),
    ("测评", &[("我的成果材料", "/evidence"), ("我的评审任务", "/review"), ("达标情况", "/standing")]),
];

const OVERVIEW: Part = ("", &[("首页", "/"), ("进度", "/monitor"), ("实施方案与规则", "/scheme")]);

const CLERK: &[Part] = &[
    OVERVIEW,
    ("学校与教师", &[("学校", "/organisation"), ("教师", "/people"), ("数据导入", "/roster")]),
    ("研修", &[("学校选学范围", "/offer"), ("教师选学", "/choices"), ("校本活动管理", "/activities/school")]),
    (
        "学时",
        &[
            ("教师学时", "/hours/teachers"),
            ("导入学时", "/roster/hours"),
            ("学时待处理", "/hours/waiting"),
            ("学时异议", "/hours/inbox"),
        ],
    ),
    ("考核与证书", &[("测评结论公示", "/review/notice"), ("证书", "/certificates")]),
];

const SCHOOL: Part = ("学校与教师", &[("学校", "/organisation"), ("教师", "/people")]);
const SCHOOL_TRAINING: Part = (
    "研修",
    &[
        ("学校选学范围", "/offer"),
        ("教师选学", "/choices"),
        ("校本活动管理", "/activities/school"),
        ("教师学时", "/hours/teachers"),
    ],
);

const LEADERS: &[Part] = &[OVERVIEW, SCHOOL, SCHOOL_TRAINING, ("考核", &[("测评进展", "/review/board")])];

const PRINCIPAL: &[Part] = &[
    OVERVIEW,
    SCHOOL,
    SCHOOL_TRAINING,
    ("考核", &[("测评进展", "/review/board"), ("考核小组", "/review/panel")]),
];

const UNITS: Part =
    ("机构与教师", &[("机构", "/organisation"), ("教师", "/people"), ("数据导入", "/roster")]);

const TOWN: &[Part] = &[
    OVERVIEW,
    UNITS,
    (
        "研修与学时",
        &[
            ("校本活动管理", "/activities/school"),
            ("教师学时", "/hours/teachers"),
            ("导入学时", "/roster/hours"),
            ("学时待处理", "/hours/waiting"),
        ],
    ),
    ("考核与证书", &[("测评进展", "/review/board"), ("证书", "/certificates")]),
];

const OFFICE_TRAINING: Part = (
    "研修与学时",
    &[
        ("课程目录", "/courses"),
        ("学习平台", "/platforms"),
        ("校本活动管理", "/activities/school"),
        ("教师学时", "/hours/teachers"),
        ("导入学时", "/roster/hours"),
        ("学时待处理", "/hours/waiting"),
        ("学时移交", "/handover"),
        ("接口令牌", "/tokens"),
    ],
);
const OFFICE_JUDGING: Part = (
    "考核与证书",
    &[("测评进展", "/review/board"), ("考核小组", "/review/panel"), ("证书", "/certificates")],
);

/// Provinces and cities say which services vouch for people.
const OFFICE_UNITS: Part = (
    "机构与教师",
    &[
        ("机构", "/organisation"),
        ("教师", "/people"),
        ("数据导入", "/roster"),
        ("身份提供方", "/identity-providers"),
    ],
);

const OFFICE: &[Part] = &[OVERVIEW, OFFICE_UNITS, OFFICE_TRAINING, OFFICE_JUDGING];

const COUNTY: &[Part] = &[OVERVIEW, UNITS, OFFICE_TRAINING, OFFICE_JUDGING];

const TRAINING_TEAM: &[Part] = &[(
    "",
    &[
        ("首页", "/"),
        ("进度", "/monitor"),
        ("我的评审任务", "/review"),
        ("校本活动管理", "/activities/school"),
    ],
)];

const GROUP_LEAD: &[Part] = &[(
    "",
    &[
        ("首页", "/"),
        ("我的评审任务", "/review"),
        ("校本活动管理", "/activities/school"),
        ("实施方案与规则", "/scheme"),
    ],
)];

const EXPERT: &[Part] = &[("", &[("首页", "/"), ("我的评审任务", "/review"), ("实施方案与规则", "/scheme")])];

const AUDITOR: &[Part] = &[(
    "",
    &[
        ("首页", "/"),
        ("进度", "/monitor"),
        ("机构", "/organisation"),
        ("教师", "/people"),
        ("查看号码记录", "/looks"),
        ("证书", "/certificates"),
    ],
)];

const EVALUATOR: &[Part] =
    &[("", &[("首页", "/"), ("进度", "/monitor"), ("机构", "/organisation"), ("证书", "/certificates")])];

const INSTITUTION: &[Part] = &[
    ("", &[("首页", "/")]),
    (
        "课程与学时",
        &[
            ("学习平台", "/platforms"),
            ("课程目录", "/courses"),
            ("导入课程", "/roster/courses"),
            ("导入学时", "/roster/hours"),
            ("接口令牌", "/tokens"),
        ],
    ),
];
