//! What stands in place of HTTP in a build without the feature `http`: endpoints are refused, so that nothing is ever sent.

use std::convert::Infallible;

use crate::endpoint::Endpoint;
use crate::error::ModelError;
use crate::key::Secret;

/// Never made.
pub(crate) struct Wire(Infallible);

/// Never made.
pub(crate) struct Response(Infallible);

impl Wire {
    pub(crate) fn new(endpoint: &Endpoint) -> Result<Self, ModelError> {
        let wrong = |reason| ModelError::Misconfigured {
            // The address may hold a key, be it by mistake.
            endpoint: "a model's server".to_owned(),
            reason,
        };
        endpoint.key.check().map_err(wrong)?;
        Err(wrong(
            "this program was built without models (cargo feature `models`)".to_owned(),
        ))
    }

    pub(crate) fn name(&self) -> &str {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "it has the shape of what it stands for")]
    pub(crate) async fn post(
        &self,
        _path: &str,
        _body: String,
        _secret: Option<&Secret>,
        _accept: &'static str,
    ) -> Result<Response, ModelError> {
        match self.0 {}
    }
}

impl Response {
    pub(crate) fn status(&self) -> u16 {
        match self.0 {}
    }

    pub(crate) fn header(&self, _name: &str) -> Option<&[u8]> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "it has the shape of what it stands for")]
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, ModelError> {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "it has the shape of what it stands for")]
    pub(crate) async fn gather(self, _into: &mut Vec<u8>, _limit: usize) -> Result<(), ModelError> {
        match self.0 {}
    }
}
