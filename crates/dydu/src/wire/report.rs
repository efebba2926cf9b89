//! What a client reports about itself, and visits: `docs/protocols/dydu.md#33-endpoint-details`,
//! 3.3.18 and 3.3.26.

use std::collections::BTreeMap;

use switchboard_core::Fault;

use super::{Params, strict};

/// A failure of the client's own program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorReport {
    /// The context, where there is one.
    pub context: Option<String>,
    /// Browser name and version.
    pub browser: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// The kind of mistake.
    pub error: String,
    /// What the client says about it.
    pub message: String,
    /// Where it happened.
    pub stack_trace: Option<String>,
    /// When the client's program was made.
    pub js_creation: Option<String>,
    /// The page that holds the widget.
    pub user_url: Option<String>,
}

impl ErrorReport {
    /// Reads a report.
    ///
    /// # Errors
    /// `error` or `message` is missing; the fault names it.
    pub fn of(params: &Params<'_>) -> Result<Self, Fault> {
        let text = |name: &str| params.word(name).map(str::to_owned);
        Ok(Self {
            context: params.context().map(str::to_owned),
            browser: text("browser"),
            os: text("os"),
            error: strict::required(params, "error")?.to_owned(),
            message: strict::required(params, "message")?.to_owned(),
            stack_trace: text("stackTrace"),
            js_creation: text("jsCreation"),
            user_url: text("userUrl"),
        })
    }

    /// The form body of a REST request.
    pub fn to_params(&self) -> Params<'_> {
        let mut params = Params::with_capacity(9);
        // Mandatory, so there is one even where nothing is known to put there.
        params.push("contextUUID", self.context.as_deref().unwrap_or_default());
        params.push("solutionUsed", "ASSISTANT");
        params.push_given("browser", self.browser.as_deref());
        params.push_given("os", self.os.as_deref());
        params.push("error", self.error.as_str());
        params.push("message", self.message.as_str());
        params.push_given("stackTrace", self.stack_trace.as_deref());
        params.push_given("jsCreation", self.js_creation.as_deref());
        params.push_given("userUrl", self.user_url.as_deref());
        params
    }
}

/// A visit: somebody opened the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WelcomeCallRequest {
    /// The context, where there is one.
    pub context: Option<String>,
    /// ISO code.
    pub language: Option<String>,
    /// A test, which is not counted.
    pub qualification: Option<bool>,
    /// Consultation space.
    pub space: Option<String>,
    /// Context variables.
    pub variables: BTreeMap<String, String>,
}

impl WelcomeCallRequest {
    /// The form body of a REST request, in the widget's order.
    pub fn to_params(&self) -> Params<'_> {
        let mut params = Params::with_capacity(6);
        params.push("contextUuid", self.context.as_deref().unwrap_or_default());
        params.push_given("language", self.language.as_deref());
        params.push_flag("qualificationMode", self.qualification);
        params.push("solutionUsed", "ASSISTANT");
        params.push_given("space", self.space.as_deref());
        // All keys are strings, so this cannot fail.
        let variables = serde_json::to_string(&self.variables).unwrap_or_default();
        params.push("variables", variables);
        params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives() {
        let form = "contextUUID=c&solutionUsed=ASSISTANT&browser=Chrome%20141&os=Windows\
                    &error=TypeError&message=x%20is%20undefined&stackTrace=at%20f\
                    &jsCreation=2025-10-09&userUrl=https%3A%2F%2Fwww.example.org%2Fhelp";
        let report = ErrorReport::of(&Params::form(form.as_bytes())).unwrap();
        assert_eq!(report.to_params().to_form(), form);
        for (form, field) in [("message=m", "error"), ("error=e&message=", "message")] {
            match ErrorReport::of(&Params::form(form.as_bytes())) {
                Err(Fault::BadInput { field: named, .. }) => {
                    assert_eq!(named.as_deref(), Some(field));
                }
                other => panic!("{form}: {other:?}"),
            }
        }
    }
}
