//! A host on a free port, with a frontend whose wire form is plain lines.

#![allow(
    missing_docs,
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests; each test binary uses its part"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Amend, Amended, Answer, Attach, Call, Collect, Consult, Cx, Encrypted, Entry, Find, Frontend,
    Handled, Keep, KeptValue, LookUp, Operation, Outcome, ServerSession, SessionAction, Target,
    TranscriptPage, TranscriptQuery, UnknownChoice, Upgrade, View, Wait,
};
use switchboard_core::model::{Content, MessageId, Profile, UserEvent, UserInput};
use switchboard_exchange::{Dialer, Exchange};
use switchboard_net::clock::SystemClock;
use switchboard_net::dial::NetDialer;
use switchboard_net::host::{Host, Limits, Listener, Mount, Parts, Running, Serves};
use switchboard_net::tls::ServerTls;
use switchboard_net::workers::Workers;
use switchboard_store::{DocumentStore, MemoryDocuments, MemoryValues, Transcripts, ValueStore};
use switchboard_testkit::{FakeBackend, FakeEngine, PlainFrontend};
use tokio::net::TcpListener;

/// `POST /say?KEY` says the body and answers with the turn's lines; `/ws?KEY` is a websocket, one
/// message a line; `/ws` alone attaches on `attach KEY`. `POST /amend` adds the body to what is
/// kept, `/amended` is what of it is in force. `POST /keep?KEY` keeps the body for an hour, `/kept?A,B`
/// says what is found under each key, one after the other; `/scheme` tells whether the request came
/// over TLS.
/// `/said?USER` tells how much was said.
#[derive(Default)]
pub struct Lines {
    amended: Mutex<String>,
}

fn target(key: &str) -> Target {
    let find = Find::Continue(key.to_owned());
    Target {
        find,
        scope: "app".to_owned(),
        retry: None,
        client: None,
    }
}

fn input<R>(
    key: &str,
    text: &str,
    wait: Wait,
    cx: &Cx<'_>,
    finish: impl FnOnce(Result<Outcome, Fault>, &Cx<'_>) -> R + Send + 'static,
) -> Box<Call<R>> {
    let event = UserEvent::new(cx.message_id(), cx.now, UserInput::text(text));
    Box::new(Call {
        target: target(key),
        profile: Profile::default(),
        operation: Operation::Input {
            event: Box::new(event),
            wait,
            unknown_choice: UnknownChoice::Pass,
        },
        finish: Box::new(finish),
    })
}

fn line(entry: &Entry) -> Option<String> {
    match &entry.message()?.message.content {
        Content::Text { text } => Some(text.body.clone()),
        _ => None,
    }
}

fn lines(answer: &Answer) -> String {
    let lines: Vec<_> = answer
        .entries
        .iter()
        .filter_map(|entry| line(entry))
        .collect();
    lines.join("\n")
}

fn fault_answer(fault: &Fault) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(fault.reason()));
    *response.status_mut() = match fault {
        Fault::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Fault::NotFound => StatusCode::NOT_FOUND,
        Fault::Forbidden => StatusCode::FORBIDDEN,
        Fault::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
        Fault::BackendUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Fault::UnknownConversation => StatusCode::GONE,
        _ => StatusCode::BAD_REQUEST,
    };
    response
}

/// Each user with the number of lines.
fn said(page: &TranscriptPage) -> String {
    let users = page.users.iter();
    users
        .map(|user| format!("{}: {} lines;", user.user_id, user.lines.len()))
        .collect()
}

/// Adds a line to a text; an empty line is refused.
fn amend(line: String) -> Amend {
    Box::new(move |kept, _| {
        if line.is_empty() {
            let fault = Fault::bad_input("nothing to add");
            let response = fault_answer(&fault);
            return Err((fault, response));
        }
        let before = kept.map_or_else(String::new, |kept| kept.as_str().unwrap().to_owned());
        let text = format!("{before}{line};");
        Ok(Amended {
            document: Value::from(text.as_str()),
            response: Response::new(Bytes::from(text)),
        })
    })
}

/// Says what is kept under these keys.
fn look_up(mut keys: VecDeque<String>, mut said: String) -> Handled {
    let Some(key) = keys.pop_front() else {
        return Handled::Reply(Response::new(Bytes::from(said)));
    };
    Handled::LookUp(LookUp {
        key,
        then: Box::new(move |found, _| match found {
            Ok(found) => {
                said += &found.map_or("-".to_owned(), |it| it.as_str().unwrap().to_owned());
                said.push(';');
                look_up(keys, said)
            }
            Err(fault) => {
                let response = fault_answer(&fault);
                Handled::Refuse(fault, response)
            }
        }),
    })
}

impl Frontend for Lines {
    fn adopt(&self, document: &Value) -> Result<(), Fault> {
        *self.amended.lock().unwrap() = document.as_str().unwrap().to_owned();
        Ok(())
    }

    fn handle(&self, request: Request<Bytes>, path: &str, cx: &Cx<'_>) -> Handled {
        let key = request.uri().query().unwrap_or_default().to_owned();
        let text = String::from_utf8_lossy(request.body()).into_owned();
        match path {
            "/say" => Handled::Call(input(
                &key,
                &text,
                Wait::Turn(Collect::Turn),
                cx,
                |result, _| match result {
                    Ok(outcome) => Response::new(Bytes::from(lines(&outcome.answer))),
                    Err(fault) => fault_answer(&fault),
                },
            )),
            "/amend" => Handled::Amend(amend(text)),
            "/amended" => {
                let amended = self.amended.lock().unwrap().clone();
                Handled::Reply(Response::new(Bytes::from(amended)))
            }
            "/keep" => Handled::Keep(Box::new(Keep {
                values: vec![KeptValue {
                    key,
                    value: Value::from(text),
                    until: cx.now.after(Duration::from_secs(3600)),
                }],
                finish: Box::new(|kept, _| match kept {
                    Ok(()) => Response::new(Bytes::from("kept")),
                    Err(fault) => fault_answer(&fault),
                }),
            })),
            "/kept" => {
                let keys = key.split(',').map(str::to_owned).collect();
                look_up(keys, String::new())
            }
            "/scheme" => {
                let encrypted = request.extensions().get::<Encrypted>().is_some();
                let scheme = if encrypted { "https" } else { "http" };
                Handled::Reply(Response::new(Bytes::from(scheme)))
            }
            "/said" => Handled::Consult(Box::new(Consult {
                query: TranscriptQuery {
                    user_id: (!key.is_empty()).then_some(key),
                    ..TranscriptQuery::default()
                },
                finish: Box::new(|found, _| match found {
                    Ok(page) => Response::new(Bytes::from(said(&page))),
                    Err(fault) => fault_answer(&fault),
                }),
            })),
            "/ws" => Handled::Upgrade(Upgrade {
                subprotocol: Some("lines".to_owned()),
                attach: (!key.is_empty()).then(|| Attach {
                    target: target(&key),
                    profile: Profile::default(),
                }),
                session: Box::new(LineSession { key }),
            }),
            "/lost" => Handled::Upgrade(Upgrade {
                subprotocol: None,
                attach: Some(Attach {
                    target: Target {
                        find: Find::Existing("nobody".to_owned()),
                        ..target("")
                    },
                    profile: Profile::default(),
                }),
                session: Box::new(LineSession { key }),
            }),
            _ => Handled::Refuse(Fault::NotFound, fault_answer(&Fault::NotFound)),
        }
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        fault_answer(fault)
    }

    fn cors_headers(&self) -> &[&str] {
        &["content-type"]
    }

    fn body_limit(&self) -> usize {
        1024
    }

    fn frame_limit(&self) -> usize {
        1024
    }

    fn idle_timeout(&self) -> Duration {
        Duration::from_secs(600)
    }

    fn turn_timeout(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn examples(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn describe(&self) -> Vec<String> {
        Vec::new()
    }
}

struct LineSession {
    key: String,
}

impl ServerSession for LineSession {
    fn attached(&mut self, view: &View, _: &Cx<'_>) -> Vec<SessionAction> {
        self.key = view.key.to_string();
        vec![SessionAction::Send(format!("attached {}", view.key))]
    }

    fn attach_failed(&mut self, fault: &Fault, _: &Cx<'_>) -> Vec<SessionAction> {
        vec![SessionAction::Send(fault.reason().to_owned())]
    }

    fn handle_text(&mut self, text: &str, cx: &Cx<'_>) -> Vec<SessionAction> {
        match text.split_once(' ').unwrap_or((text, "")) {
            ("attach", key) => vec![SessionAction::Attach(Box::new(Attach {
                target: target(key),
                profile: Profile::default(),
            }))],
            ("quit", reason) => {
                vec![SessionAction::Close {
                    code: 4000,
                    reason: reason.to_owned(),
                }]
            }
            ("flood", _) => (0..100_000)
                .map(|_| SessionAction::Send("x".repeat(1024)))
                .collect(),
            ("turn", text) => vec![
                SessionAction::Call(input(
                    &self.key,
                    text,
                    Wait::Turn(Collect::Turn),
                    cx,
                    |result, _| {
                        let lines = result.map(|outcome| lines(&outcome.answer));
                        let text = lines.unwrap_or_else(|fault| fault.reason().to_owned());
                        vec![SessionAction::Send(format!("turn {text}"))]
                    },
                )),
                SessionAction::Send("after".to_owned()),
            ],
            _ => vec![SessionAction::Call(input(
                &self.key,
                text,
                Wait::Accepted,
                cx,
                |_, _| Vec::new(),
            ))],
        }
    }

    fn handle_binary(&mut self, data: &[u8], _: &Cx<'_>) -> Vec<SessionAction> {
        vec![SessionAction::Send(format!("{} bytes", data.len()))]
    }

    fn deliver(&mut self, entry: &Entry, _: &View, _: &Cx<'_>) -> Vec<SessionAction> {
        line(entry).map(SessionAction::Send).into_iter().collect()
    }

    fn turn_failed(&mut self, _: MessageId, fault: &Fault, _: &Cx<'_>) -> Vec<SessionAction> {
        vec![SessionAction::Send(fault.reason().to_owned())]
    }
}

/// A running host.
pub struct Server {
    pub address: SocketAddr,
    pub running: Running,
    pub exchange: Exchange,
}

/// How [`start`] sets a host up.
pub struct Setup {
    pub limits: Limits,
    pub origins: Vec<String>,
    pub tls: Option<Arc<ServerTls>>,
    pub serves: Serves,
    pub takes: Duration,
    pub documents: Arc<dyn DocumentStore>,
    pub values: Arc<dyn ValueStore>,
    pub follow: Option<Duration>,
    pub transcripts: Transcripts,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            origins: Vec::new(),
            tls: None,
            serves: Serves::Everything,
            takes: Duration::from_millis(300),
            documents: Arc::new(MemoryDocuments::new()),
            values: Arc::new(MemoryValues::new()),
            follow: None,
            transcripts: Transcripts::none(),
        }
    }
}

pub async fn start(setup: Setup) -> Server {
    let engine = FakeEngine { takes: setup.takes };
    let mut parts =
        switchboard_testkit::parts(PlainFrontend::default(), FakeBackend::default(), engine);
    parts.clock = Arc::new(SystemClock);
    parts.transcripts = setup.transcripts;
    let lines = Arc::new(Lines::default());
    parts.frontends[0].frontend = lines.clone();
    let exchange = Exchange::new(parts).unwrap();
    let host = Host::new(Parts {
        mounts: vec![Mount {
            name: "web".to_owned(),
            path: "/lines".to_owned(),
            host: None,
            origins: setup.origins,
            frontend: lines,
            handle: exchange.frontend("web").unwrap(),
        }],
        exchange: exchange.clone(),
        documents: setup.documents,
        values: setup.values,
        follow: setup.follow,
        clock: Arc::new(SystemClock),
        limits: setup.limits,
        workers: Workers::default(),
        render_metrics: Box::new(|| "metrics\n".to_owned()),
    });
    host.take_over().await.unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let running = host.serve(vec![Listener {
        tcp,
        tls: setup.tls,
        serves: setup.serves,
    }]);
    Server {
        address,
        running,
        exchange,
    }
}

/// Sends a request with our own client.
pub async fn send(
    dialer: &NetDialer,
    request: http::request::Builder,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let request = request.body(body.into()).unwrap();
    dialer
        .http(&"engine".into(), request, Duration::from_secs(5))
        .await
        .unwrap()
}

pub fn dialer() -> NetDialer {
    NetDialer::new([]).unwrap()
}

pub fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}
