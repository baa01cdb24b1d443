// Runs every example of the protocol against a server: node ws_client.js ws://HOST:PORT/ws/assistant
// Prints `N passed, N failed`; exits with 1 when a reply differs, byte for byte, from what examples.json expects.

import { readFileSync } from "node:fs";
import WebSocket from "ws";

const examples = JSON.parse(readFileSync(new URL("examples.json", import.meta.url), "utf8"));
const socket = new WebSocket(process.argv[2], ["other", "docent.v1"]);
const waiting = [];
const replies = [];

socket.on("message", (data, binary) => {
  const reply = binary ? null : data.toString("utf8");
  if (waiting.length > 0) waiting.shift()(reply);
  else replies.push(reply);
});
socket.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});

const next = () =>
  replies.length > 0
    ? Promise.resolve(replies.shift())
    : new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("no reply in 30 s")), 30_000);
        waiting.push((reply) => {
          clearTimeout(late);
          resolve(reply);
        });
      });

const fits = (reply, example) =>
  reply !== null &&
  reply === (example.is ?? reply) &&
  reply.startsWith(example.begins ?? "") &&
  reply.endsWith(example.ends ?? "") &&
  (example.holds ?? []).every((part) => reply.includes(part));

await new Promise((resolve) => socket.once("open", resolve));
let failed = 0;
const judge = (good, what, reply) => {
  if (good) return;
  failed += 1;
  console.log(`FAILED ${what}\n  got ${reply}`);
};

judge(socket.protocol === "docent.v1", "subprotocol", socket.protocol);
for (const example of examples) {
  socket.send(example.send);
  const reply = await next();
  judge(fits(reply, example), example.send, reply);
}
// All at once: as many replies, in the order of the requests. An assistant is chosen by now, so the first
// example is answered and not compared.
for (const example of examples) socket.send(example.send);
for (const example of examples) {
  const reply = await next();
  judge(example === examples[0] || fits(reply, example), `pipelined ${example.send}`, reply);
}
const closed = new Promise((resolve) => socket.once("close", resolve));
socket.close(1000);
const code = await closed;
judge(code === 1000, "close code", code);
console.log(`${2 * examples.length + 2 - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
