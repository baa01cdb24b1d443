// The AsyncAPI document against what the Rust types print (crates/protocol/testdata/samples.jsonl), in both directions:
// every sample fits its schema, every example is a sample, and no schema has a message or a key that no sample shows.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { parse } from "yaml";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const document = parse(read("crates/gateway/src/asyncapi.yaml"));
const samples = read("crates/protocol/testdata/samples.jsonl").trim().split("\n").map((line) => JSON.parse(line));

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addVocabulary(["components"]);
ajv.addSchema({ $id: "doc", components: document.components }, "doc");
const messages = Object.values(document.components.messages);

/** All keys that a schema or a value names, with their paths. */
function keysOfSchema(schema, at = "") {
  if (schema.$ref) return [];
  if (schema.items) return keysOfSchema(schema.items, `${at}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [`${at}.${key}`, ...keysOfSchema(inner, `${at}.${key}`)]);
}
function keysOfValue(value, at = "") {
  if (Array.isArray(value)) return value.flatMap((item) => keysOfValue(item, `${at}[]`));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${at}.${key}`, ...keysOfValue(inner, `${at}.${key}`)]);
}

const named = messages.map((message) => message.name).sort();
assert.deepEqual(named, [...new Set(samples.map((sample) => sample.type))].sort(), "the messages of the document and of the types");
for (const message of messages) {
  const schema = message.payload.$ref;
  const check = ajv.compile({ $ref: `doc${schema}` });
  const own = samples.filter((sample) => sample.type === message.name);
  for (const sample of own) assert.ok(check(sample), `${JSON.stringify(sample)}: ${ajv.errorsText(check.errors)}`);
  const shown = new Set(own.flatMap((sample) => keysOfValue(sample)));
  const described = keysOfSchema(document.components.schemas[schema.split("/").at(-1)]);
  assert.deepEqual([...shown].sort(), described.sort(), `the keys of ${message.name}`);
  const extension = (message.tags ?? []).some((tag) => tag.name === "extension");
  const kinds = message.examples.map((example) => example.name).sort();
  assert.deepEqual(kinds, extension ? ["extension"] : ["extension", "published"], `the examples of ${message.name}`);
  for (const { name, payload } of message.examples) {
    assert.ok(own.some((sample) => JSON.stringify(sample) === JSON.stringify(payload)), `no type prints the example ${JSON.stringify(payload)}`);
    const extended = extension || ["id", "sources", "stream"].some((key) => key in payload);
    assert.equal(extended, name === "extension", `${message.name}: ${name}`);
  }
}
console.log(`${samples.length} samples, ${messages.length} messages: the document and the types agree`);
