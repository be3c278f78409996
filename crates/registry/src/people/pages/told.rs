//! What forms about people ask for, and how it is read.

use tisheng_kernel::{Identity, PaperKind, PersonName, Phone, Sex};
use tisheng_platform::web::{Fields, FormErrors};

use crate::people::model::TITLES;

/// Kinds of paper as the choices of a form; none chosen is the identity card.
pub(crate) fn papers() -> Vec<(&'static str, &'static str)> {
    PaperKind::ALL
        .iter()
        .filter(|kind| **kind != PaperKind::IdentityCard)
        .map(|kind| (kind.code(), kind.chinese()))
        .collect()
}

/// Sexes as the choices of a form.
pub(crate) fn sexes() -> Vec<(&'static str, &'static str)> {
    [Sex::Male, Sex::Female].iter().map(|sex| (sex.code(), sex.chinese())).collect()
}

/// What the form says, checked.
pub(crate) struct Told {
    pub name: Option<PersonName>,
    pub identity: Option<Identity>,
    pub phone: Option<Phone>,
    pub sex: Sex,
    pub errors: FormErrors,
}

/// Reads name, paper, phone and sex; the paper's number may be left out where `paper_needed` is
/// not asked.
pub(crate) fn told(fields: &Fields) -> Told {
    let mut errors = FormErrors::default();
    let name = match fields.text("name") {
        "" => {
            errors.add("name", "请填写姓名");
            None
        }
        name => PersonName::parse(name).map_err(|e| errors.add("name", e.to_string())).ok(),
    };
    let kind = fields.text("paper_kind").parse().unwrap_or(PaperKind::IdentityCard);
    let number = fields.text("paper");
    let identity = match number {
        "" => None,
        number => Identity::parse(kind, number).map_err(|e| errors.add("paper", e.to_string())).ok(),
    };
    let phone = match fields.text("phone") {
        "" => None,
        number => Phone::parse(number).map_err(|e| errors.add("phone", e.to_string())).ok(),
    };
    let sex = fields.text("sex").parse().unwrap_or(Sex::Unknown);
    Told { name, identity, phone, sex, errors }
}

/// The choice beside the usual titles.
pub(crate) const OTHER_TITLE: &str = "其他";

/// Professional titles as the choices of a form, with one for any other.
pub(crate) fn titles() -> Vec<(&'static str, &'static str)> {
    TITLES.iter().chain([&OTHER_TITLE]).map(|title| (*title, *title)).collect()
}

/// The professional title that a form says: the one chosen, or the words beside 其他.
pub(crate) fn title_of(fields: &Fields) -> &str {
    match fields.text("title") {
        OTHER_TITLE => fields.text("title_other"),
        chosen => chosen,
    }
}

/// The choice and the words beside it that stand for `title`.
pub(crate) fn as_choice(title: &str) -> (&str, &str) {
    if title.is_empty() || TITLES.contains(&title) { (title, "") } else { (OTHER_TITLE, title) }
}
