//! The sockets: sessions, admission, the chat page.
