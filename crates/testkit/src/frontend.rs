use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use switchboard_core::Fault;
use switchboard_core::dialect::{
    Call, Collect, Cx, Find, Frontend, Handled, Operation, Outcome, Target, UnknownChoice, Wait,
};
use switchboard_core::model::{
    Capabilities, DialectName, KindSet, MessageId, Profile, TextFormat, Timestamp, UserEvent,
    UserInput,
};
use switchboard_exchange::{BackendSpec, Dialer, FrontendSpec, Limits, Parts, RouteSpec};
use switchboard_store::{MemoryStore, Transcripts};

use crate::{FakeBackend, TestClock};

/// A frontend without a wire form, for tests that make their calls themselves.
#[derive(Debug)]
pub struct PlainFrontend {
    /// How long a conversation lasts.
    pub idle: Duration,
    /// How long a caller waits.
    pub turn: Duration,
}

impl Default for PlainFrontend {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(600),
            turn: Duration::from_secs(30),
        }
    }
}

impl Frontend for PlainFrontend {
    fn handle(&self, _: Request<Bytes>, _: &str, _: &Cx<'_>) -> Handled {
        Handled::Refuse(Fault::NotFound, self.encode_fault(&Fault::NotFound))
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        Response::new(Bytes::from(fault.reason()))
    }

    fn cors_headers(&self) -> &[&str] {
        &[]
    }

    fn idle_timeout(&self) -> Duration {
        self.idle
    }

    fn turn_timeout(&self) -> Duration {
        self.turn
    }

    fn examples(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn describe(&self) -> Vec<String> {
        Vec::new()
    }
}

/// One frontend `web` that leads to one [`FakeBackend`].
pub fn parts(frontend: PlainFrontend, backend: FakeBackend, dialer: impl Dialer) -> Parts {
    let capabilities = Capabilities {
        kinds: KindSet::all(),
        text: TextFormat::Html,
        actions_anywhere: true,
        choices: true,
        push: true,
    };
    Parts {
        frontends: vec![FrontendSpec {
            name: "web".to_owned(),
            dialect: DialectName::new("plain"),
            frontend: Arc::new(frontend),
            capabilities,
            route: "main".to_owned(),
        }],
        backends: vec![BackendSpec {
            name: "fake".to_owned(),
            dialect: DialectName::new("fake"),
            backend: Arc::new(backend),
        }],
        routes: vec![RouteSpec {
            name: "main".to_owned(),
            backend: "fake".to_owned(),
        }],
        dialer: Arc::new(dialer),
        clock: Arc::new(TestClock::new()),
        store: Arc::new(MemoryStore::new()),
        transcripts: Transcripts::none(),
        limits: Limits::default(),
    }
}

/// A call that says something and waits for the answer of the turn.
pub fn say(find: Find, id: u128, text: &str, collect: Collect) -> Call<Result<Outcome, Fault>> {
    Call {
        target: Target {
            find,
            scope: "app".to_owned(),
            retry: None,
            client: None,
        },
        profile: Profile::default(),
        operation: Operation::Input {
            event: Box::new(UserEvent::new(
                MessageId(uuid::Uuid::from_u128(id)),
                Timestamp::default(),
                UserInput::text(text),
            )),
            wait: Wait::Turn(collect),
            unknown_choice: UnknownChoice::Ignore,
        },
        finish: Box::new(|result, _| result),
    }
}
