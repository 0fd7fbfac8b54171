//! Words of the API that may become more: an enum for those that are known, and `Other` for those of a newer server.

/// Makes such an enum: `words! { Name { Variant = "word", … } }`.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            /// A word that this version of the client does not know.
            Other(String),
        }

        impl $name {
            /// The word in the API.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        /// Of a test.
        Colour {
            /// One.
            Red = "red",
        }
    }

    #[test]
    fn a_word_that_is_not_known_stays_what_it_is() {
        let colours: Vec<Colour> = serde_json::from_str(r#"["red","mauve"]"#).unwrap();
        assert_eq!(colours, [Colour::Red, Colour::Other("mauve".to_owned())]);
        assert_eq!(serde_json::to_string(&colours).unwrap(), r#"["red","mauve"]"#);
    }
}
