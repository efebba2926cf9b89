use crate::options::Permission;

/// Something that a credential may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Read the default configuration.
    ReadConfig,
    /// Start conversations.
    StartConversation,
    /// Post queries.
    PostQuery,
    /// Post click events.
    PostClick,
    /// Connect the socket of a dialog.
    Connect,
    /// Read the knowledge, and with it the history of conversations.
    ReadKnowledge,
    /// Write the settings, and with them the applications.
    WriteSettings,
}

impl Right {
    const ALL: [Self; 7] = [
        Self::ReadConfig,
        Self::StartConversation,
        Self::PostQuery,
        Self::PostClick,
        Self::Connect,
        Self::ReadKnowledge,
        Self::WriteSettings,
    ];

    /// The word for it in a token's scope.
    const fn as_str(self) -> &'static str {
        match self {
            Self::ReadConfig => "config:read",
            Self::StartConversation => "conversation:start",
            Self::PostQuery => "query:post",
            Self::PostClick => "click:post",
            Self::Connect => "socket:connect",
            Self::ReadKnowledge => "knowledge:read",
            Self::WriteSettings => "settings:write",
        }
    }
}

/// What a credential allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights(u8);

impl Rights {
    /// Nothing.
    pub(super) const NONE: Self = Self(0);

    /// The five of `docs/protocols/kare.md#13-application-token`.
    pub(super) const APPLICATION: Self = Self::NONE
        .with(Right::ReadConfig)
        .with(Right::StartConversation)
        .with(Right::PostQuery)
        .with(Right::PostClick)
        .with(Right::Connect);

    /// All that there is.
    pub(super) const ALL: Self = Self::APPLICATION
        .with(Right::ReadKnowledge)
        .with(Right::WriteSettings);

    const fn with(self, right: Right) -> Self {
        Self(self.0 | 1 << right as u8)
    }

    /// What every application may, and these.
    pub(super) fn of(permissions: &[Permission]) -> Self {
        permissions
            .iter()
            .fold(Self::APPLICATION, |rights, permission| {
                rights.with(match permission {
                    Permission::SettingsWrite => Right::WriteSettings,
                    Permission::KnowledgeRead => Right::ReadKnowledge,
                })
            })
    }

    pub(super) const fn has(self, right: Right) -> bool {
        self.0 & (1 << right as u8) != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Reads a token's scope; unknown words allow nothing.
    pub(super) fn from_scope(scope: &str) -> Self {
        scope
            .split_ascii_whitespace()
            .filter_map(|word| Right::ALL.into_iter().find(|right| right.as_str() == word))
            .fold(Self::NONE, Self::with)
    }

    /// The words for a token's scope, divided by blanks.
    pub(super) fn to_scope(self) -> String {
        let held = Right::ALL.into_iter().filter(|right| self.has(*right));
        let words: Vec<_> = held.map(Right::as_str).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_written() {
        for rights in [Rights::NONE, Rights::APPLICATION, Rights::ALL] {
            assert_eq!(Rights::from_scope(&rights.to_scope()), rights);
        }
        let some = Rights::from_scope("knowledge:read  everything config:read");
        assert_eq!(some.to_scope(), "config:read knowledge:read");
    }

    #[test]
    fn an_application_has_five_rights() {
        let held = Right::ALL
            .into_iter()
            .filter(|right| Rights::APPLICATION.has(*right));
        assert_eq!(held.count(), 5);
        assert!(!Rights::APPLICATION.has(Right::ReadKnowledge));
        assert!(!Rights::of(&[Permission::SettingsWrite]).has(Right::ReadKnowledge));
        let both = Rights::of(&[Permission::SettingsWrite, Permission::KnowledgeRead]);
        assert_eq!(both, Rights::ALL);
    }
}
