#!/usr/bin/env bash
# The snippets of deploy/ with the real nginx and HAProxy: the protocol through both, and a rolling restart under load.
# Takes the docent binary, a library and a Python with `websockets`.
set -euo pipefail
cd "$(dirname "$0")/.."
docent=$1 library=$2 python=$3
work=$(mktemp -d)
pids=()
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

cp -r "$library" "$work/library"
rm -rf "$work/library/.docent"
cat >"$work/library/docent.toml" <<TOML
trusted_proxies = ["127.0.0.1"]
[limits]
drain_wait = "3s"
TOML
"$docent" index "$work/library" --data "$work/index" >/dev/null 2>&1

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
start() { # number, port, admin port
  rm -f "$work/ready$1"
  "$docent" serve "$work/library" --data "$work/index" --listen "127.0.0.1:$2" --admin "127.0.0.1:$3" \
    --ready-file "$work/ready$1" >/dev/null 2>>"$work/log$1" &
  started=$!
  for _ in $(seq 200); do [ -s "$work/ready$1" ] && return; sleep 0.05; done
  echo "docent $1 did not get ready:"; cat "$work/log$1"; exit 1
}
answers() { # url
  for _ in $(seq 100); do "$python" tests/clients/through_proxy.py "$1" once 2>/dev/null && return; sleep 0.1; done
  "$python" tests/clients/through_proxy.py "$1" once
}

one=$(free_port) one_admin=$(free_port) two=$(free_port) two_admin=$(free_port) front=$(free_port)
start 1 "$one" "$one_admin"; first=$started; pids+=("$first")
start 2 "$two" "$two_admin"; second=$started; pids+=("$second")

echo "nginx: the chat page and the socket"
{
  echo "pid $work/nginx.pid; error_log $work/nginx.log; worker_processes 1; events { worker_connections 512; }"
  echo "http { access_log off;"
  sed "s/127.0.0.1:8080/127.0.0.1:$one/; s/listen 8088/listen 127.0.0.1:$front/" deploy/nginx.conf
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $work/$kind;"; done
  echo "}"
} >"$work/nginx.conf"
nginx -c "$work/nginx.conf" -g 'daemon off;' 2>"$work/nginx.err" &
nginx=$!; pids+=("$nginx")
answers "ws://127.0.0.1:$front/ws/assistant"
kill "$nginx"; wait "$nginx" 2>/dev/null || true

echo "HAProxy: a rolling restart of two servers under load"
front=$(free_port)
sed "s/:8088/127.0.0.1:$front/; s/maxconn 20000/maxconn 400/; s/127.0.0.1:8081 check port 9481/127.0.0.1:$one check port $one_admin/
     s/127.0.0.1:8082 check port 9482/127.0.0.1:$two check port $two_admin/" deploy/haproxy.cfg >"$work/haproxy.cfg"
haproxy -c -q -f "$work/haproxy.cfg"
haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
haproxy=$!; pids+=("$haproxy")
url="ws://127.0.0.1:$front/ws/assistant"
answers "$url"
"$python" tests/clients/through_proxy.py "$url" load "$work/stop" &
load=$!; pids+=("$load")
sleep 1
kill -TERM "$first"; wait "$first" || { echo "the first server did not stop cleanly"; exit 1; }
start 1 "$one" "$one_admin"; pids+=("$started")
for _ in $(seq 100); do curl -sf "http://127.0.0.1:$one_admin/readyz" >/dev/null && break; sleep 0.1; done
sleep 2
kill -TERM "$second"; wait "$second" || { echo "the second server did not stop cleanly"; exit 1; }
start 2 "$two" "$two_admin"; pids+=("$started")
sleep 2
touch "$work/stop"
wait "$load"
