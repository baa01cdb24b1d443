// What the browser tests share: the program, the browser, sites of other people, and what may never happen on a page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

export const root = resolve(import.meta.dirname, '..');
const program = process.env.DOCENT_BIN ?? join(root, 'target/debug/docent');
const shots = process.env.DOCENT_SHOTS ?? join(tmpdir(), 'docent-shots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folders = [];
const children = new Set();
const sites = new Set();
let browser;

export async function begin() {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
}

export async function end() {
  await browser?.close();
  for (const child of children) child.kill('SIGKILL');
  for (const site of sites) site.closeAllConnections();
  for (const site of sites) site.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

export function folder() {
  const made = mkdtempSync(join(tmpdir(), 'docent-web-'));
  folders.push(made);
  return made;
}

/** Starts the program and waits until it serves. */
export async function serve(library = join(root, 'examples/library'), listen = '127.0.0.1:0') {
  const work = folder();
  const ready = join(work, 'ready');
  const child = spawn(program, ['serve', library, '--data', join(work, 'index'), '--listen', listen, '--ready-file', ready], { stdio: 'ignore' });
  children.add(child);
  const ended = new Promise((done) => child.on('exit', done));
  const deadline = Date.now() + 60_000;
  while (!existsSync(ready)) {
    assert.ok(Date.now() < deadline && child.exitCode === null, 'the server did not get ready');
    await new Promise((done) => setTimeout(done, 20));
  }
  const address = readFileSync(ready, 'utf8');
  const kill = async () => { child.kill('SIGKILL'); await ended; children.delete(child); };
  return { address, url: `http://${address}/`, kill };
}

let common;
/** The sample library, served once for all tests that leave it as it is. */
export const sample = () => (common ??= serve());

/** A page of somebody else, with a policy of its own; `prefix` is handed on to a docent server, as a proxy does. */
export async function site(html, { policy, prefix, to } = {}) {
  const made = createServer((incoming, outgoing) => {
    if (prefix && incoming.url.startsWith(prefix)) {
      const [host, port] = to.address.split(':');
      const onward = forward({ host, port, method: incoming.method, path: incoming.url.slice(prefix.length - 1), headers: incoming.headers }, (reply) => {
        outgoing.writeHead(reply.statusCode, reply.headers);
        reply.pipe(outgoing);
      });
      incoming.pipe(onward);
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...(policy && { 'content-security-policy': policy }) });
    outgoing.end(html);
  });
  made.on('upgrade', (incoming, socket, head) => {
    const [host, port] = to.address.split(':');
    const onward = connect(Number(port), host, () => {
      const headers = incoming.rawHeaders.reduce((text, part, at) => text + part + (at % 2 ? '\r\n' : ': '), '');
      onward.write(`GET ${incoming.url.slice(prefix.length - 1)} HTTP/1.1\r\n${headers}\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const [one, other] of [[socket, onward], [onward, socket]]) one.on('error', () => other.destroy());
  });
  await new Promise((done) => made.listen(0, '127.0.0.1', done));
  sites.add(made);
  const address = `127.0.0.1:${made.address().port}`;
  return { address, url: `http://${address}/` };
}

/** Opens a page; whatever goes wrong in it, and every request to elsewhere, is kept in `faults`. */
export async function visit(url, { width = 1280, height = 800, hosts = [], ...rest } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'ru-RU', ...rest });
  const own = [new URL(url).host, ...hosts];
  const faults = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('WebSocket')) faults.push(message.text()); });
    page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  });
  context.on('request', (request) => { if (!own.includes(new URL(request.url()).host)) faults.push(`request: ${request.url()}`); });
  const page = await context.newPage();
  await page.goto(url);
  return { page, faults, context };
}

/** Opens the chat page of a server and waits until it is connected. */
export async function open(server, options) {
  const opened = await visit(server.url, options);
  await opened.page.locator('.state.good').waitFor();
  return opened;
}

export async function ask(page, question) {
  const before = await page.locator('.answer:not(.pending):not([aria-busy])').count();
  await page.locator('#question').fill(question);
  await page.keyboard.press('Enter');
  await page.locator('.answer:not(.pending):not([aria-busy])').nth(before).waitFor();
}

/** Waits until nothing moves but what moves for ever: what is half faded in tells neither an eye nor a measure anything. */
async function still(page) {
  await page.evaluate(() => {
    const roots = [document, ...[...document.querySelectorAll('docent-chat')].map((chat) => chat.shadowRoot)];
    const moving = roots.flatMap((root) => root.getAnimations()).filter((one) => one.effect?.getTiming().iterations !== Infinity);
    return Promise.allSettled(moving.map((one) => one.finished));
  });
}

/** Takes a picture; what is named for a desk is also taken on a phone. */
export async function shot(page, name) {
  await still(page);
  await page.screenshot({ path: join(shots, `${name}.png`) });
  if (!name.endsWith('-1280')) return;
  const desk = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, name.replace('-1280', '-390'));
  await page.setViewportSize(desk);
}

/** Finds no fault of accessibility, and nothing wider than the screen. */
export async function accessible(page, name) {
  await still(page);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
  });
  assert.deepEqual(violations, [], name);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wider <= 0, `${name}: ${wider} pixels too wide`);
}

/** Finds no word in a table that is broken in its middle: one that stands on two lines. */
export async function unbroken(page, name) {
  const broken = await page.evaluate(() => {
    const found = [];
    for (const cell of document.querySelectorAll('table th, table td')) {
      const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const { index, 0: word } of node.data.matchAll(/[\p{L}\p{N}]+/gu)) {
          const range = new Range();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1) found.push(word);
        }
      }
    }
    return found;
  });
  assert.deepEqual(broken, [], name);
}

/** The id of the element that has the focus, inside shadow trees too. */
export const focused = (page) => page.evaluate(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.id || at?.className || at?.tagName;
});

/** What opens the desk of the libraries made by tests. */
export const TOKEN = 'очень длинный ключ 2026';

/** Opens the desk of a server and signs in. */
export async function signIn(server, options) {
  const opened = await visit(`${server.url}desk`, options);
  await opened.page.locator('#token').fill(TOKEN);
  await opened.page.keyboard.press('Enter');
  await opened.page.locator('table.documents').first().waitFor();
  return opened;
}
