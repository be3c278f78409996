//! The menu beside every page of a signed-in person.

/// An entry of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    /// Where to.
    pub href: String,
    /// Its words: those that the page behind it has for a heading.
    pub label: String,
    /// Whether the page shown lies behind it.
    pub current: bool,
}

/// Entries that belong to one part of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuGroup {
    /// The part of the work; empty for what stands above all parts.
    pub label: String,
    /// In the order of the work; never empty.
    pub items: Vec<MenuItem>,
}

impl MenuGroup {
    /// `entries` as pairs of words and address, under `label`.
    #[must_use]
    pub fn new(label: &str, entries: &[(&str, &str)]) -> Self {
        let item = |(label, href): &(&str, &str)| MenuItem {
            href: (*href).to_owned(),
            label: (*label).to_owned(),
            current: false,
        };
        Self { label: label.to_owned(), items: entries.iter().map(item).collect() }
    }
}

/// Marks the entry that `path` lies behind: of several that it begins with, the longest.
pub(super) fn mark(menu: &mut [MenuGroup], path: &str) {
    let current = menu
        .iter_mut()
        .flat_map(|group| group.items.iter_mut())
        .filter(|item| path == item.href || path.starts_with(&format!("{}/", item.href)))
        .max_by_key(|item| item.href.len());
    if let Some(item) = current {
        item.current = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_entry_that_leads_to_a_page_is_marked() {
        let mut menu = [
            MenuGroup::new("", &[("首页", "/")]),
            MenuGroup::new("学时", &[("我的学时", "/hours"), ("学时待处理", "/hours/waiting")]),
        ];
        mark(&mut menu, "/hours/waiting/17");
        let marked = |menu: &[MenuGroup]| -> Vec<String> {
            let items = menu.iter().flat_map(|group| &group.items);
            items.filter(|item| item.current).map(|item| item.label.clone()).collect()
        };
        assert_eq!(marked(&menu), ["学时待处理"]);
        menu[1].items[1].current = false;
        mark(&mut menu, "/hoursglass");
        assert!(marked(&menu).is_empty(), "an address that only begins alike");
    }
}
