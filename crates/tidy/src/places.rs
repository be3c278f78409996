//! Policy is data: no code names a province or a city.

use crate::source::Tree;

/// Every line of code that names a place. Scheme directories are named by code and by data, so
/// embedding them (`schemes/…`) is not a breach.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in &tree.files {
        for (number, line) in file.text.lines().enumerate() {
            if let Some(place) = tree.places.iter().find(|place| line.contains(place.as_str())) {
                breaches.push(format!("{}:{}: names a place ({place})", file.path, number + 1));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::source::{File, Tree};

    #[test]
    fn a_place_in_code_is_found() {
        let files = vec![File { path: "a.rs".to_owned(), text: "if place == \"某某\" {}".to_owned() }];
        let tree =
            Tree { files, migrations: Vec::new(), layers: Vec::new(), places: vec!["某某".to_owned()] };
        assert_eq!(check(&tree).len(), 1);
    }
}
