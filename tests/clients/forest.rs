//! Checks the forest of `docs/protocols/kare.md#4-the-forest` on what one Kare client sent and
//! received, frame by frame, in the order in which it happened.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

/// The forest as a client knows it, and all that is wrong with it.
#[derive(Debug, Default)]
pub struct Forest {
    messages: HashMap<String, Message>,
    replies: HashMap<String, Reply>,
    has_input: bool,
    ended: bool,
    problems: Vec<String>,
}

#[derive(Debug)]
struct Message {
    parent: Option<String>,
    uri: String,
    aspect: String,
    body: Value,
}

/// What has come for one input.
#[derive(Debug, Default)]
struct Reply {
    count: u64,
    is_final: bool,
    last: String,
}

impl Forest {
    /// The client sends a message.
    pub fn sent(&mut self, envelope: &Value) {
        let uri = word(&envelope["uri"]);
        let parent = self.parent(envelope);
        match uri.as_str() {
            "in/hi" | "in/query" => {
                self.expect(parent.is_none(), "a root has a parent", envelope);
            }
            "in/click" if envelope["body"]["target"]["aspect"] == "titlebar" => {
                self.expect(parent.is_none(), "the title bar has a parent", envelope);
            }
            "in/click" => {
                let of = parent.as_ref().and_then(|id| self.messages.get(id));
                let is_shown = of.is_some_and(|it| it.uri.starts_with("out/"));
                self.expect(is_shown, "a click on nothing that was received", envelope);
            }
            _ => self.problem("no such input", envelope),
        }
        self.has_input = true;
        self.add(envelope, parent);
    }

    /// The client receives a message for the first time.
    pub fn received(&mut self, envelope: &Value) {
        self.expect(!self.ended, "something follows the goodbye", envelope);
        let parent = self.parent(envelope);
        self.placed(envelope, parent.as_deref());
        self.add(envelope, parent.clone());
        self.replied(envelope, parent);
        self.ended |= envelope["uri"] == "out/bye";
        let is_dated = word(&envelope["created_at"]).ends_with('Z');
        self.expect(is_dated, "no moment", envelope);
        let has_home = envelope["conversation_id"].is_string();
        self.expect(has_home, "no conversation", envelope);
    }

    /// The client receives a message on a socket that it opened beside REST: it repeats what REST
    /// answers, and does not know what was asked before, below which unasked messages would be.
    pub fn received_beside(&mut self, envelope: &Value) {
        let Some(known) = self.messages.get(&word(&envelope["id"])) else {
            let is_unasked = envelope["header"].get("in_reply_to").is_none();
            if is_unasked && envelope["parent_id"].is_null() {
                return self.add(envelope, None);
            }
            return self.received(envelope);
        };
        let is_same = known.body == envelope["body"] && known.uri == word(&envelope["uri"]);
        self.expect(is_same, "the other transport says it differently", envelope);
    }

    /// Nothing was wrong so far.
    #[track_caller]
    pub fn assert_well_formed(&self, label: &str) {
        assert!(
            self.problems.is_empty(),
            "{label}:\n{}",
            self.problems.join("\n")
        );
    }

    /// The inputs whose replies began and have no end.
    pub fn unended(&self) -> Vec<&str> {
        let open = self.replies.iter().filter(|(_, reply)| !reply.is_final);
        open.map(|(input, _)| input.as_str()).collect()
    }

    /// How many messages of this aspect were received.
    pub fn count(&self, aspect: &str) -> usize {
        let messages = self.messages.values();
        messages.filter(|it| it.aspect == aspect).count()
    }

    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    fn problem(&mut self, what: &str, envelope: &Value) {
        self.problems.push(format!("{what}: {envelope}"));
    }

    fn expect(&mut self, is_right: bool, what: &str, envelope: &Value) {
        if !is_right {
            self.problem(what, envelope);
        }
    }

    /// The parent, which must be known already.
    fn parent(&mut self, envelope: &Value) -> Option<String> {
        let parent = envelope["parent_id"].as_str().map(str::to_owned);
        if let Some(parent) = &parent {
            let is_known = self.messages.contains_key(parent);
            self.expect(is_known, "a parent that nobody knows", envelope);
        }
        parent
    }

    fn add(&mut self, envelope: &Value, parent: Option<String>) {
        let id = word(&envelope["id"]);
        let is_canonical = Uuid::parse_str(&id)
            .is_ok_and(|uuid| !uuid.is_nil() && uuid.hyphenated().to_string() == id);
        self.expect(is_canonical, "no canonical UUID", envelope);
        let message = Message {
            parent,
            uri: word(&envelope["uri"]),
            aspect: word(&envelope["body"]["aspect"]),
            body: envelope["body"].clone(),
        };
        let is_new = self.messages.insert(id, message).is_none();
        self.expect(is_new, "an id comes twice", envelope);
    }

    /// Whether a received message stands where its kind may stand.
    fn placed(&mut self, envelope: &Value, parent: Option<&str>) {
        let uri = word(&envelope["uri"]);
        let aspect = word(&envelope["body"]["aspect"]);
        let Some(parent) = parent.and_then(|id| self.messages.get(id)) else {
            // Only what nobody asked for, before anybody asked for anything, has nothing above it.
            let is_first = !self.has_input && envelope["parent_id"].is_null();
            return self.expect(is_first, "a root that is no input", envelope);
        };
        let below = parent.uri.as_str();
        let is_right = match uri.as_str() {
            "out/hi" => below == "in/hi",
            "out/bye" => true,
            "out/text" if aspect == "resolution/answer" => {
                matches!(below, "in/query" | "in/click" | "out/hi") || is_node(parent)
            }
            "out/text" if aspect.starts_with("resolution/answer/") => is_node(parent),
            "out/text" => matches!(below, "in/query" | "in/click" | "out/hi" | "out/text"),
            _ => false,
        };
        self.expect(is_right, "a message in the wrong place", envelope);
    }

    /// Numbers, end and order of a reply.
    fn replied(&mut self, envelope: &Value, parent: Option<String>) {
        let header = &envelope["header"];
        let id = word(&envelope["id"]);
        let Some(input) = header["in_reply_to"].as_str() else {
            let is_bare = header.get("seq").is_none() && header.get("final").is_none();
            return self.expect(is_bare, "a number without an input", envelope);
        };
        let is_input = self.messages.get(input);
        let is_input = is_input.is_some_and(|it| it.uri.starts_with("in/"));
        self.expect(is_input, "a reply to nothing", envelope);
        let is_below = self.ancestors(&id).any(|it| it == input);
        self.expect(is_below, "a reply that is not below its input", envelope);
        let reply = self.replies.remove(input).unwrap_or_default();
        let is_next = header["seq"] == reply.count;
        self.expect(is_next, "not the next number", envelope);
        self.expect(!reply.is_final, "something follows the end", envelope);
        // Whoever draws the tree depth first must draw it in the order of arrival.
        let parent = parent.unwrap_or_default();
        let goes_on = reply.count == 0 || self.ancestors(&reply.last).any(|it| it == parent);
        self.expect(goes_on, "a part of what was left already", envelope);
        let reply = Reply {
            count: reply.count + 1,
            is_final: header["final"] == true,
            last: id,
        };
        self.replies.insert(input.to_owned(), reply);
    }

    /// A message and all that is above it; a cycle ends.
    fn ancestors<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::successors(Some(id), |id| self.messages.get(*id)?.parent.as_deref())
            .take(self.messages.len())
    }
}

/// Whether it is an answer, or a part that has parts of its own.
fn is_node(message: &Message) -> bool {
    message.uri == "out/text" && message.aspect.starts_with("resolution/answer")
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
