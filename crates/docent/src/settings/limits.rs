//! `[limits]`: how much, how often and how long.

use std::time::Duration;

use super::Key;
use super::values::{bytes, limit, number, pace, rate, size, small_limit, small_number, span, time};

pub(super) const KEYS: &[Key] = &[
    Key {
        section: "limits",
        name: "message",
        comment: "Size of one message from a client; a longer one closes the connection (1009).\n\
                  The default has room for the longest question in Cyrillic, escapes and all.",
        show: |config| size(config.gateway.max_message_bytes),
        set: |config, value| bytes(value, &mut config.gateway.max_message_bytes),
    },
    Key {
        section: "limits",
        name: "question_chars",
        comment: "Characters of one question: two pages of text.",
        show: |config| number(config.gateway.max_question_chars),
        set: |config, value| limit(value, &mut config.gateway.max_question_chars),
    },
    Key {
        section: "limits",
        name: "outbound",
        comment: "Size of the replies held for one client. It is owed one at a time, so this is the longest reply; an answer with its\n\
                  sources has some kilobytes.",
        show: |config| size(config.gateway.max_outbound_bytes),
        set: |config, value| bytes(value, &mut config.gateway.max_outbound_bytes),
    },
    Key {
        section: "limits",
        name: "socket_buffer",
        comment: "What the system holds for one connection, each way: a client that asks and never reads must not cost\n\
                  megabytes. \"off\" leaves it to the system.",
        show: |config| size(config.gateway.socket_buffer_bytes),
        set: |config, value| bytes(value, &mut config.gateway.socket_buffer_bytes),
    },
    Key {
        section: "limits",
        name: "head",
        comment: "Size of the head of a request, at least 8 KiB: browsers send two or three, cookies of this host included.",
        show: |config| size(config.gateway.max_head_bytes),
        set: |config, value| {
            let mut head = 0;
            bytes(value, &mut head)?;
            if head < 8 << 10 {
                return Err("a size of at least \"8 KiB\", or \"off\"");
            }
            config.gateway.max_head_bytes = head;
            Ok(())
        },
    },
    Key {
        section: "limits",
        name: "connections",
        comment: "Open connections; further ones are refused with 503. Each costs about 10 KB.",
        show: |config| number(config.gateway.max_connections),
        set: |config, value| limit(value, &mut config.gateway.max_connections),
    },
    Key {
        section: "limits",
        name: "answers",
        comment: "Answers made at one time; more than the machine has cores only wait for one another.",
        show: |config| number(config.gateway.max_answers),
        set: |config, value| limit(value, &mut config.gateway.max_answers),
    },
    Key {
        section: "limits",
        name: "question_burst",
        comment: "Questions that one connection may ask in one go: a script with a test set passes, a flood does not.",
        show: |config| small_number(config.gateway.question_burst),
        set: |config, value| small_limit(value, &mut config.gateway.question_burst),
    },
    Key {
        section: "limits",
        name: "questions_per_minute",
        comment: "Questions a minute of one connection after its burst, or \"off\".\n\
                  Ten a second is more than anyone types and a small part of what one core answers.",
        show: |config| rate(config.gateway.questions_per_minute),
        set: |config, value| pace(value, &mut config.gateway.questions_per_minute),
    },
    Key {
        section: "limits",
        name: "questions_per_minute_per_address",
        comment: "Questions a minute of one IPv4 address or IPv6 /64, or \"off\". Loopback is not counted: a proxy on this\n\
                  machine stands for everybody. An office behind one address has a few hundred people.",
        show: |config| rate(config.gateway.questions_per_minute_per_address),
        set: |config, value| pace(value, &mut config.gateway.questions_per_minute_per_address),
    },
    Key {
        section: "limits",
        name: "connections_per_address",
        comment: "Open connections of one IPv4 address or IPv6 /64; further ones are refused with 429. Loopback is not counted.",
        show: |config| number(config.gateway.connections_per_address),
        set: |config, value| limit(value, &mut config.gateway.connections_per_address),
    },
    Key {
        section: "limits",
        name: "handshakes_per_second",
        comment: "New connections a second, twice as many in one go; further ones are refused with 429.\n\
                  Each costs about 100 µs, so a crowd that reconnects at once leaves most of a core to answers.",
        show: |config| rate(config.gateway.handshakes_per_second),
        set: |config, value| pace(value, &mut config.gateway.handshakes_per_second),
    },
    Key {
        section: "limits",
        name: "answers_waiting",
        comment: "Questions that wait while `answers` are made; further ones are told when to come back.",
        show: |config| number(config.gateway.max_waiting),
        set: |config, value| limit(value, &mut config.gateway.max_waiting),
    },
    Key {
        section: "limits",
        name: "messages_in_flight",
        comment: "Messages of one client taken in while its answer is made; then it is not read for a while.",
        show: |config| number(config.gateway.messages_in_flight),
        set: |config, value| limit(value, &mut config.gateway.messages_in_flight),
    },
    Key {
        section: "limits",
        name: "header_time",
        comment: "How long a client may take to send the head of a request, and before it to agree on TLS.",
        show: |config| span(config.gateway.header_time),
        set: |config, value| time(value, &mut config.gateway.header_time),
    },
    Key {
        section: "limits",
        name: "answer_time",
        comment: "How long a question may take, its wait for a turn included.",
        show: |config| span(config.gateway.answer_deadline),
        set: |config, value| time(value, &mut config.gateway.answer_deadline),
    },
    Key {
        section: "limits",
        name: "write_time",
        comment: "How long a client may take to accept a reply before it is closed.",
        show: |config| span(config.gateway.write_deadline),
        set: |config, value| time(value, &mut config.gateway.write_deadline),
    },
    Key {
        section: "limits",
        name: "idle_time",
        comment: "Silence after which a client is pinged; after a second such silence it is closed.\n\
                  Proxies commonly cut a silent connection after 60 s.",
        show: |config| span(config.gateway.idle),
        set: |config, value| time(value, &mut config.gateway.idle),
    },
    Key {
        section: "limits",
        name: "lifetime",
        comment: "The longest that a connection may last, up to a tenth less; it is closed with 1001 and comes back,\n\
                  perhaps to another server behind the balancer.",
        show: |config| span(config.gateway.lifetime),
        set: |config, value| time(value, &mut config.gateway.lifetime),
    },
    Key {
        section: "limits",
        name: "drain_wait",
        comment: "How long a stopping server says on /readyz that it is not ready before it stops accepting: the time in which\n\
                  a balancer notices; \"0s\" without one.",
        show: |config| span(config.gateway.drain_wait),
        set: |config, value| {
            if value.as_str() == Some("0s") {
                config.gateway.drain_wait = Duration::ZERO;
                return Ok(());
            }
            let mut wait = Duration::ZERO;
            time(value, &mut wait)?;
            config.gateway.drain_wait = wait;
            Ok(())
        },
    },
    Key {
        section: "limits",
        name: "closes_per_second",
        comment: "Connections that a stopping server closes in a second, so that its clients do not all come back at once.",
        show: |config| small_number(config.gateway.closes_per_second),
        set: |config, value| small_limit(value, &mut config.gateway.closes_per_second),
    },
    Key {
        section: "limits",
        name: "stop_time",
        comment: "How long a stopping server waits for answers under way.",
        show: |config| span(config.gateway.grace),
        set: |config, value| time(value, &mut config.gateway.grace),
    },
];
