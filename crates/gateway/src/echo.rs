//! A route that sends every message back, for suites that try the framing of a WebSocket.
//!
//! Owns nothing but the loop: frames, limits, deadlines and close codes are those of the sessions, which is the point.
//! It is there only when asked for, and never for the public.

use std::sync::Arc;

use tokio::time::timeout;
use tungstenite::Message;

use crate::Shared;
use crate::session::{AWAY, Next, close, finish, send, sorted};
use crate::socket::Socket;

/// Where it is.
pub(crate) const PATH: &str = "/echo";

/// Repeats what one client says until it leaves, misbehaves, falls silent or the server stops.
pub(crate) async fn run(mut socket: Socket, shared: &Arc<Shared>) {
    loop {
        let received = tokio::select! {
            biased;
            () = shared.closing.cancelled() => return close(&mut socket, shared, AWAY).await,
            received = timeout(shared.settings.idle, socket.next()) => received,
        };
        match received.map(sorted) {
            Ok(Next::Message(message @ (Message::Text(_) | Message::Binary(_)))) => {
                if !send(&mut socket, shared, message).await {
                    return;
                }
            }
            Ok(Next::Message(_)) => {}
            Ok(Next::Left) => return finish(&mut socket, shared).await,
            Ok(Next::Close(code)) => return close(&mut socket, shared, code).await,
            Err(_) => return close(&mut socket, shared, AWAY).await,
        }
    }
}
