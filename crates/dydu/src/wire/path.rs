//! Paths: `docs/protocols/dydu.md#11-url-forms` and `docs/protocols/dydu.md#32-overview`.

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `serverstatus`
    ServerStatus,
    /// `chat/context/{bot}`
    Context,
    /// `chat/talk/{bot}[/{ctx}]`
    Talk,
    /// `chat/feedback/{bot}`
    Feedback,
    /// `chat/feedback/comment/{bot}`
    FeedbackComment,
    /// `chat/feedback/insatisfaction/{bot}`
    FeedbackReason,
    /// `chat/gdpr/{bot}`
    Gdpr,
    /// `chat/history/{bot}`
    History,
    /// `chat/search/{bot}`
    Search,
    /// `chat/survey/{bot}`
    Survey,
    /// `chat/survey/configuration/{bot}`
    SurveyConfiguration,
    /// `chat/poll/last/{bot}`
    Poll,
    /// `chat/topknowledge/{bot}`
    TopKnowledge,
    /// `chat/typing/{bot}`
    Typing,
    /// `chat/reading/{bot}`
    Reading,
    /// `chat/variable/{bot}`
    Variable,
    /// `chat/welcomecall/{bot}`
    WelcomeCall,
    /// `chat/availablecontext/{bot}/{ctx}`
    AvailableContext,
    /// `chat/status/{bot}/{ctx}`
    Status,
    /// `chat/pushrules/{bot}`
    PushRules,
    /// `chat/error/{bot}`; the path is assumed.
    ErrorReport,
    /// `chat/dialogs/{bot}`; the path is assumed.
    Dialogs,
    /// `account/dydubox/bots/language`
    Languages,
    /// `saml2/status`
    SamlStatus,
    /// `saml2/userinfo`
    SamlUserInfo,
    /// `whoami`
    WhoAmI,
    /// `^/fileupload`
    FileUpload,
    /// `^/chatHttp`
    ChatHttp,
    /// `^/chatWs`, and `^/chat` of older clients.
    ChatWs,
    /// `^/history`
    PrintableHistory,
}

/// What most paths begin with.
const CHAT_PREFIX: &str = "api/chat/";

/// The paths below `chat/`, longest first where one begins another.
const CHAT: [(&str, Endpoint); 20] = [
    ("api/chat/talk", Endpoint::Talk),
    ("api/chat/poll/last", Endpoint::Poll),
    ("api/chat/typing", Endpoint::Typing),
    ("api/chat/reading", Endpoint::Reading),
    ("api/chat/history", Endpoint::History),
    ("api/chat/topknowledge", Endpoint::TopKnowledge),
    ("api/chat/search", Endpoint::Search),
    ("api/chat/availablecontext", Endpoint::AvailableContext),
    ("api/chat/feedback/comment", Endpoint::FeedbackComment),
    ("api/chat/feedback/insatisfaction", Endpoint::FeedbackReason),
    ("api/chat/feedback", Endpoint::Feedback),
    (
        "api/chat/survey/configuration",
        Endpoint::SurveyConfiguration,
    ),
    ("api/chat/survey", Endpoint::Survey),
    ("api/chat/variable", Endpoint::Variable),
    ("api/chat/welcomecall", Endpoint::WelcomeCall),
    ("api/chat/status", Endpoint::Status),
    ("api/chat/pushrules", Endpoint::PushRules),
    ("api/chat/context", Endpoint::Context),
    ("api/chat/gdpr", Endpoint::Gdpr),
    ("api/chat/error", Endpoint::ErrorReport),
];

impl Endpoint {
    /// The path of an endpoint below `servlet/`, without bot and context.
    pub fn path(self) -> &'static str {
        match self {
            Self::ServerStatus => "api/serverstatus",
            Self::Dialogs => "api/chat/dialogs",
            Self::Languages => "api/account/dydubox/bots/language",
            Self::SamlStatus => "api/saml2/status",
            Self::SamlUserInfo => "api/saml2/userinfo",
            Self::WhoAmI => "api/whoami",
            Self::FileUpload => "fileupload",
            Self::ChatHttp => "chatHttp",
            Self::ChatWs => "chatWs",
            Self::PrintableHistory => "history",
            _ => CHAT
                .iter()
                .find(|(_, endpoint)| *endpoint == self)
                .map(|(path, _)| *path)
                .unwrap_or_default(),
        }
    }

    /// Whether the widget writes this endpoint's body without percent-encoding.
    pub fn is_unencoded(self) -> bool {
        matches!(self, Self::Poll | Self::Survey | Self::SurveyConfiguration)
    }

    /// Whether a request means nothing without a bot.
    pub fn needs_bot(self) -> bool {
        !matches!(
            self,
            Self::ServerStatus
                | Self::WhoAmI
                | Self::SamlStatus
                | Self::SamlUserInfo
                | Self::FileUpload
                | Self::ChatHttp
                | Self::ChatWs
                | Self::PrintableHistory
        )
    }
}

/// A path taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route<'a> {
    /// What it leads to.
    pub endpoint: Endpoint,
    /// The bot id, where it is part of the path.
    pub bot: Option<&'a str>,
    /// The context id, where it is part of the path.
    pub context: Option<&'a str>,
}

/// Takes a normalised path apart, with or without `/servlet` and `/api`.
pub fn parse(path: &str) -> Option<Route<'_>> {
    let path = path.trim_start_matches('/');
    let path = path.strip_prefix("servlet/").unwrap_or(path);
    let bare = |endpoint| {
        Some(Route {
            endpoint,
            bot: None,
            context: None,
        })
    };
    match path {
        "fileupload" => return bare(Endpoint::FileUpload),
        "chatHttp" => return bare(Endpoint::ChatHttp),
        "chatWs" | "chat" => return bare(Endpoint::ChatWs),
        "history" => return bare(Endpoint::PrintableHistory),
        _ => {}
    }
    let path = path.strip_prefix("api/").unwrap_or(path);
    match path {
        "serverstatus" => return bare(Endpoint::ServerStatus),
        "whoami" => return bare(Endpoint::WhoAmI),
        "saml2/status" => return bare(Endpoint::SamlStatus),
        "saml2/userinfo" => return bare(Endpoint::SamlUserInfo),
        "account/dydubox/bots/language" => return bare(Endpoint::Languages),
        _ => {}
    }
    let path = path.strip_prefix("chat/")?;
    let dialogs = (Endpoint::Dialogs.path(), Endpoint::Dialogs);
    let (rest, endpoint) = CHAT
        .iter()
        .chain([&dialogs])
        .find_map(|(known, endpoint)| {
            let rest = path.strip_prefix(known.strip_prefix(CHAT_PREFIX)?)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((rest, *endpoint))
        })?;
    let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
    let route = Route {
        endpoint,
        bot: segments.next(),
        context: segments.next(),
    };
    segments.next().is_none().then_some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_leads_to_its_endpoint() {
        for (path, endpoint, bot, context) in [
            (
                "/servlet/api/serverstatus",
                Endpoint::ServerStatus,
                None,
                None,
            ),
            ("/api/chat/talk/b/c", Endpoint::Talk, Some("b"), Some("c")),
            ("/servlet/api/chat/talk/b", Endpoint::Talk, Some("b"), None),
            ("/chat/talk/b", Endpoint::Talk, Some("b"), None),
            ("/api/chat/feedback/b", Endpoint::Feedback, Some("b"), None),
            (
                "/api/chat/feedback/comment/b",
                Endpoint::FeedbackComment,
                Some("b"),
                None,
            ),
            (
                "/api/chat/survey/configuration/b",
                Endpoint::SurveyConfiguration,
                Some("b"),
                None,
            ),
            ("/api/chat/survey", Endpoint::Survey, None, None),
            ("/api/chat/poll/last/b", Endpoint::Poll, Some("b"), None),
            ("/api/chat/dialogs/b", Endpoint::Dialogs, Some("b"), None),
            ("/servlet/chatWs", Endpoint::ChatWs, None, None),
            ("/chatHttp", Endpoint::ChatHttp, None, None),
            ("/servlet/history", Endpoint::PrintableHistory, None, None),
        ] {
            let expected = Route {
                endpoint,
                bot,
                context,
            };
            assert_eq!(parse(path), Some(expected), "{path}");
            assert_eq!(
                parse(&format!("/{}", endpoint.path())).unwrap().endpoint,
                endpoint
            );
        }
        for path in [
            "/",
            "/api",
            "/api/chat",
            "/api/chat/talk/b/c/d",
            "/api/chat/talks/b",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
