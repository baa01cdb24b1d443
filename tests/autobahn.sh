#!/usr/bin/env bash
# The Autobahn suite against docent's echo route: sections 1 to 7, 9 and 10 (12 and 13 are of compression, which docent does
# not offer). Fails on any case that is FAILED, and on any close that is not as RFC 6455 wants it.
# Takes the docent binary, a library, and `wstest` (PyPI: autobahntestsuite 0.8.2, of Python 2.7).
set -euo pipefail
cd "$(dirname "$0")/.."
docent=$1 library=$2 wstest=$3
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

cp -r "$library" "$work/library"
rm -rf "$work/library/.docent"
# The longest message of the suite has 16 MiB.
printf '[limits]\nmessage = "16 MiB"\n' >"$work/library/docent.toml"
"$docent" serve "$work/library" --data "$work/index" --listen 127.0.0.1:0 --ready-file "$work/ready" --rate-limits off \
  --echo-route >/dev/null 2>"$work/log" &
server=$!
for _ in $(seq 600); do [ -s "$work/ready" ] && break; sleep 0.1; done
[ -s "$work/ready" ] || { echo "the server did not get ready:"; cat "$work/log"; exit 1; }

cat >"$work/spec.json" <<JSON
{
  "outdir": "$work/reports",
  "servers": [{"agent": "docent", "url": "ws://$(cat "$work/ready")/echo"}],
  "cases": ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"],
  "exclude-cases": [],
  "exclude-agent-cases": {}
}
JSON
(cd "$work" && "$wstest" -m fuzzingclient -s "$work/spec.json" >"$work/wstest" 2>&1) || { tail -20 "$work/wstest"; exit 1; }
[ -z "${DOCENT_AUTOBAHN_REPORT:-}" ] || { mkdir -p "$DOCENT_AUTOBAHN_REPORT"; cp -r "$work/reports/." "$DOCENT_AUTOBAHN_REPORT"; }
python3 - "$work/reports/index.json" <<'PYTHON'
import collections, json, sys

# Fewer would mean that a part of the suite did not run.
CASES = 301
right = {"OK", "NON-STRICT", "INFORMATIONAL"}
cases = json.load(open(sys.argv[1]))["docent"]
print("behaviour:", dict(collections.Counter(one["behavior"] for one in cases.values())))
print("close:", dict(collections.Counter(one["behaviorClose"] for one in cases.values())))
bad = {name: one for name, one in cases.items() if one["behavior"] not in right or one["behaviorClose"] not in right}
for name, one in sorted(bad.items()):
    print(f"case {name}: {one['behavior']}, close {one['behaviorClose']} ({one['remoteCloseCode']})")
print(f"{len(cases)} cases, {len(bad)} not as they must be")
sys.exit(1 if bad or len(cases) < CASES else 0)
PYTHON
