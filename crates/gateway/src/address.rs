//! Addresses with parameters.

/// `address` with further parameters; it may have some already.
#[must_use]
pub fn with(address: &str, pairs: &[(&str, &str)]) -> String {
    let mark = if address.contains('?') { '&' } else { '?' };
    let query = serde_urlencoded::to_string(pairs).expect("pairs of texts make a query");
    format!("{address}{mark}{query}")
}

#[cfg(test)]
mod tests {
    use super::with;

    #[test]
    fn parameters_stand_behind_those_that_are_there() {
        assert_eq!(
            with("https://a.test/x", &[("p", "甲 &"), ("q", "")]),
            "https://a.test/x?p=%E7%94%B2+%26&q="
        );
        assert_eq!(with("https://a.test/x?o=1", &[("p", "2")]), "https://a.test/x?o=1&p=2");
    }
}
