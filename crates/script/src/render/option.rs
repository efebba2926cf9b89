use switchboard_core::model::{Action, Command, Icon, OpenTarget, SendBody};

use super::Scope;
use crate::format::{Deed, OptionDef, Target};
use crate::template::Setting;

impl Scope<'_> {
    /// Options as actions.
    pub(super) fn actions(&self, options: &[OptionDef]) -> Vec<Action> {
        options.iter().map(|option| self.action(option)).collect()
    }

    /// An option as an action. A step to an intent is a choice with the intent's id.
    pub(super) fn action(&self, option: &OptionDef) -> Action {
        let mut action = Action {
            label: self.maybe_plain(option.label.as_ref()).unwrap_or_default(),
            value: option
                .value
                .as_ref()
                .map(|value| self.fill(value, Setting::Plain)),
            icon: option.icon.clone(),
            style: option.style.clone(),
            disabled: option.disabled,
            ..Action::default()
        };
        let open = |target| vec![Command::Open(target)];
        match &option.target {
            Target::Intent(id) => {
                action.id.clone_from(id);
                if option.label.is_none()
                    && let Some(label) = self.bot.intent(id).and_then(|i| i.label.as_ref())
                {
                    action.label = self.plain(label);
                }
            }
            Target::Say(words) => {
                let words = self.plain(words);
                if option.label.is_none() {
                    action.label.clone_from(&words);
                }
                // The words name the option for clients that send an id only.
                action.id.clone_from(&words);
                action.on_click = vec![
                    Command::Print(words.clone()),
                    Command::Send(SendBody::Text(words)),
                ];
            }
            Target::Url { url, same_tab } => {
                let url = self.fill(url, Setting::Url);
                if action.icon == Icon::Empty {
                    action.icon = Icon::Link;
                }
                action.on_click = open(OpenTarget::Url {
                    url,
                    new_tab: !same_tab,
                });
            }
            Target::Mail(address) => action.on_click = open(OpenTarget::Mail(address.clone())),
            Target::Call(number) => action.on_click = vec![Command::Call(number.clone())],
            Target::Extension(name) => action.on_click = open(OpenTarget::Extension(name.clone())),
            Target::Deed(Deed::Close) => action.on_click = vec![Command::Close],
            Target::Deed(Deed::Submit) => action.on_click = vec![Command::Submit],
            Target::Deed(Deed::Transcript) => action.on_click = vec![Command::DownloadTranscript],
            Target::Deed(Deed::Escalate) => action.on_click = open(OpenTarget::Escalate),
        }
        action
    }
}
