//! Finds what a user's click is about, in what the conversation has shown.

use std::sync::Arc;

use switchboard_core::dialect::{Entry, UnknownChoice};
use switchboard_core::model::{
    Action, Author, ChoiceMade, Content, Feedback, FeedbackRequest, Message, MessageId, Rating,
    UserInput,
};

/// What became of an input.
pub(crate) enum Resolved {
    /// The engine gets this.
    Pass(UserInput),
    /// It is logged, and the turn ends without an answer.
    Ignore(UserInput),
}

/// Completes an input from the log, newest entry first: a choice gets its action, a choice on a
/// request for feedback becomes feedback, feedback gets the message that it is about.
pub(crate) fn resolve<'a>(
    input: UserInput,
    log: impl DoubleEndedIterator<Item = &'a Arc<Entry>>,
    unknown: UnknownChoice,
) -> Resolved {
    match input {
        UserInput::Choice(choice) => resolve_choice(choice, log, unknown),
        UserInput::Feedback(mut feedback) if feedback.message.is_none() => {
            feedback.message = message_to_rate(log);
            Resolved::Pass(UserInput::Feedback(feedback))
        }
        UserInput::Feedback(feedback)
            if unknown == UnknownChoice::Ignore && !is_open_to(&feedback, log) =>
        {
            Resolved::Ignore(UserInput::Feedback(feedback))
        }
        other => Resolved::Pass(other),
    }
}

/// Whether the message that a verdict is about was shown, and still takes such a verdict.
fn is_open_to<'a>(
    feedback: &Feedback,
    log: impl DoubleEndedIterator<Item = &'a Arc<Entry>>,
) -> bool {
    let mut about = messages(log).filter(|message| feedback.message == Some(message.id));
    about.next().is_some_and(|message| {
        !actions(message)
            .iter()
            .any(|action| action.disabled && rating(message, action) == feedback.rating)
    })
}

/// Every message that was shown or that was published, newest entry first.
fn messages<'a>(
    log: impl DoubleEndedIterator<Item = &'a Arc<Entry>>,
) -> impl Iterator<Item = &'a Message> {
    log.rev()
        .filter_map(|entry| entry.message())
        .flat_map(|published| {
            published
                .shown()
                .iter()
                .chain(std::iter::once(&published.message))
        })
}

fn resolve_choice<'a>(
    mut choice: ChoiceMade,
    log: impl DoubleEndedIterator<Item = &'a Arc<Entry>>,
    unknown: UnknownChoice,
) -> Resolved {
    let mut best: Option<(Match, &Message, &Action)> = None;
    for message in messages(log) {
        if choice.message.is_some_and(|wanted| wanted != message.id) {
            continue;
        }
        for action in actions(message) {
            let Some(found) = matches(&choice, action) else {
                continue;
            };
            if best.as_ref().is_none_or(|(so_far, ..)| found > *so_far) {
                best = Some((found, message, action));
            }
        }
        if best
            .as_ref()
            .is_some_and(|(found, ..)| *found == Match::Exact)
        {
            break;
        }
    }
    match best {
        Some((_, _, action)) if action.disabled => Resolved::Ignore(UserInput::Choice(choice)),
        Some((_, message, action)) => {
            if let Some(rating) = rating(message, action) {
                return Resolved::Pass(UserInput::Feedback(Feedback {
                    message: Some(message.id),
                    rating: Some(rating),
                    ..Feedback::default()
                }));
            }
            choice.message = Some(message.id);
            choice.action = Some(Box::new(action.clone()));
            Resolved::Pass(UserInput::Choice(choice))
        }
        None => match unknown {
            UnknownChoice::Ignore => Resolved::Ignore(UserInput::Choice(choice)),
            UnknownChoice::Pass => Resolved::Pass(UserInput::Choice(choice)),
            UnknownChoice::AsText => match choice.words() {
                Some(words) => Resolved::Pass(UserInput::text(words)),
                None => Resolved::Ignore(UserInput::Choice(choice)),
            },
        },
    }
}

/// How well an action fits a choice; a later one is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Label,
    Id,
    Exact,
}

fn matches(choice: &ChoiceMade, action: &Action) -> Option<Match> {
    if let Some(id) = choice.id.as_deref().filter(|id| !id.is_empty()) {
        let value = choice.value.as_deref().filter(|value| !value.is_empty());
        let own_value = action.value.as_deref().filter(|value| !value.is_empty());
        if (id == action.id && value == own_value) || (value.is_none() && id == action.key()) {
            return Some(Match::Exact);
        }
        if id == action.id && (value.is_none() || own_value.is_none()) {
            return Some(Match::Id);
        }
        // Where an action has no id, its label stands for it on the wire.
        if action.id.is_empty() && id == action.label {
            return Some(Match::Label);
        }
        // The id is not known; whoever names the message may still mean its words.
        if choice.message.is_none() || value.is_some() {
            return None;
        }
    }
    let label = choice.label.as_deref()?;
    (!label.is_empty() && label == action.label).then_some(Match::Label)
}

/// Every action that a message shows, those of its cards and items included.
fn actions(message: &Message) -> Vec<&Action> {
    let mut actions: Vec<&Action> = message.actions.iter().collect();
    of_content(&message.content, &mut actions);
    actions
}

fn of_content<'a>(content: &'a Content, actions: &mut Vec<&'a Action>) {
    match content {
        Content::Card(card) => actions.extend(card.actions.iter().chain(&card.tap)),
        Content::Carousel { cards, .. } => {
            actions.extend(
                cards
                    .iter()
                    .flat_map(|card| card.actions.iter().chain(&card.tap)),
            );
        }
        Content::List(list) => {
            for item in &list.items {
                actions.extend(&item.actions);
                if !matches!(item.content, Content::List(_)) {
                    of_content(&item.content, actions);
                }
            }
        }
        _ => {}
    }
}

fn rating(message: &Message, action: &Action) -> Option<Rating> {
    // The id is enough where adaptation turned the request into ordinary choices.
    match action.id.as_str() {
        FeedbackRequest::POSITIVE => Some(Rating::Positive),
        FeedbackRequest::NEGATIVE => Some(Rating::Negative),
        _ if matches!(message.content, Content::FeedbackRequest(_)) => match action.icon {
            switchboard_core::model::Icon::ThumbUp => Some(Rating::Positive),
            switchboard_core::model::Icon::ThumbDown => Some(Rating::Negative),
            _ => None,
        },
        _ => None,
    }
}

/// The newest request for feedback, else the newest message of the bot.
fn message_to_rate<'a>(log: impl DoubleEndedIterator<Item = &'a Arc<Entry>>) -> Option<MessageId> {
    let mut newest = None;
    for message in log
        .rev()
        .filter_map(|entry| entry.message())
        .map(|published| &published.message)
    {
        if matches!(message.content, Content::FeedbackRequest(_)) {
            return Some(message.id);
        }
        if newest.is_none() && matches!(message.author, Author::Bot) {
            newest = Some(message.id);
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use switchboard_core::dialect::{Item, Published};
    use switchboard_core::model::Timestamp;
    use uuid::Uuid;

    use super::*;

    const OFFER: MessageId = MessageId(Uuid::from_u128(1));

    /// A log with one offer: tea, milk that is out, and a request for feedback whose verdict "no"
    /// was taken.
    fn log() -> Vec<Arc<Entry>> {
        let mut actions = vec![
            Action::choice("tea", "Tea"),
            Action::choice("milk", "Milk"),
            Action::choice(FeedbackRequest::POSITIVE, "Yes"),
            Action::choice(FeedbackRequest::NEGATIVE, "No"),
        ];
        for action in actions.iter_mut().skip(1).step_by(2) {
            action.disabled = true;
        }
        let content = Content::FeedbackRequest(FeedbackRequest::default());
        let message = Message::bot(OFFER, None, Timestamp::default(), content);
        let entry = Entry {
            seq: 1,
            at: Timestamp::default(),
            turn: None,
            index: 0,
            last: false,
            unrecorded: false,
            item: Item::Message(Box::new(Published::as_is(message.with_actions(actions)))),
        };
        vec![Arc::new(entry)]
    }

    /// The id of the action that a click is found to be on, if it is not only logged.
    fn clicked(message: Option<MessageId>, id: Option<&str>, label: &str) -> Option<String> {
        let choice = UserInput::Choice(ChoiceMade {
            message,
            id: id.map(str::to_owned),
            label: Some(label.to_owned()),
            ..ChoiceMade::default()
        });
        match resolve(choice, log().iter(), UnknownChoice::Ignore) {
            Resolved::Pass(UserInput::Choice(choice)) => choice.action.map(|action| action.id),
            _ => None,
        }
    }

    #[test]
    fn a_click_is_known_by_its_id_and_else_by_its_words() {
        let tea = Some("tea".to_owned());
        assert_eq!(clicked(Some(OFFER), Some("tea"), "Milk"), tea);
        assert_eq!(clicked(Some(OFFER), Some("gone"), "Tea"), tea);
        assert_eq!(clicked(Some(OFFER), None, "Tea"), tea);
        assert_eq!(clicked(None, Some("tea"), ""), tea);
        assert_eq!(
            clicked(None, Some("gone"), "Tea"),
            None,
            "of which message?"
        );
        assert_eq!(clicked(Some(OFFER), Some("gone"), "Beer"), None);
        assert_eq!(clicked(Some(OFFER), Some("milk"), "Milk"), None, "disabled");
        let other = MessageId(Uuid::from_u128(2));
        assert_eq!(clicked(Some(other), Some("tea"), "Tea"), None);
    }

    #[test]
    fn a_verdict_needs_a_message_that_takes_it() {
        let passes = |message, rating, unknown| {
            let feedback = UserInput::Feedback(Feedback {
                message: Some(message),
                rating: Some(rating),
                ..Feedback::default()
            });
            matches!(resolve(feedback, log().iter(), unknown), Resolved::Pass(_))
        };
        let other = MessageId(Uuid::from_u128(2));
        assert!(passes(OFFER, Rating::Positive, UnknownChoice::Ignore));
        assert!(!passes(OFFER, Rating::Negative, UnknownChoice::Ignore));
        assert!(!passes(other, Rating::Positive, UnknownChoice::Ignore));
        assert!(passes(other, Rating::Positive, UnknownChoice::Pass));
    }
}
