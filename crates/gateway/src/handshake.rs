//! The opening handshake of a WebSocket (RFC 6455, section 4.2).
//!
//! Owns what makes a request one, and the answer to it. Leaves to others who is let in.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use tungstenite::handshake::derive_accept_key;

/// A request that asks for a WebSocket.
pub(crate) struct Handshake {
    accept: String,
    subprotocol: bool,
    /// The connection, once the answer is on its way.
    pub(crate) upgraded: OnUpgrade,
}

impl Handshake {
    /// Reads a request; nothing when it does not ask for a WebSocket of version 13.
    pub(crate) fn read<B>(request: &mut Request<B>) -> Option<Self> {
        let headers = request.headers();
        let asked = request.method() == Method::GET
            && lists(headers, &header::CONNECTION, "upgrade")
            && lists(headers, &header::UPGRADE, "websocket")
            && headers
                .get(header::SEC_WEBSOCKET_VERSION)
                .is_some_and(|version| version == "13");
        let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
        if !asked {
            return None;
        }
        Some(Self {
            accept: derive_accept_key(key.as_bytes()),
            subprotocol: lists(
                headers,
                &header::SEC_WEBSOCKET_PROTOCOL,
                docent_protocol::SUBPROTOCOL,
            ),
            upgraded: hyper::upgrade::on(request),
        })
    }

    /// Returns the answer that makes the connection a WebSocket, with the subprotocol when it was offered.
    pub(crate) fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        // Base64 is always a header's value.
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if self.subprotocol {
            let name = HeaderValue::from_static(docent_protocol::SUBPROTOCOL);
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, name);
        }
        response
    }
}

/// Tells whether a header that is a list, in one line or many, has this entry.
fn lists(headers: &HeaderMap, name: &HeaderName, entry: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(entry))
}
