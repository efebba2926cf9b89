//! The frontend that a terminal chat goes through. It has no wire: its calls are made in the
//! process itself.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use switchboard_core::Fault;
use switchboard_core::dialect::{Cx, Frontend, Handled};
use switchboard_core::model::{Capabilities, DialectName, KindSet, TextFormat};

/// Its name in metrics and extras.
pub(crate) const NAME: &str = "terminal";

/// Its dialect.
pub(crate) const DIALECT: DialectName = DialectName::new(NAME);

/// Everything can be shown somehow, as plain text.
pub(crate) const CAPABILITIES: Capabilities = Capabilities {
    kinds: KindSet::all(),
    text: TextFormat::Plain,
    actions_anywhere: true,
    choices: true,
    push: true,
};

/// A frontend without a wire.
pub(crate) struct Terminal;

impl Frontend for Terminal {
    fn handle(&self, _: Request<Bytes>, _: &str, _: &Cx<'_>) -> Handled {
        let fault = Fault::NotFound;
        let response = self.encode_fault(&fault);
        Handled::Refuse(fault, response)
    }

    fn encode_fault(&self, fault: &Fault) -> Response<Bytes> {
        Response::new(fault.to_string().into())
    }

    fn cors_headers(&self) -> &[&str] {
        &[]
    }

    fn idle_timeout(&self) -> Duration {
        Duration::from_secs(24 * 60 * 60)
    }

    fn turn_timeout(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn examples(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn describe(&self) -> Vec<String> {
        Vec::new()
    }
}
