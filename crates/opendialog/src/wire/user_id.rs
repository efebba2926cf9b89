//! User ids, which are the keys of conversations.

/// Longer ids are refused: not every store finds things by a key of any length.
pub const MAX_CHARACTERS: usize = 255;

/// What is wrong with a user id, in the words of a 422; nothing if it can be used.
pub fn problem(user_id: &str) -> Option<&'static str> {
    if user_id.contains('\0') {
        // Not every store keeps this character.
        return Some("The user id format is invalid.");
    }
    let is_long = user_id.chars().nth(MAX_CHARACTERS).is_some();
    is_long.then_some("The user id may not be greater than 255 characters.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_key_is_no_user_id() {
        let longest = "ü".repeat(MAX_CHARACTERS);
        for good in ["u", "", "a b", "jane@example.com", longest.as_str()] {
            assert_eq!(problem(good), None, "{good}");
        }
        for bad in ["a\0", &format!("{longest}u")] {
            assert!(problem(bad).is_some(), "{bad:?}");
        }
    }
}
