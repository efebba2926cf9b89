//! `chat/topknowledge` and `chat/search`: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.10 and
//! 3.3.14.
//!
//! A failure of the engine is answered with nothing found: without the most asked questions the
//! widget would never open (`docs/protocols/dydu.md#11-what-the-unmodified-chatbox-does-on-start-up`,
//! step 8), and it would repeat a search at other servers.

use switchboard_core::Fault;
use switchboard_core::dialect::Cx;
use switchboard_core::model::{Query, QueryAnswer, Suggestions, TopQuestions};

use super::Ask;
use super::plan::Plan;
use crate::wire::knowledge::{
    Period, SearchRequest, Suggestion, TopKnowledgeRequest, TopKnowledgeValues,
};
use crate::wire::{Envelope, envelope};

/// How many questions a client gets that does not say how many it wants.
const DEFAULT_LIMIT: u32 = 5;

/// The most asked questions: the configured ones, else the engine's.
pub(super) fn top(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let request = TopKnowledgeRequest::of(&ask.params);
    let limit = request.max.unwrap_or(DEFAULT_LIMIT);
    let encode = move |mut questions: Vec<String>| {
        questions.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Envelope::text(envelope::TOP_KNOWLEDGE, TopKnowledgeValues::of(&questions))
    };
    if !ask.options.top_knowledge.is_empty() {
        return Ok(Plan::text(encode(ask.options.top_knowledge.clone())));
    }
    let query = Query::TopQuestions(TopQuestions {
        limit,
        period: request
            .period
            .map(|period: Period| period.as_str().to_owned()),
        tag: request.tag,
        include_child_tags: request.include_tag_children,
        exclude_gallery: request.exclude_gallery_content,
        ignore_picked: request.ignore_manual,
    });
    Ok(Plan::query(ask, query, cx, move |answer| {
        let questions = answer.map(QueryAnswer::into_questions);
        encode(questions.unwrap_or_default())
    }))
}

/// Suggestions while the user types.
pub(super) fn search(ask: &Ask<'_>, cx: &Cx<'_>) -> Result<Plan, Fault> {
    let request = SearchRequest::of(&ask.params)?;
    let encode = |sentences: Vec<String>| {
        let values: Vec<Suggestion> = sentences
            .into_iter()
            .map(|sentence| Suggestion {
                root_condition_reword: sentence.into(),
                ..Suggestion::default()
            })
            .collect();
        Envelope::text(envelope::SEARCH, values)
    };
    if request.search.trim().is_empty() {
        return Ok(Plan::text(encode(Vec::new())));
    }
    let query = Query::Suggestions(Suggestions {
        text: request.search,
        only_rewordable: request.only_rewordables,
        in_personalities: request.in_personalities,
    });
    Ok(Plan::query(ask, query, cx, move |answer| {
        let sentences = answer.map(QueryAnswer::into_questions);
        encode(sentences.unwrap_or_default())
    }))
}
