//! Lists of terms that each have a code: what a form offers, a file names and a table keeps.

/// The text is neither a code nor a term of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("无法识别的{what}")]
pub struct UnknownCode {
    /// What was asked for.
    pub what: &'static str,
}

/// Makes an enum of codes with Chinese titles: `key()`, `title()`, `ALL`, `options()`, reading of
/// either form.
#[macro_export]
macro_rules! coded {
    ($(#[$meta:meta])* $name:ident, $what:literal, { $($(#[$case_meta:meta])* $case:ident = $key:literal $title:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$case_meta])* $case),* }

        impl $name {
            /// Every one, in the usual order.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The code stored and used in files.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$case => $key),* }
            }

            /// The official term.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$case => $title),* }
            }

            /// Codes and terms, for a choice in a form.
            #[must_use]
            pub fn options() -> Vec<(&'static str, &'static str)> {
                Self::ALL.iter().map(|one| (one.key(), one.title())).collect()
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownCode;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownCode> {
                let found = Self::ALL.iter().find(|one| one.key() == text || one.title() == text);
                found.copied().ok_or($crate::UnknownCode { what: $what })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    coded! {
        /// A colour.
        Colour, "颜色", {
            /// Red.
            Red = "r" "红",
            /// Blue.
            Blue = "b" "蓝",
        }
    }

    #[test]
    fn either_form_is_read_again() {
        assert_eq!("r".parse(), Ok(Colour::Red));
        assert_eq!("蓝".parse(), Ok(Colour::Blue));
        assert_eq!(Colour::options(), [("r", "红"), ("b", "蓝")]);
        let error = "绿".parse::<Colour>().expect_err("no such colour");
        assert_eq!(error.to_string(), "无法识别的颜色");
    }
}
