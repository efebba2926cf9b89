//! `chat/topknowledge` and `chat/search`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.10 and
//! 3.3.14.

use switchboard_core::dialect::{Collect, Cx, Find, Operation, UnknownChoice, Wait};
use switchboard_core::model::{Query, QueryAnswer, TopQuestions, UserEvent, UserInput};

use super::Ask;
use super::plan::{Plan, Reply};
use crate::wire::knowledge::{TopKnowledgeRequest, TopKnowledgeValues};
use crate::wire::{Envelope, envelope};

/// How many questions a client gets that does not say how many it wants.
const DEFAULT_LIMIT: u32 = 5;

/// The most asked questions: the configured ones, else the engine's.
///
/// A failure of the engine is answered with none: the widget would never open otherwise
/// (`docs/protocols/dydu.md#11-what-the-unmodified-chatbox-does-on-start-up`, step 8).
pub(super) fn top(ask: &Ask<'_>, cx: &Cx<'_>) -> Plan {
    let request = TopKnowledgeRequest::of(&ask.params);
    let limit = request.max.unwrap_or(DEFAULT_LIMIT);
    let encode = move |mut questions: Vec<String>| {
        questions.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Envelope::text(envelope::TOP_KNOWLEDGE, TopKnowledgeValues::of(&questions))
    };
    if !ask.options.top_knowledge.is_empty() {
        return Plan::text(encode(ask.options.top_knowledge.clone()));
    }
    let input = UserInput::Query(Query::TopQuestions(TopQuestions {
        limit,
        period: request.period,
        tag: request.tag,
        ..TopQuestions::default()
    }));
    let event = UserEvent::new(cx.message_id(), cx.now, input);
    let operation = Operation::Input {
        event: Box::new(event),
        wait: Wait::Turn(Collect::Turn),
        unknown_choice: UnknownChoice::Pass,
    };
    Plan::call(
        ask.profile(),
        Find::Detached,
        operation,
        move |result, _| {
            let answer = result.ok().and_then(|outcome| outcome.answer.queried);
            let questions = answer.map(QueryAnswer::into_questions);
            Ok(Reply::Text(encode(questions.unwrap_or_default())))
        },
    )
}

/// Suggestions while the user types. No engine but dydu's has them, so there are none.
pub(super) fn search() -> Plan {
    Plan::text(Envelope::text(envelope::SEARCH, [(); 0]))
}
