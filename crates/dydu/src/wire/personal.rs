//! What is kept of a user: `docs/protocols/dydu.md#33-endpoint-details`, 3.3.8 and 3.3.27. Of
//! both answers nothing is documented; the widget reads neither.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use switchboard_core::Fault;

use super::history::Interaction;
use super::{B64, Params, lenient, strict};

/// What a user wants done with what is kept about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// To get a copy.
    Get,
    /// To have it deleted.
    Delete,
}

impl Object {
    /// Reads a word; its case does not matter.
    pub fn of(word: &str) -> Option<Self> {
        let word = word.trim();
        [Self::Get, Self::Delete]
            .into_iter()
            .find(|object| object.as_str().eq_ignore_ascii_case(word))
    }

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "Get",
            Self::Delete => "Delete",
        }
    }
}

/// A request about what is kept of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GdprRequest {
    /// The user.
    pub client_id: String,
    /// ISO code of the language to write in.
    pub language: Option<String>,
    /// Where the answer is to be sent.
    pub mail: Option<String>,
    /// What is wanted.
    pub object: Object,
}

impl GdprRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// `clientId` is missing, or `object` is missing or unknown; the fault names it.
    pub fn of(params: &Params<'_>) -> Result<Self, Fault> {
        let object = strict::required(params, "object")?;
        Ok(Self {
            client_id: strict::required(params, "clientId")?.to_owned(),
            language: params.word("language").map(str::to_owned),
            mail: params.word("mail").map(str::to_owned),
            object: Object::of(object)
                .ok_or_else(|| Fault::bad_field("object", "unknown; known are Get, Delete"))?,
        })
    }

    /// The form body of a REST request, in the widget's order.
    pub fn to_params(&self) -> Params<'_> {
        let mut params = Params::with_capacity(4);
        params.push("clientId", self.client_id.as_str());
        params.push_given("language", self.language.as_deref());
        params.push_given("mail", self.mail.as_deref());
        params.push("object", self.object.as_str());
        params
    }
}

/// Values of `gdprResponse`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GdprValues {
    /// What was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<B64>,
    /// How many dialogs were found or deleted; absent where none may be looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialogs_count: Option<usize>,
    /// The dialogs with what was said in them, the newest first. Only for [`Object::Get`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialogs: Option<Vec<Dialog>>,
}

/// Values of `dialogsResponse`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DialogsValues {
    /// The newest first.
    pub dialogs: Vec<Dialog>,
}

/// One dialog of a user.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Dialog {
    /// Its context.
    pub context_id: B64,
    /// The day on which it began, `DD/MM/YYYY` in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<B64>,
    /// When it began, in milliseconds since 1970.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub begin_time: Option<i64>,
    /// When the user last did something in it, in milliseconds since 1970.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::number"
    )]
    pub last_time: Option<i64>,
    /// How many interactions its history has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactions_count: Option<usize>,
    /// It is over.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::flag"
    )]
    pub ended: Option<bool>,
    /// What was said, as in the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interactions: Option<Vec<Interaction>>,
    /// Everything else, as on the wire.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<GdprRequest, Fault> {
        GdprRequest::of(&Params::form(form.as_bytes()))
    }

    #[test]
    fn requests_survive() {
        let form = "clientId=4be0c1d2a97f336&language=en&mail=jane%40example.org&object=Get";
        let request = read(form).unwrap();
        assert_eq!(request.object, Object::Get);
        assert_eq!(request.to_params().to_form(), form);
        assert_eq!(
            read("clientId=a&object=delete").unwrap().object,
            Object::Delete
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for (form, field) in [
            ("object=Get", "clientId"),
            ("clientId=null&object=Get", "clientId"),
            ("clientId=a", "object"),
            ("clientId=a&object=Forget", "object"),
        ] {
            match read(form) {
                Err(Fault::BadInput { field: named, .. }) => {
                    assert_eq!(named.as_deref(), Some(field));
                }
                other => panic!("{form}: {other:?}"),
            }
        }
    }
}
