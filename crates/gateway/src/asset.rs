//! A file of the binary as browsers fetch it: packed where they take that, and not sent again where they have it.
//!
//! Owns the choice of an encoding (RFC 9110, section 12.5.3) and the tag (section 8.8.3). Browsers ask each time, since a new version of
//! the program brings new files under the old names.

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// A file with what is sent of it.
pub(crate) struct Asset {
    kind: &'static str,
    plain: Bytes,
    /// Nothing where packing saves nothing.
    packed: Option<Bytes>,
    tag: HeaderValue,
}

impl Asset {
    /// Packs a text and names it by its hash.
    pub(crate) fn new(kind: &'static str, text: impl Into<Bytes>) -> Self {
        let plain = text.into();
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(&plain).and_then(|()| packer.finish()).ok();
        // Weak: it names the text, packed or not.
        let tag = format!("W/\"{}\"", &blake3::hash(&plain).to_hex()[..32]);
        Self {
            kind,
            packed: packed
                .filter(|packed| packed.len() < plain.len())
                .map(Bytes::from),
            plain,
            tag: HeaderValue::from_str(&tag).expect("hexadecimal digits are fine in a header"),
        }
    }

    /// Returns the text.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.plain).expect("the program's files are text")
    }

    /// Answers a request for it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let mut response = if has(request, &self.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match self.packed.as_ref().filter(|_| takes_gzip(request)) {
                Some(packed) => {
                    let headers = [
                        (header::CONTENT_ENCODING, "gzip"),
                        (header::CONTENT_TYPE, self.kind),
                    ];
                    (headers, Body::from(packed.clone())).into_response()
                }
                None => (
                    [(header::CONTENT_TYPE, self.kind)],
                    Body::from(self.plain.clone()),
                )
                    .into_response(),
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        response
    }
}

/// Returns the members of a list that may go over several headers.
fn members(request: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = request.get_all(name).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// Tells whether the client has the text of a tag; compared weakly, as this is a GET.
fn has(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
    let Ok(own) = tag.to_str() else { return false };
    members(request, header::IF_NONE_MATCH).any(|one| one == "*" || opaque(one) == opaque(own))
}

/// Tells whether the client takes gzip: it says so, and not with a weight of 0.
fn takes_gzip(request: &HeaderMap) -> bool {
    let weight_of = |wanted: &str| {
        members(request, header::ACCEPT_ENCODING).find_map(|one| {
            let mut parts = one.split(';').map(str::trim);
            let coding = parts.next()?;
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            coding.eq_ignore_ascii_case(wanted).then(|| weight.unwrap_or(1.0))
        })
    };
    weight_of("gzip")
        .or_else(|| weight_of("*"))
        .is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn request(headers: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let headers = headers.iter().cloned();
        headers
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_client_gets_what_it_takes() {
        let table = [
            (None, false),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br, GZIP;q=0.5"), true),
            (Some("gzip;q=0"), false),
            (Some("gzip;q=0, *"), false),
            (Some("*"), true),
            (Some("identity"), false),
            (Some(""), false),
        ];
        for (said, packed) in table {
            let said: Vec<_> = said
                .map(|said| (header::ACCEPT_ENCODING, said))
                .into_iter()
                .collect();
            assert_eq!(takes_gzip(&request(&said)), packed, "{said:?}");
        }
    }

    #[test]
    fn a_text_is_packed_whole_and_not_sent_to_who_has_it() {
        let text = "let a = 1;\n".repeat(100);
        let asset = Asset::new("text/javascript", text.clone());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&asset.packed.as_ref().unwrap()[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, text);
        let first = asset.answer(&request(&[(header::ACCEPT_ENCODING, "gzip")]));
        assert_eq!(
            (first.status(), &first.headers()[header::CONTENT_ENCODING]),
            (StatusCode::OK, &HeaderValue::from_static("gzip"))
        );
        let mut again = HeaderMap::new();
        again.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(asset.answer(&again).status(), StatusCode::NOT_MODIFIED);
        let other = Asset::new("text/javascript", format!("{text} "));
        assert_eq!(other.answer(&again).status(), StatusCode::OK);
        assert_eq!(
            Asset::new("text/css", "a").packed,
            None,
            "packing would make it longer"
        );
    }
}
