use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::object::data_struct;
use crate::wire::Slot;
use crate::wire::scalar::Scalar;

data_struct! {
    /// `date-picker`: `docs/protocols/opendialog.md#date-picker-source-code`.
    DatePicker {
        /// A day must be given.
        day_required: bool,
        /// A month must be given.
        month_required: bool,
        /// A year must be given.
        year_required: bool,
        /// Latest date: `today` or `YYYY-MM-DD`. Webchat 1.0.0 needs it.
        max_date: String,
        /// Earliest date. Webchat 1.0.0 needs it.
        min_date: String,
        /// What the answer is sent back by.
        callback: String,
        /// The words on the submit button.
        submit_text: String,
        /// The attribute that receives the answer.
        attribute_name: String,
    }
}

data_struct! {
    /// `autocomplete`: `docs/protocols/opendialog.md#autocomplete-source-code`.
    Autocomplete {
        /// Above the suggestions.
        title: String,
        /// Where suggestions come from.
        endpoint_url: String,
        /// Fixed query parameters. Always there, maybe empty.
        endpoint_params: Vec<Parameter>,
        /// The parameter that carries what was typed.
        query_param_name: String,
        /// What the answer is sent back by.
        callback: String,
        /// The words on the submit button.
        submit_text: String,
        /// In the empty box.
        placeholder: String,
        /// The attribute that receives the answer.
        attribute_name: String,
        /// Settings for addresses; newer servers.
        google: Value,
        /// Settings for addresses; newer servers.
        fetchify: Value,
    }
}

data_struct! {
    /// `longtext`, and `long_text` as the core sends it:
    /// `docs/protocols/opendialog.md#long_text--longtext-source-code`.
    LongText {
        /// How long the text may be: a number for webchat 1.0.0, a string from the core.
        character_limit: Scalar,
        /// The words on the submit button.
        submit_text: String,
        /// What the answer is sent back by.
        callback_id: String,
        /// Filled in beforehand.
        initial_text: String,
        /// In the empty box.
        placeholder: String,
        /// Asked before the text is sent.
        confirmation_text: String,
    }
}

/// A fixed query parameter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Parameter {
    /// Its name.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub name: Slot<String>,
    /// Its value.
    #[serde(skip_serializing_if = "Slot::is_absent")]
    pub value: Slot<Scalar>,
    /// Keys that are not listed above.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
