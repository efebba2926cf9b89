//! A turn's way through both dialects, without any IO.
//!
//! Timed is, on a warm leg and with a fresh message every time:
//!
//! 1. `Frontend::handle` of the client's request, and `Leg::handle` of the event in its call, up
//!    to the request for the engine;
//! 2. `Leg::handle` of the engine's answer, adapting and numbering the published messages as the
//!    exchange does, and `Call::finish`, up to the response for the client.
//!
//! Not timed are making the client's and the engine's bytes, and merging the profile. Between the
//! two halves, in the same iteration and so with caches in the same state, the same bytes go
//! through `serde_json`: see [`Part`].

mod baseline;
mod case;
mod log;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use http::{Request, Response};
use switchboard_core::dialect::{
    Answer, Build, Call, CallId, Cx, Effect, Frontend, Handled, HandoverState, IdSource, Leg,
    LegInput, LegOutput, Operation, Outcome, View,
};
use switchboard_core::model::{
    Capabilities, ConversationId, MessageId, Profile, Timestamp, UserEvent, UserInput,
};

pub use case::{Case, Part, STAGES, Turn};
use log::{ends, publish};

use crate::vendor::{CLIENTS, Engine, GATEWAY, Ids, Visitor};
use crate::wire::WireRequest;

/// A conversation on a route, past its opening.
pub struct Route {
    frontend: Arc<dyn Frontend>,
    capabilities: Capabilities,
    leg: Box<dyn Leg>,
    engine: Engine,
    visitor: Visitor,
    question: String,
    profile: Profile,
    view: View,
    seq: u64,
    now: Timestamp,
    client_ids: Ids,
    ids: GatewayIds,
}

struct GatewayIds(Ids);

impl IdSource for GatewayIds {
    fn fresh(&self) -> uuid::Uuid {
        self.0.next()
    }
}

/// 2025-10-09, so that nothing that the engines date in the past is in the future.
const BEGIN: Timestamp = Timestamp(1_760_000_000_000);

impl Route {
    /// Sets both sides up, opens the conversation, and goes through one turn.
    ///
    /// # Errors
    /// A dialect refuses, or wants something that its vendor's protocol does not have.
    pub fn open(case: &Case) -> Result<Self> {
        let read_file = |name: &str| Err(format!("{name}: no files here"));
        let build = Build {
            signing_key: [7; 32],
            read_file: &read_file,
            read_folder: &|_| Err("no folders here".to_owned()),
        };
        let dialect = case.frontend.dialect();
        let frontend = dialect.frontend(case.frontend.frontend_options(), &build)?;
        let options = case.backend.backend_options("http://127.0.0.1:9/engine");
        let backend = case.backend.dialect().backend(options, &build)?;
        let ids = GatewayIds(Ids::new(GATEWAY));
        let id = ConversationId(ids.fresh());
        let leg = backend.open(
            id,
            &Cx {
                now: BEGIN,
                ids: &ids,
            },
        );
        let view = View {
            id,
            key: id.to_string().into(),
            scope: "".into(),
            created: true,
            used: false,
            ended: false,
            handover: HandoverState::None,
            profile: Arc::default(),
            last_seq: 0,
        };
        let mut route = Self {
            frontend,
            capabilities: dialect.capabilities().clone(),
            leg,
            engine: Engine::new(&case.sample),
            visitor: Visitor::new(case.frontend, 1),
            question: case.sample.question.clone(),
            profile: Profile::default(),
            view,
            seq: 0,
            now: BEGIN,
            client_ids: Ids::new(CLIENTS),
            ids,
        };
        route.warm_up()?;
        Ok(route)
    }

    fn warm_up(&mut self) -> Result<()> {
        while let Some(request) = self.visitor.opening(&self.client_ids) {
            let answer = self.opening_answer(&request)?;
            self.visitor.learn(&answer)?;
        }
        self.view.created = false;
        self.view.used = true;
        let turn = MessageId(self.ids.fresh());
        let event = UserEvent::new(turn, self.now, UserInput::text(&self.question));
        let mut output = LegOutput::default();
        let input = LegInput::Event {
            event: &event,
            profile: &self.profile,
        };
        self.leg.handle(
            input,
            &Cx {
                now: self.now,
                ids: &self.ids,
            },
            &mut output,
        );
        for _ in 0..10 {
            if output.events.iter().any(|event| ends(event, turn)) {
                return Ok(());
            }
            let mut next = LegOutput::default();
            for effect in output.effects {
                let Effect::Http { call, request, .. } = effect else {
                    bail!("the leg wants more than HTTP: {effect:?}");
                };
                let result = Ok(self.engine.answer(&request));
                let input = LegInput::Response { call, result };
                self.leg.handle(
                    input,
                    &Cx {
                        now: self.now,
                        ids: &self.ids,
                    },
                    &mut next,
                );
            }
            output = next;
        }
        bail!("the first turn does not end");
    }

    fn opening_answer(&mut self, request: &WireRequest) -> Result<Bytes> {
        match self.handle(request)? {
            Handled::Reply(response) => Ok(response.into_body()),
            Handled::Call(call) => {
                self.profile.merge(call.profile);
                let outcome = Outcome {
                    view: self.view.clone(),
                    answer: Answer::default(),
                };
                Ok((call.finish)(Ok(outcome), &self.cx()).into_body())
            }
            other => bail!("{} is answered by {other:?}", request.path),
        }
    }

    fn handle(&self, request: &WireRequest) -> Result<Handled> {
        let path = request
            .path
            .split('?')
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok(self.frontend.handle(request.to_http()?, &path, &self.cx()))
    }

    fn cx(&self) -> Cx<'_> {
        Cx {
            now: self.now,
            ids: &self.ids,
        }
    }

    /// One more turn.
    ///
    /// # Errors
    /// The turn does not end with the engine's first answer, or fails.
    pub fn turn(&mut self) -> Result<Turn> {
        self.now = self.now.after(Duration::from_millis(1));
        let wire = self.visitor.say(&self.question, &self.client_ids);
        let path = wire.path.split('?').next().unwrap_or_default().to_owned();
        let request = wire.to_http()?;
        let client_request = request.body().clone();

        let asked = self.ask(request, &path)?;
        let Asked {
            finish,
            turn,
            call,
            request,
            took: [decode, encode],
        } = asked;
        let answer = self.engine.answer(&request);
        let engine_answer = answer.body().clone();
        let engine_request = request.into_body();
        let (response, [read, log, write]) = self.answer(finish, turn, call, answer)?;
        let stages = [decode, encode, read, log, write];

        ensure!(
            response.status().is_success(),
            "answered {}",
            response.status()
        );
        let client_answer = response.into_body();
        let inputs = [&client_request, &engine_answer];
        let outputs = [&engine_request, &client_answer];
        let echo = baseline::echo(inputs)?;
        let generic = baseline::generic(inputs, outputs)?;
        Ok(Turn {
            client_request,
            engine_request,
            engine_answer,
            client_answer,
            stages,
            echo,
            generic,
        })
    }

    /// The first half.
    fn ask(&mut self, request: Request<Bytes>, path: &str) -> Result<Asked> {
        let cx = Cx {
            now: self.now,
            ids: &self.ids,
        };
        let begun = Instant::now();
        let handled = self.frontend.handle(request, path, &cx);
        let Handled::Call(call) = handled else {
            bail!("no call: {handled:?}")
        };
        let Call {
            operation,
            finish,
            profile,
            target,
        } = *call;
        let Operation::Input { event, .. } = operation else {
            bail!("not an input")
        };
        let decoded = Instant::now();
        let mut output = LegOutput::default();
        let input = LegInput::Event {
            event: &event,
            profile: &self.profile,
        };
        self.leg.handle(input, &cx, &mut output);
        let turn = event.id;
        drop((event, profile, target));
        let encoded = Instant::now();
        let took = [decoded - begun, encoded - decoded];
        match output.effects.pop() {
            Some(Effect::Http { call, request, .. }) if output.effects.is_empty() => Ok(Asked {
                finish,
                turn,
                call,
                request,
                took,
            }),
            effect => bail!("the turn is not one request: {effect:?}, {output:?}"),
        }
    }

    /// The second half.
    fn answer(
        &mut self,
        finish: Finish,
        turn: MessageId,
        call: CallId,
        answer: Response<Bytes>,
    ) -> Result<(Response<Bytes>, [Duration; 3])> {
        let cx = Cx {
            now: self.now,
            ids: &self.ids,
        };
        let begun = Instant::now();
        let mut output = LegOutput::default();
        let input = LegInput::Response {
            call,
            result: Ok(answer),
        };
        self.leg.handle(input, &cx, &mut output);
        let decoded = Instant::now();
        let ended = output.events.iter().any(|event| ends(event, turn));
        ensure!(ended, "the turn does not end: {output:?}");
        let entries = publish(
            output.events,
            &self.capabilities,
            turn,
            self.now,
            &mut self.seq,
        );
        ensure!(!entries.is_empty(), "nothing is published");
        let answer = Answer {
            entries,
            turn: Some(turn),
            ..Answer::default()
        };
        let outcome = Outcome {
            view: View {
                last_seq: self.seq,
                ..self.view.clone()
            },
            answer,
        };
        let logged = Instant::now();
        let response = finish(Ok(outcome), &cx);
        let encoded = Instant::now();
        Ok((
            response,
            [decoded - begun, logged - decoded, encoded - logged],
        ))
    }
}

type Finish = switchboard_core::dialect::Finish<Response<Bytes>>;

/// What the first half comes to.
struct Asked {
    finish: Finish,
    turn: MessageId,
    call: CallId,
    request: Request<Bytes>,
    took: [Duration; 2],
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn every_case_brings_its_answer() {
        for case in Case::all() {
            let turn = Route::open(&case).and_then(|mut route| route.turn());
            let turn = turn.with_context(|| case.id()).unwrap();
            assert!(
                turn.client_answer.len() >= case.sample.html.len() / 2,
                "{}",
                case.id()
            );
        }
    }
}
