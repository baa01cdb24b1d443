//! The keys at the top of the file, and those of TLS, the log, word vectors and the journal.

use std::net::{IpAddr, SocketAddr};

use docent_corpus::Language;
use toml::Spanned;
use toml::de::DeValue;

use super::Key;
use super::values::{OFF, bytes, days, file, is_off, quoted, size, text, time};

pub(super) const KEYS: &[Key] = &[
    Key {
        section: "",
        name: "listen",
        comment: "Address and port of the chat page and the WebSocket; port 0 picks a free one.\n\
                  127.0.0.1 is reached from this machine only; 0.0.0.0 from everywhere.",
        show: |config| quoted(config.listen),
        set: |config, value| {
            text(
                value,
                &mut config.listen,
                "an address with a port, like \"127.0.0.1:8080\"",
            )
        },
    },
    Key {
        section: "",
        name: "locale",
        comment: "Language of errors and notices to clients: \"ru\", \"kk\" or \"en\".",
        show: |config| quoted(config.gateway.locale),
        set: |config, value| text::<Language>(value, &mut config.gateway.locale, "\"ru\", \"kk\" or \"en\""),
    },
    Key {
        section: "",
        name: "data",
        comment: "Folder of the index, relative to the library. Default: .docent inside the library.\n\
                  Set it when the library may not be written to.",
        show: |config| config.data.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            config.data = Some(path.ok_or("a path, like \"/var/lib/docent\"")?.into());
            Ok(())
        },
    },
    Key {
        section: "",
        name: "watch",
        comment: "How changes of the documents are noticed while the server runs: \"on\" by the system's notifications,\n\
                  \"5s\" by looking at that interval, which network drives need, \"off\" at the next start.",
        show: |config| quoted(config.watch),
        set: |config, value| {
            text(
                value,
                &mut config.watch,
                "\"on\", \"off\" or an interval like \"5s\"",
            )
        },
    },
    Key {
        section: "",
        name: "check",
        comment: "Whether the golden questions (questions.jsonl in the assistants' folders) are asked before changed documents\n\
                  go live: \"off\", \"warn\" says in the log which fail, \"block\" goes on with the documents before.",
        show: |config| quoted(config.check),
        set: |config, value| text(value, &mut config.check, "\"off\", \"warn\" or \"block\""),
    },
    Key {
        section: "",
        name: "origins",
        comment: "Sites whose pages may connect, like [\"https://example.org\"]; an empty list lets every site.",
        show: |config| {
            let listed = config.gateway.origins.iter().filter_map(quoted);
            Some(format!("[{}]", listed.collect::<Vec<_>>().join(", ")))
        },
        set: |config, value| {
            let listed = value.as_array().and_then(|list| {
                let origin = |one: &Spanned<DeValue<'_>>| one.get_ref().as_str().map(ToOwned::to_owned);
                list.iter().map(origin).collect::<Option<Vec<_>>>()
            });
            config.gateway.origins = listed
                .filter(|list| list.iter().all(|one| one.contains("://") && !one.ends_with('/')))
                .ok_or("a list of origins as browsers name them, like [\"https://example.org\"]")?;
            Ok(())
        },
    },
    Key {
        section: "",
        name: "sources",
        comment: "Whether people may read the text of the documents where an answer quotes it (/sources/…): \"on\" or \"off\".\n\
                  What is quoted is shown either way; the files themselves are never given out.",
        show: |config| quoted(if config.gateway.sources { "on" } else { OFF }),
        set: |config, value| {
            config.gateway.sources = match value.as_str() {
                Some("on") => true,
                Some("off") => false,
                _ => return Err("\"on\" or \"off\""),
            };
            Ok(())
        },
    },
    Key {
        section: "",
        name: "trusted_proxies",
        comment: "Networks of the proxies in front, like [\"10.0.0.0/8\"]: what they say of a client's address in Forwarded or\n\
                  X-Forwarded-For is taken, from right to left. Nobody else's word is.",
        show: |config| {
            let listed = config.gateway.trusted_proxies.iter().filter_map(quoted);
            Some(format!("[{}]", listed.collect::<Vec<_>>().join(", ")))
        },
        set: |config, value| {
            let listed = value.as_array().and_then(|list| {
                let network = |one: &Spanned<DeValue<'_>>| {
                    let text = one.get_ref().as_str()?;
                    text.parse().ok().or_else(|| text.parse().ok().map(IpAddr::into))
                };
                list.iter().map(network).collect::<Option<Vec<_>>>()
            });
            config.gateway.trusted_proxies =
                listed.ok_or("a list of addresses or networks, like [\"127.0.0.1\", \"10.0.0.0/8\"]")?;
            Ok(())
        },
    },
    Key {
        section: "",
        name: "admin",
        comment: "Address and port of /livez, /readyz and /metrics, or \"off\". Whoever reaches it can read them: keep it local.",
        show: |config| config.admin.map_or_else(|| quoted(OFF), quoted),
        set: |config, value| {
            if is_off(value) {
                config.admin = None;
                return Ok(());
            }
            let mut admin = SocketAddr::from(([127, 0, 0, 1], 0));
            text(
                value,
                &mut admin,
                "an address with a port, like \"127.0.0.1:9464\", or \"off\"",
            )?;
            config.admin = Some(admin);
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "at",
        comment: "Where the keeper's desk is (/desk/: documents and why an answer is what it is): \"off\", \"admin\" on the operator's\n\
                  listener, whose visitors may then change documents, or \"public\", behind a token. With a token \"public\" is meant.",
        show: |config| quoted(config.desk.place()),
        set: |config, value| {
            let mut at = super::desk::At::Off;
            text(value, &mut at, "\"off\", \"admin\" or \"public\"")?;
            config.desk.at = Some(at);
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "token",
        comment: "What lets people in, at least 16 characters; never printed. The environment may hold it as DOCENT_DESK_TOKEN.",
        show: |_| None,
        set: |config, value| {
            let token = value.as_str().filter(|token| !token.is_empty());
            config.desk.token = Some(token.ok_or("a text of at least 16 characters")?.to_owned());
            Ok(())
        },
    },
    Key {
        section: "desk",
        name: "token_file",
        comment: "File that holds it instead, relative to the library; keep it out of the assistants' folders.",
        show: |config| {
            config
                .desk
                .token_file
                .as_ref()
                .and_then(|path| quoted(path.display()))
        },
        set: |config, value| file(value, &mut config.desk.token_file),
    },
    Key {
        section: "desk",
        name: "upload",
        comment: "Size of an uploaded document. It is whole in memory while it is checked.",
        show: |config| size(config.desk.upload_bytes),
        set: |config, value| bytes(value, &mut config.desk.upload_bytes),
    },
    Key {
        section: "tls",
        name: "certificate",
        comment: "File of the certificate chain, PEM, the server's own first, relative to the library. With it and `key` the server\n\
                  speaks https:// and wss://; new files are taken while it runs, within ten seconds or at SIGHUP.",
        show: |config| {
            config
                .tls
                .certificate
                .as_ref()
                .and_then(|path| quoted(path.display()))
        },
        set: |config, value| file(value, &mut config.tls.certificate),
    },
    Key {
        section: "tls",
        name: "key",
        comment: "File of its private key, PEM, without a password. Keep it out of the folder with the documents.",
        show: |config| config.tls.key.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| file(value, &mut config.tls.key),
    },
    Key {
        section: "log",
        name: "format",
        comment: "How the log on standard error is written while the server runs: \"text\", or \"json\" with an object in each line.",
        show: |config| quoted(config.log_format),
        set: |config, value| text(value, &mut config.log_format, "\"text\" or \"json\""),
    },
    Key {
        section: "log",
        name: "level",
        comment: "What is worth a line: \"warn\", \"info\", or \"debug\" with a line for each question: its request number, how it\n\
                  ended, how long it took. Nobody's words are in any of them.",
        show: |config| quoted(config.log_level),
        set: |config, value| text(value, &mut config.log_level, "\"warn\", \"info\" or \"debug\""),
    },
    Key {
        section: "semantic",
        name: "words",
        comment: "File of word vectors, relative to the library and beside the assistants' folders: passages that say the same\n\
                  in other words come up as well. Taken: navec (.tar), and the text forms of word2vec and fastText.\n\
                  Default: none; nothing is fetched, and nothing depends on it.",
        show: |config| config.words.as_ref().and_then(|path| quoted(path.display())),
        set: |config, value| {
            let path = value.as_str().filter(|path| !path.is_empty());
            config.words = Some(path.ok_or("a path, like \"/var/lib/docent/words.tar\"")?.into());
            Ok(())
        },
    },
    Key {
        section: "journal",
        name: "url",
        comment: "Where it is kept what was asked and how it ended, for `docent report`: \"file\" is journal.db beside the index, \"off\" is\n\
                  nowhere. Several servers share \"postgres://docent@localhost/docent\"; a password in it is printed as ***.",
        show: |config| quoted(&config.journal.url),
        set: |config, value| {
            let expected = "\"file\", \"off\" or an address like \"postgres://docent@localhost/docent\"";
            text(value, &mut config.journal.url, expected)
        },
    },
    Key {
        section: "journal",
        name: "text",
        comment: "What is kept of a question's text: \"redacted\" masks telephones, e-mails, IIN, SNILS, INN, passports and cards, \"off\" keeps\n\
                  none, \"full\" all. Names and what people tell in words are not masked.",
        show: |config| quoted(config.journal.text),
        set: |config, value| {
            text(
                value,
                &mut config.journal.text,
                "\"off\", \"redacted\" or \"full\"",
            )
        },
    },
    Key {
        section: "journal",
        name: "keep",
        comment: "How long it is kept: a quarter of a year shows what people ask in each season of work. \"off\" for ever.",
        show: |config| days(config.journal.keep),
        set: |config, value| time(value, &mut config.journal.keep),
    },
];
