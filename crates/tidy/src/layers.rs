//! Rooms know only rooms that stand before them in `LAYERS`. Between crates the compiler keeps
//! that; inside a district it is kept here.

use crate::source::Tree;

/// Every `use crate::room` that points upwards, and every room that `LAYERS` does not list.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in &tree.files {
        let room = file.room(&tree.layers);
        let Some((district, _)) = room.split_once('/') else {
            if !tree.layers.contains(&room) && !tree.layers.iter().any(|l| l.starts_with(&format!("{room}/")))
            {
                breaches.push(format!("{}: `{room}` is not in LAYERS", file.path));
            }
            continue;
        };
        let own = place(tree, &room);
        for (number, line) in file.text.lines().enumerate() {
            for target in named(line) {
                let target = format!("{district}/{target}");
                let Some(there) = tree.layers.iter().position(|l| *l == target) else { continue };
                if Some(there) > own {
                    breaches.push(format!(
                        "{}:{}: {room} knows {target}, which stands above it",
                        file.path,
                        number + 1
                    ));
                }
            }
        }
    }
    breaches
}

fn place(tree: &Tree, room: &str) -> Option<usize> {
    tree.layers.iter().position(|l| l == room)
}

/// The first segments of the paths from `crate::` that a line names.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).flat_map(|rest| {
        let inside = rest.strip_prefix('{').map_or(rest, |group| group.split('}').next().unwrap_or(group));
        let grouped = rest.starts_with('{');
        inside.split(',').take(if grouped { usize::MAX } else { 1 }).map(|part| {
            let part = part.trim();
            part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(part)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn finds_single_and_grouped_paths() {
        assert_eq!(named("use crate::hours::Entry;").collect::<Vec<_>>(), ["hours"]);
        assert_eq!(
            named("use crate::{hours, selection::Choice};").collect::<Vec<_>>(),
            ["hours", "selection"]
        );
        assert_eq!(named("let x = 1;").count(), 0);
    }
}
