use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use switchboard_core::model::{ActionStyle, Icon};

use super::{Words, word};
use crate::template::Template;

/// Something the user can pick: the id of an intent, or a table.
#[derive(Debug)]
pub(crate) struct OptionDef {
    /// The words on it; absent only where the intent has some.
    pub label: Option<Words>,
    /// What it does.
    pub target: Target,
    /// A payload that comes back as `{value}`.
    pub value: Option<Template>,
    /// The look.
    pub style: ActionStyle,
    /// The drawing.
    pub icon: Icon,
    /// Cannot be clicked.
    pub disabled: bool,
}

/// What an option does.
#[derive(Debug)]
pub(crate) enum Target {
    /// Leads to an intent.
    Intent(String),
    /// Says these words in the user's name.
    Say(Words),
    /// Opens a page.
    Url {
        /// The address.
        url: Template,
        /// In the same window.
        same_tab: bool,
    },
    /// Writes an e-mail.
    Mail(String),
    /// Calls a telephone number.
    Call(String),
    /// Opens an extension of the client.
    Extension(String),
    /// Something without a parameter.
    Deed(Deed),
}

word! {
    /// What a client can be asked to do without further words.
    Deed {
        /// Close the chat.
        Close = "close",
        /// Submit the form that the message shows.
        Submit = "submit",
        /// Download the conversation.
        Transcript = "transcript",
        /// The site's own way to a human.
        Escalate = "escalate",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    label: Option<Words>,
    to: Option<String>,
    say: Option<Words>,
    url: Option<Template>,
    mail: Option<String>,
    call: Option<String>,
    extension: Option<String>,
    #[serde(rename = "do")]
    deed: Option<Deed>,
    #[serde(default)]
    same_tab: bool,
    value: Option<Template>,
    style: Option<String>,
    icon: Option<String>,
    #[serde(default)]
    disabled: bool,
}

impl TryFrom<Table> for OptionDef {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let same_tab = table.same_tab;
        let targets = [
            table.to.map(Target::Intent),
            table.say.map(Target::Say),
            table.url.map(|url| Target::Url { url, same_tab }),
            table.mail.map(Target::Mail),
            table.call.map(Target::Call),
            table.extension.map(Target::Extension),
            table.deed.map(Target::Deed),
        ];
        let mut targets = targets.into_iter().flatten();
        let (Some(target), None) = (targets.next(), targets.next()) else {
            return Err(
                "an option does one thing: give it one of `to`, `say`, `url`, `mail`, `call`, \
                 `extension`, `do`"
                    .to_owned(),
            );
        };
        if table.label.is_none() && !matches!(target, Target::Intent(_) | Target::Say(_)) {
            return Err("an option needs a `label`, unless it leads `to` an intent".to_owned());
        }
        Ok(Self {
            label: table.label,
            target,
            value: table.value,
            style: table.style.map_or_else(ActionStyle::default, style),
            icon: table.icon.map_or_else(Icon::default, icon),
            disabled: table.disabled,
        })
    }
}

impl<'de> Deserialize<'de> for OptionDef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = OptionDef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an intent's id, or a table")
            }

            fn visit_str<E: de::Error>(self, intent: &str) -> Result<OptionDef, E> {
                Ok(OptionDef {
                    label: None,
                    target: Target::Intent(intent.to_owned()),
                    value: None,
                    style: ActionStyle::default(),
                    icon: Icon::default(),
                    disabled: false,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OptionDef, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map))?
                    .try_into()
                    .map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

fn style(word: String) -> ActionStyle {
    match word.as_str() {
        "default" => ActionStyle::Default,
        "primary" => ActionStyle::Primary,
        "success" => ActionStyle::Success,
        "info" => ActionStyle::Info,
        "warning" => ActionStyle::Warning,
        "danger" => ActionStyle::Danger,
        "skip" => ActionStyle::Skip,
        _ => ActionStyle::Other(word),
    }
}

fn icon(word: String) -> Icon {
    match word.as_str() {
        "empty" => Icon::Empty,
        "contact" => Icon::Contact,
        "done" => Icon::Done,
        "link" => Icon::Link,
        "thumb_up" => Icon::ThumbUp,
        "thumb_down" => Icon::ThumbDown,
        "false" => Icon::False,
        "resolution" => Icon::Resolution,
        "attachment" => Icon::Attachment,
        _ => Icon::Other(word),
    }
}
