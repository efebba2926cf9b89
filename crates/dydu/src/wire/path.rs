//! Paths: `docs/protocols/dydu.md#11-url-forms` and `docs/protocols/dydu.md#32-overview`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::params::printable;

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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route<'a> {
    /// What it leads to.
    pub endpoint: Endpoint,
    /// The bot id, where it is part of the path.
    pub bot: Option<Cow<'a, str>>,
    /// The context id, where it is part of the path.
    pub context: Option<Cow<'a, str>>,
}

/// Takes a path apart, with or without `/servlet` and `/api`, whatever its slashes and capitals.
/// What is left of bot and context is decoded.
pub fn parse(path: &str) -> Option<Route<'_>> {
    let mut path = path.trim_matches('/');
    if let Some(rest) = below(path, "servlet") {
        path = rest;
    }
    let api = below(path, "api");
    path = api.unwrap_or(path);
    if api.is_none() {
        let frames = Endpoint::ChatWs;
        let bare = [
            ("fileupload", Endpoint::FileUpload),
            ("chatHttp", Endpoint::ChatHttp),
            ("chatWs", frames),
            ("chat", frames),
            ("history", Endpoint::PrintableHistory),
        ];
        if let Some(endpoint) = named(&bare, path) {
            return Some(alone(endpoint));
        }
    }
    let site = [
        ("serverstatus", Endpoint::ServerStatus),
        ("whoami", Endpoint::WhoAmI),
        ("saml2/status", Endpoint::SamlStatus),
        ("saml2/userinfo", Endpoint::SamlUserInfo),
        ("account/dydubox/bots/language", Endpoint::Languages),
    ];
    if let Some(endpoint) = named(&site, path) {
        return Some(alone(endpoint));
    }
    let path = below(path, "chat")?;
    let dialogs = (Endpoint::Dialogs.path(), Endpoint::Dialogs);
    let (rest, endpoint) = CHAT
        .iter()
        .chain([&dialogs])
        .find_map(|(known, endpoint)| {
            Some((below(path, known.strip_prefix(CHAT_PREFIX)?)?, *endpoint))
        })?;
    let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
    let route = Route {
        endpoint,
        bot: segments.next().map(decoded),
        context: segments.next().map(decoded),
    };
    segments.next().is_none().then_some(route)
}

fn alone(endpoint: Endpoint) -> Route<'static> {
    Route {
        endpoint,
        bot: None,
        context: None,
    }
}

fn named(known: &[(&str, Endpoint)], path: &str) -> Option<Endpoint> {
    known
        .iter()
        .find(|(name, _)| below(path, name).is_some_and(str::is_empty))
        .map(|(_, endpoint)| *endpoint)
}

/// What of a path is below some segments; doubled slashes count once.
fn below<'a>(path: &'a str, segments: &str) -> Option<&'a str> {
    let mut rest = path;
    for segment in segments.split('/') {
        let (first, others) = rest.split_once('/').unwrap_or((rest, ""));
        if !first.eq_ignore_ascii_case(segment) {
            return None;
        }
        rest = others.trim_start_matches('/');
    }
    Some(rest)
}

/// A segment as the client meant it. What is no UTF-8 is nobody's id, and stays as it is.
fn decoded(segment: &str) -> Cow<'_, str> {
    match percent_decode_str(segment).decode_utf8() {
        Ok(text) => printable(text),
        Err(_) => Cow::Borrowed(segment),
    }
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
            (
                "/SERVLET//api//Chat/TALK//b%2F1//c%C3%A9/",
                Endpoint::Talk,
                Some("b/1"),
                Some("cé"),
            ),
            ("/api/chat/talk/%ff", Endpoint::Talk, Some("%ff"), None),
            (
                "/api/chat/talk/b/a%00b",
                Endpoint::Talk,
                Some("b"),
                Some("ab"),
            ),
            ("/servlet//CHATWS", Endpoint::ChatWs, None, None),
        ] {
            let expected = Route {
                endpoint,
                bot: bot.map(Cow::Borrowed),
                context: context.map(Cow::Borrowed),
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
            "/api/fileupload",
            "/servlet/servlet/chatWs",
            "/chat%2Ftalk/b",
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
