//! Other ways in besides the password. The rooms that know them stand above this one, so the
//! assembly hands them in as a part; without it there is the password alone.

use std::pin::Pin;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{App, DbError, Tx};
use uuid::Uuid;

use super::model::{Account, Grant};

/// What a way answers, read in the transaction of whoever asks.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbError>> + Send + 'a>>;

/// A way to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What stands on its button.
    pub name: String,
    /// Whom it is there for.
    pub territory: String,
    /// Where it begins, a path of this installation.
    pub href: String,
}

impl Way {
    /// Where it begins for a browser that is to come to `back` afterwards.
    #[must_use]
    pub fn leading_to(&self, back: &str) -> String {
        match back {
            "/" => self.href.clone(),
            back => format!("{}?back={}", self.href, utf8_percent_encode(back, NON_ALPHANUMERIC)),
        }
    }
}

/// The ways that the sign-in page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offered {
    /// In the order of their territories.
    pub ways: Vec<Way>,
    /// Whether there are so many that one looks for one's own by the territory's name.
    pub many: bool,
}

/// A way by which an account may be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The link.
    pub id: Uuid,
    /// The way's name.
    pub name: String,
    /// Since when.
    pub since: Instant,
    /// When it was last used.
    pub used_at: Option<Instant>,
}

/// The ways of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Those by which it may be entered.
    pub held: Vec<Linked>,
    /// Those that could be added.
    pub open: Vec<Way>,
}

/// What the room of accounts asks of the ways.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// The ways for the sign-in page; the text is what was typed to find one's territory.
    pub offered: for<'a> fn(&'a mut Tx, &'a str) -> Asked<'a, Offered>,
    /// The way that an account with these roles has to take in place of its password.
    pub instead: for<'a> fn(&'a mut Tx, &'a [Grant]) -> Asked<'a, Option<Way>>,
    /// The ways of an account with these roles.
    pub links: for<'a> fn(&'a mut Tx, Id<Account>, &'a [Grant]) -> Asked<'a, Links>,
    /// Whether whoever came in by the first text may act at the path in the second.
    pub vouches: for<'a> fn(&'a mut Tx, &'a str, &'a str) -> Asked<'a, bool>,
    /// Where a browser goes after signing out that came in by this text.
    pub left: for<'a> fn(&'a mut Tx, &'a str) -> Asked<'a, Option<String>>,
}

impl Ways {
    /// The password alone.
    pub const NONE: Self = Self {
        offered: |_, _| Box::pin(async { Ok(Offered::default()) }),
        instead: |_, _| Box::pin(async { Ok(None) }),
        links: |_, _, _| Box::pin(async { Ok(Links::default()) }),
        vouches: |_, _, _| Box::pin(async { Ok(false) }),
        left: |_, _| Box::pin(async { Ok(None) }),
    };

    /// The ways of this installation.
    #[must_use]
    pub fn of(app: &App) -> Self {
        app.parts.find().copied().unwrap_or(Self::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn a_way_knows_where_it_leads_back() {
        let way =
            Way { name: "甲".to_owned(), territory: "乙".to_owned(), href: "/sign-in/via/1".to_owned() };
        assert_eq!(way.leading_to("/"), "/sign-in/via/1");
        assert_eq!(way.leading_to("/people?q=a"), "/sign-in/via/1?back=%2Fpeople%3Fq%3Da");
    }
}
