//! The server side: what the vendor's widget and apps talk to, one file per group of endpoints.
//!
//! A request, a frame and a frame over HTTP all become one `Ask`; its endpoint makes a
//! `Plan` of it, and the plan becomes an HTTP answer or what a socket does next.

mod client_mark;
mod context;
mod feedback;
mod history;
mod http_frames;
mod knowledge;
mod livechat;
mod personal;
mod plan;
mod session;
mod site;
mod survey;
mod talk;
mod upload;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use switchboard_core::Fault;
use switchboard_core::dialect::{ClientMark, Cx, Find, Frontend, Handled, Retry, Upgrade, View};
use switchboard_core::model::Profile;

use crate::convert::compose::{Occasion, Scene};
use crate::convert::input;
use crate::error;
use crate::options::{BotOptions, FrontendOptions};
use crate::wire::path::{self, Endpoint, Route};
use crate::wire::{Params, frame, params, words};
use client_mark::client_mark;
use plan::Plan;
use session::Session;

/// The media type of a body whose parameters are an object.
const JSON: &[u8] = b"application/json";

/// How long the widget waits for an answer, at the least: `docs/protocols/dydu.md#10-errors-retry-failover`.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it waits after a failure before it repeats a request.
const PAUSE: Duration = Duration::from_secs(3);

/// Bodies other than uploads.
const BODY_LIMIT: usize = 64 * 1024;

/// A configured endpoint for dydu's chatbox.
pub struct Chatbox {
    options: Arc<FrontendOptions>,
}

impl Chatbox {
    /// From checked options.
    pub fn new(options: FrontendOptions) -> Self {
        Self {
            options: Arc::new(options),
        }
    }

    fn decide(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Result<Handled, Fault> {
        let route = path::parse(path).ok_or(Fault::NotFound)?;
        if !matches!(*request.method(), Method::GET | Method::POST | Method::HEAD) {
            return Err(Fault::MethodNotAllowed);
        }
        if route.endpoint == Endpoint::ChatWs {
            return self.upgrade(&request);
        }
        if route.endpoint != Endpoint::FileUpload && request.body().len() > BODY_LIMIT {
            return Err(Fault::TooLarge { limit: BODY_LIMIT });
        }
        let params = parameters(&request, route.endpoint)?;
        let named = route.bot.as_deref().or(params.bot());
        let ask = Ask {
            options: &self.options,
            bot: find_bot(&self.options, named, route.endpoint.needs_bot())?,
            is_sure: is_sure(&self.options, named),
            context: route
                .context
                .as_deref()
                .filter(|context| !context.trim().is_empty())
                .or(params.context())
                .map(str::to_owned),
            // Two strangers may say the same at the same moment.
            retry: (route.context.is_some() || is_known(&params))
                .then(|| retry_key(&route, &params)),
            client: client_mark(&request).filter(|_| self.options.overhear),
            channel: Channel::Rest,
            params,
        };
        match route.endpoint {
            Endpoint::FileUpload => Ok(upload::file(&ask, &request, cx)),
            Endpoint::PrintableHistory => history::page(&ask),
            Endpoint::ChatHttp => http_frames::handle(&self.options, &request, &ask.params, cx),
            Endpoint::WhoAmI => Ok(site::who_am_i(&request)),
            endpoint => Ok(plan(endpoint, &ask, cx)?.into_handled(&ask)),
        }
    }

    fn upgrade(&self, request: &Request<Bytes>) -> Result<Handled, Fault> {
        let headers = request.headers();
        let is_upgrade = headers
            .get(header::UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
        if !is_upgrade {
            return Err(Fault::bad_input("this path takes websockets only"));
        }
        let offers = headers
            .get_all(header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|offer| offer.trim() == frame::SUBPROTOCOL);
        Ok(Handled::Upgrade(Upgrade {
            subprotocol: offers.then(|| frame::SUBPROTOCOL.to_owned()),
            attach: None,
            session: Box::new(Session::new(
                Arc::clone(&self.options),
                client_mark(request).filter(|_| self.options.overhear),
            )),
        }))
    }
}

/// The bot that a request names. Where it need not name one, the first stands in.
fn find_bot<'a>(
    options: &'a FrontendOptions,
    id: Option<&str>,
    required: bool,
) -> Result<&'a Arc<BotOptions>, Fault> {
    match id {
        Some(id) => options
            .bots
            .iter()
            .find(|bot| bot.bot_id.eq_ignore_ascii_case(id))
            .ok_or(Fault::NotFound),
        None => match options.bots.as_slice() {
            [first, others @ ..] if others.is_empty() || !required => Ok(first),
            _ => Err(Fault::bad_field("botUUID", "which bot is missing")),
        },
    }
}

/// Whether there can be no doubt which bot a request is for.
fn is_sure(options: &FrontendOptions, named: Option<&str>) -> bool {
    named.is_some() || options.bots.len() == 1
}

impl Frontend for Chatbox {
    fn handle(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handled {
        self.decide(request, path, cx).unwrap_or_else(|fault| {
            let response = error::encode_fault(&fault);
            Handled::Refuse(fault, response)
        })
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        error::encode_fault(fault)
    }

    fn encode_refusal(&self, path: &str, fault: &Fault) -> Response<Bytes> {
        match path::parse(path).map(|route| route.endpoint) {
            Some(Endpoint::FileUpload) => upload::refused(None),
            _ => self.encode_fault(fault),
        }
    }

    fn cors_headers(&self) -> &[&str] {
        &["accept", "authorization", "content-type", "oidcaccesstoken"]
    }

    fn body_limit(&self) -> usize {
        // What surrounds the file in a multipart body is small.
        self.options.upload_limit.saturating_add(BODY_LIMIT)
    }

    fn idle_timeout(&self) -> Duration {
        self.options.idle_timeout
    }

    fn turn_timeout(&self) -> Duration {
        self.options.turn_timeout
    }

    fn examples(&self, base_url: &str) -> Vec<String> {
        let bot = self.options.bots.first().map_or("", |bot| &bot.bot_id);
        let api = format!("{base_url}/servlet/api");
        vec![
            format!(
                "curl -s '{api}/chat/talk/{bot}' -d 'language=en&space=Defaut' \
                 --data-urlencode 'userInput=hello'"
            ),
            format!("curl -s '{api}/account/dydubox/bots/language?botUUID={bot}'"),
            format!("curl -s '{api}/serverstatus'"),
        ]
    }

    fn describe(&self) -> Vec<String> {
        self.options
            .bots
            .iter()
            .map(|bot| match &bot.name {
                Some(name) => format!("bot {} ({name})", bot.bot_id),
                None => format!("bot {}", bot.bot_id),
            })
            .collect()
    }
}

/// How a client asks, and so how it gets what the engine publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Waits for an answer.
    Rest,
    /// Gets what is published pushed.
    Socket,
}

/// A request, whatever way it came.
pub(crate) struct Ask<'a> {
    options: &'a Arc<FrontendOptions>,
    bot: &'a Arc<BotOptions>,
    /// The bot was named, or is the only one; it stands in otherwise.
    is_sure: bool,
    context: Option<String>,
    params: Params<'a>,
    retry: Option<Retry>,
    /// Which browser asks.
    client: Option<ClientMark>,
    channel: Channel,
}

impl Ask<'_> {
    fn profile(&self) -> Profile {
        let mut profile = input::profile(&self.params, &self.bot.bot_id);
        // The bot that stands in must not become the conversation's.
        profile.app = profile.app.filter(|_| self.is_sure);
        profile
    }

    /// What the conversation belongs to. A context alone is enough to find one: then any bot's.
    fn scope(&self, find: &Find) -> String {
        if !self.is_sure && matches!(find, Find::Existing(_)) {
            String::new()
        } else {
            self.bot.bot_id.clone()
        }
    }

    /// What the client asked for, to answer in kind.
    fn manner(&self) -> Manner {
        Manner::of(&self.params, self.bot)
    }
}

/// What the client asked for, kept until the answer is there.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    language: Option<String>,
    space: Option<String>,
    bot: Arc<BotOptions>,
}

impl Manner {
    fn of(params: &Params<'_>, bot: &Arc<BotOptions>) -> Self {
        Self {
            language: params.word("language").map(str::to_owned),
            space: params
                .word("space")
                .filter(|space| !words::is_default_space(space))
                .map(str::to_owned),
            bot: Arc::clone(bot),
        }
    }

    /// Where an answer goes. The language is the conversation's, which an engine may have
    /// changed, as long as the widget can be expected to know it.
    fn scene<'a>(&'a self, view: &'a View, occasion: Occasion, cx: &Cx<'_>) -> Scene<'a> {
        let language = view
            .profile
            .locales
            .effective()
            .filter(|language| self.bot.speaks(language))
            .or(self.language.as_deref())
            .unwrap_or_else(|| self.bot.first_language());
        let space = view.profile.space.as_deref();
        // Where the request named no bot, the conversation knows better.
        let bot = match &*view.scope {
            "" => &self.bot.bot_id,
            scope => scope,
        };
        Scene {
            context: &view.key,
            bot,
            language,
            space: space.filter(|space| Some(*space) != self.space.as_deref()),
            now: cx.now.as_millis(),
            occasion,
            turn: None,
        }
    }
}

/// What an endpoint makes of a request.
fn plan(endpoint: Endpoint, ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    match endpoint {
        Endpoint::Talk => talk::talk(ask, cx),
        Endpoint::Poll => livechat::poll(ask),
        Endpoint::Typing => Ok(livechat::typing(ask, cx)),
        Endpoint::Reading => Ok(livechat::reading(ask, cx)),
        Endpoint::History => Ok(history::history(ask)),
        Endpoint::TopKnowledge => knowledge::top(ask, cx),
        Endpoint::Search => knowledge::search(ask, cx),
        Endpoint::Feedback | Endpoint::FeedbackComment | Endpoint::FeedbackReason => {
            feedback::feedback(endpoint, ask, cx)
        }
        Endpoint::Survey => survey::answer(ask, cx),
        Endpoint::SurveyConfiguration => survey::configuration(ask),
        Endpoint::Variable => context::variable(ask, cx),
        Endpoint::WelcomeCall => Ok(context::welcome_call(ask, cx)),
        Endpoint::Context => Ok(context::context(ask)),
        Endpoint::AvailableContext => Ok(context::available(ask)),
        Endpoint::Status => Ok(context::status(ask)),
        Endpoint::ServerStatus => Ok(site::server_status()),
        Endpoint::Languages => Ok(site::languages(ask, cx)),
        Endpoint::PushRules => Ok(site::push_rules(ask, cx)),
        Endpoint::ErrorReport => site::error_report(ask, cx),
        Endpoint::Gdpr => personal::gdpr(ask, cx),
        Endpoint::Dialogs => personal::dialogs(ask),
        Endpoint::SamlStatus | Endpoint::SamlUserInfo => Ok(site::no_saml()),
        Endpoint::WhoAmI
        | Endpoint::FileUpload
        | Endpoint::ChatHttp
        | Endpoint::ChatWs
        | Endpoint::PrintableHistory => Err(Fault::NotFound),
    }
}

/// Parameters of body and query; those of the body win.
///
/// # Errors
/// The body says that it is JSON, and is no JSON object.
fn parameters(request: &Request<Bytes>, endpoint: Endpoint) -> Result<Params<'_>, Fault> {
    let body = request.body();
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let is_json = content_type
        .get(..JSON.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(JSON));
    let is_elsewhere = match endpoint {
        Endpoint::FileUpload => true,
        Endpoint::ChatHttp => is_json,
        _ => false,
    };
    let mut params = if body.is_empty() || is_elsewhere {
        Params::new()
    } else if is_json {
        serde_json::from_slice(body)
            .map(Params::of_json)
            .map_err(|error| Fault::bad_field("body", format!("no JSON object: {error}")))?
    } else if endpoint.is_unencoded() {
        let body = String::from_utf8_lossy(body);
        Params::unencoded(&body, params::is_survey_or_poll_name)
    } else {
        Params::form(body)
    };
    if let Some(query) = request.uri().query() {
        params.append(Params::form(query.as_bytes()));
    }
    Ok(params)
}

/// The request tells whose it is.
fn is_known(params: &Params<'_>) -> bool {
    let user = params.get("clientId");
    params.context().is_some() || user.is_some_and(|user| !user.trim().is_empty())
}

/// The widget repeats an unanswered request byte for byte, without a request id. A copy may take
/// another way to the same server, so the path counts for what it leads to.
fn retry_key(route: &Route<'_>, params: &Params<'_>) -> Retry {
    let mut digest = DefaultHasher::new();
    route.hash(&mut digest);
    for pair in params.iter() {
        pair.hash(&mut digest);
    }
    Retry {
        digest: digest.finish(),
        patience: PATIENCE,
        pause: PAUSE,
    }
}
