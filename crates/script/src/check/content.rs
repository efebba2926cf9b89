use super::{Checker, Role};
use crate::format::{
    Answer, Card, FieldDef, Item, ListEntry, ListEntryWhat, MediaDef, OptionDef, Reply, Target,
    What, Words,
};
use crate::locate::At;

impl Checker<'_> {
    pub(super) fn answer(&mut self, at: &At<'_>, answer: &Answer, role: Role) {
        for (index, item) in answer.0.iter().enumerate() {
            self.item(&at.index(index), at, item, role);
        }
    }

    fn item(&mut self, at: &At<'_>, whole: &At<'_>, item: &Item, role: Role) {
        self.options(&at.key("options"), &item.options);
        match &item.what {
            What::Text(_, words) => {
                // A text may be written without a list around it, as `answer.en = "..."`.
                if whole.is_list(self.document) {
                    self.words(&at.key("text"), words);
                } else {
                    self.words(whole, words);
                }
            }
            What::NoAnswer(words) => self.words(&at.key("no_answer"), words),
            What::Choices(choices) => self.words(&at.key("choices"), &choices.text),
            What::Quote(quote) => {
                let at = at.key("quote");
                self.words(&at.key("text"), &quote.text);
                self.maybe_words(&at.key("title"), quote.title.as_ref());
            }
            What::Image(media) => self.media(&at.key("image"), media),
            What::Video(media) => self.media(&at.key("video"), media),
            What::Audio(media) => self.media(&at.key("audio"), media),
            What::File(media) => self.media(&at.key("file"), media),
            What::Card(card) => self.card(&at.key("card"), card),
            What::Carousel(carousel) => {
                let at = at.key("carousel");
                self.maybe_words(&at.key("title"), carousel.title.as_ref());
                let cards = at.key("cards");
                if carousel.cards.is_empty() {
                    self.blame(&cards, "a carousel has cards");
                }
                for (index, card) in carousel.cards.iter().enumerate() {
                    self.card(&cards.index(index), card);
                }
            }
            What::List(list) => {
                let at = at.key("list");
                self.maybe_words(&at.key("title"), list.title.as_ref());
                let items = at.key("items");
                if list.items.is_empty() {
                    self.blame(&items, "a list has items");
                }
                for (index, item) in list.items.iter().enumerate() {
                    self.list_entry(&items.index(index), item);
                }
            }
            What::Form(form) => {
                let at = at.key("form");
                self.languages(&at.key("text"), &form.text);
                self.fields(&at.key("fields"), &form.fields);
                self.maybe_words(&at.key("submit"), form.submit.as_ref());
                if let Some(cancel) = &form.cancel {
                    let at = at.key("cancel");
                    self.intent_exists(&at.key("to"), &cancel.to);
                    self.words(&at.key("label"), &cancel.label);
                }
                self.reply(&at, &**form, role);
            }
            What::Survey(survey) => {
                let at = at.key("survey");
                self.maybe_words(&at.key("title"), survey.title.as_ref());
                self.languages(&at.key("text"), &survey.text);
                self.fields(&at.key("fields"), &survey.fields);
                self.maybe_words(&at.key("submit"), survey.submit.as_ref());
                self.reply(&at, &**survey, role);
            }
            What::Date(date) => {
                let at = at.key("date");
                self.words(&at.key("text"), &date.text);
                self.maybe_words(&at.key("submit"), date.submit.as_ref());
                self.reply(&at, date, role);
            }
            What::Autocomplete(address) | What::Address(address) => {
                let at = at.key(if matches!(item.what, What::Address(_)) {
                    "address"
                } else {
                    "autocomplete"
                });
                self.words(&at.key("text"), &address.text);
                self.maybe_words(&at.key("title"), address.title.as_ref());
                self.maybe_words(&at.key("placeholder"), address.placeholder.as_ref());
                self.maybe_words(&at.key("submit"), address.submit.as_ref());
                self.reply(&at, &**address, role);
            }
            What::Location(location) => {
                let at = at.key("location");
                self.words(&at.key("text"), &location.text);
                self.reply(&at, location, role);
            }
            What::Signature(signature) => {
                let at = at.key("signature");
                self.words(&at.key("text"), &signature.text);
                self.maybe_words(&at.key("title"), signature.title.as_ref());
                self.maybe_words(&at.key("document"), signature.document.as_ref());
                self.maybe_words(&at.key("submit"), signature.submit.as_ref());
                self.reply(&at, &**signature, role);
            }
            What::Upload(upload) => {
                let at = at.key("upload");
                self.words(&at.key("text"), &upload.text);
                self.maybe_words(&at.key("submit"), upload.submit.as_ref());
                self.reply(&at, upload, role);
            }
            What::Feedback(feedback) => {
                let at = at.key("feedback");
                self.words(&at.key("text"), &feedback.text);
                self.words(&at.key("yes"), &feedback.yes);
                self.words(&at.key("no"), &feedback.no);
                let reasons = at.key("reasons");
                for (index, reason) in feedback.reasons.iter().enumerate() {
                    self.words(&reasons.index(index), reason);
                }
            }
            What::Progress(progress) => {
                self.maybe_words(&at.key("progress").key("label"), progress.label.as_ref());
            }
            What::Handover(handover) => {
                self.languages(&at.key("handover").key("text"), &handover.text);
            }
            What::Notice(notice) => {
                self.languages(&at.key("notice").key("text"), &notice.text);
            }
            What::Attributes(_) | What::Typing(_) => {}
        }
    }

    fn list_entry(&mut self, at: &At<'_>, entry: &ListEntry) {
        match &entry.what {
            ListEntryWhat::Text(words) => self.words(&at.key("text"), words),
            ListEntryWhat::Image(media) => self.media(&at.key("image"), media),
            ListEntryWhat::Card(card) => self.card(&at.key("card"), card),
            ListEntryWhat::Choices(choices) => self.words(&at.key("choices"), &choices.text),
        }
        self.options(&at.key("options"), &entry.options);
    }

    fn card(&mut self, at: &At<'_>, card: &Card) {
        self.maybe_words(&at.key("title"), card.title.as_ref());
        self.maybe_words(&at.key("subtitle"), card.subtitle.as_ref());
        self.maybe_words(&at.key("text"), card.text.as_ref());
        self.maybe_words(&at.key("figure"), card.figure.as_ref());
        if let Some(image) = &card.image {
            self.media(&at.key("image"), image);
        }
        if let Some(tap) = &card.tap {
            self.option(&at.key("tap"), tap);
        }
        self.options(&at.key("options"), &card.options);
    }

    fn media(&mut self, at: &At<'_>, media: &MediaDef) {
        self.maybe_words(&at.key("alt"), media.alt.as_ref());
    }

    fn fields(&mut self, at: &At<'_>, fields: &[FieldDef]) {
        if fields.is_empty() {
            self.blame(at, "a form has fields");
        }
        for (index, field) in fields.iter().enumerate() {
            let at = at.index(index);
            let earlier = fields.get(..index).unwrap_or_default();
            if field.name.is_empty() || earlier.iter().any(|other| other.name == field.name) {
                self.blame(&at.key("name"), "each field has a name of its own");
            }
            self.words(&at.key("label"), &field.label);
            if field.kind.has_options() == field.options.is_empty() {
                self.blame(
                    &at.key("options"),
                    "`options` belong to the kinds `select`, `radio`, `checkbox` and \
                     `search_select`, and to no other",
                );
            }
            let options = at.key("options");
            for (index, option) in field.options.iter().enumerate() {
                self.maybe_words(&options.index(index).key("label"), option.label.as_ref());
            }
        }
    }

    fn options(&mut self, at: &At<'_>, options: &[OptionDef]) {
        for (index, option) in options.iter().enumerate() {
            self.option(&at.index(index), option);
        }
    }

    fn option(&mut self, at: &At<'_>, option: &OptionDef) {
        self.maybe_words(&at.key("label"), option.label.as_ref());
        match &option.target {
            Target::Intent(id) => {
                let to = at.key("to");
                self.intent_exists(&to, id);
                let known = self.file.intents.get(id);
                if option.label.is_none() && known.is_some_and(|intent| intent.label.is_none()) {
                    self.blame(
                        &to,
                        format!("the option has no words; give [intents.{id}] a `label`"),
                    );
                }
            }
            Target::Say(words) => self.words(&at.key("say"), words),
            Target::Url { .. }
            | Target::Mail(_)
            | Target::Call(_)
            | Target::Extension(_)
            | Target::Deed(_) => {}
        }
    }

    /// What is asked outside an intent's `ask` says where the answer goes.
    fn reply(&mut self, at: &At<'_>, reply: &impl Reply, role: Role) {
        let then = at.key("then");
        match (reply.then(), role) {
            (Some(intent), _) => self.intent_exists(&then, intent),
            (None, Role::Question) => {}
            (None, Role::Answer) => self.blame(
                &then,
                "name the intent that the answer goes to, or ask in an [[intents.….ask]]",
            ),
        }
    }

    fn maybe_words(&mut self, at: &At<'_>, words: Option<&Words>) {
        if let Some(words) = words {
            self.words(at, words);
        }
    }
}
