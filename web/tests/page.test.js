// The chat page in Chromium against the real program. DOCENT_BIN names the program, DOCENT_SHOTS a folder for screenshots,
// CHROMIUM the browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const root = resolve(import.meta.dirname, '../..');
const program = process.env.DOCENT_BIN ?? join(root, 'target/debug/docent');
const shots = process.env.DOCENT_SHOTS ?? join(tmpdir(), 'docent-shots');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const folders = [];
const children = new Set();
let browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
});

after(async () => {
  await browser?.close();
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder() {
  const made = mkdtempSync(join(tmpdir(), 'docent-web-'));
  folders.push(made);
  return made;
}

/** Starts the program and waits until it serves. */
async function serve(library = join(root, 'examples/library'), listen = '127.0.0.1:0') {
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

/** Opens the page; whatever goes wrong in it, and every request to elsewhere, is kept in `faults`. */
async function open(server, { width = 1280, height = 800, ...rest } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'ru-RU', bypassCSP: false, ...rest });
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('WebSocket')) faults.push(message.text()); });
  page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on('request', (request) => { if (new URL(request.url()).host !== server.address) faults.push(`request: ${request.url()}`); });
  await page.goto(server.url);
  await page.locator('#state.good').waitFor();
  return { page, faults, context };
}

async function ask(page, question) {
  await page.locator('#question').fill(question);
  await page.keyboard.press('Enter');
  await page.locator('article:not(.mine):not(.pending)').last().waitFor();
}

test('one picks an assistant, asks, and reads an answer with its source', async () => {
  const server = await serve();
  const { page, faults, context } = await open(server);
  assert.equal(await page.locator('#assistants option').count(), 4);
  await page.locator('#assistants').selectOption({ label: 'Справочник сотрудника' });
  await page.getByText('Отпуска, командировки').waitFor();
  await ask(page, 'Сколько дней длится ежегодный оплачиваемый отпуск?');
  const answer = page.locator('article.answer').last();
  assert.match(await answer.innerText(), /30 календарных дней/);
  const source = answer.locator('details.source').first();
  assert.match(await source.locator('summary').innerText(), /1 Отпуска, Сколько дней отпуска/);
  await source.locator('summary').click();
  assert.match(await source.locator('blockquote').innerText(), /30 календарных дней/);
  assert.doesNotMatch(await answer.locator('p').allInnerTexts().then((all) => all.join('\n')), /\[1\]/, 'the source is told twice');
  assert.ok(await answer.locator('td').count() > 0, 'rows of a table are drawn as a table');
  await page.screenshot({ path: join(shots, 'answer-1280.png') });
  await ask(page, 'Дай рецепт борща с говядиной');
  assert.match(await page.locator('article.fallback').innerText(), /^К сожалению/);
  await page.screenshot({ path: join(shots, 'fallback-1280.png') });
  await page.reload();
  await page.locator('#state.good').waitFor();
  assert.equal(await page.locator('#assistants').inputValue(), '3', 'the choice outlasts a reload');
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('it works on a phone, by keyboard, in the dark, without a fault of accessibility', async () => {
  const server = await serve();
  for (const [width, height, colorScheme] of [[390, 844, 'light'], [320, 640, 'dark'], [1280, 800, 'dark']]) {
    const { page, faults, context } = await open(server, { width, height, colorScheme });
    assert.equal(await page.evaluate(() => document.activeElement.id), 'question', 'one can type at once');
    await page.keyboard.type('Сколько стоит консультация?');
    await page.keyboard.press('Enter');
    await page.locator('details.source').first().waitFor();
    // From the box back to the source, by keys alone.
    for (let steps = 0; steps < 6 && !(await page.evaluate(() => document.activeElement.tagName === 'SUMMARY')); steps += 1) {
      await page.keyboard.press('Shift+Tab');
    }
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('details.source').first().getAttribute('open') !== null, 'the source opens by keyboard');
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `${wider} px too wide at ${width}`);
    await page.screenshot({ path: join(shots, `phone-${width}-${colorScheme}.png`) });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map((one) => [one.id, one.nodes.map((node) => node.html)]), []);
    assert.deepEqual(faults, []);
    await context.close();
  }
  await server.kill();
});

test('the protocol can be read on a phone and in the dark, without a fault of accessibility', async () => {
  const server = await serve();
  for (const [width, height, colorScheme] of [[320, 640, 'dark'], [1280, 800, 'light']]) {
    const { page, faults, context } = await open(server, { width, height, colorScheme });
    await page.goto(`${server.url}docs`);
    assert.equal(await page.locator('h1').count(), 2);
    const across = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(across <= width, `${across} pixels across at ${width}`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
    assert.deepEqual(faults, []);
    await context.close();
  }
  await server.kill();
});

test('the page speaks Kazakh and English as well', async () => {
  const server = await serve();
  for (const [locale, send] of [['kk-KZ', 'Сұрау'], ['en-GB', 'Ask'], ['de-DE', 'Спросить']]) {
    const { page, context } = await open(server, { locale });
    assert.equal(await page.locator('form button').innerText(), send);
    await context.close();
  }
  await server.kill();
});

test('what documents hold is text: nothing runs, nothing is loaded', async () => {
  const library = folder();
  const evil = '<img src=https://evil.example/x onerror=alert(1)><script>alert(2)</script><a href="javascript:alert(3)">x</a>';
  writeFileSync(join(library, 'assistant.toml'), `id = 1\nname = '${evil}'\ndescription = '${evil}'\n`);
  writeFileSync(join(library, "<img src=x onerror=alert(4)>.txt"), `Порядок выдачи пропуска таков. Пропуск выдаёт охрана ${evil} в первый день.\n`);
  const server = await serve(library);
  const { page, faults, context } = await open(server);
  await ask(page, 'Порядок выдачи пропуска: охрана, первый день');
  const answer = page.locator('article.answer').last();
  assert.match(await answer.innerText(), /<script>alert\(2\)/);
  await answer.locator('summary').first().click();
  await ask(page, evil);
  assert.equal(await page.locator('main img, main script, main a, header img').count(), 0);
  await page.screenshot({ path: join(shots, 'hostile.png') });
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('after a lost connection the choice and the typed questions are still there', async () => {
  const first = await serve();
  const { page, context } = await open(first);
  await page.locator('#assistants').selectOption('3');
  await page.getByText('Отпуска, командировки').waitFor();
  await first.kill();
  await page.locator('#state.bad').waitFor();
  await page.locator('#question').fill('Сколько дней длится ежегодный оплачиваемый отпуск?');
  await page.keyboard.press('Enter');
  await page.locator('article.pending').waitFor();
  await page.screenshot({ path: join(shots, 'lost-1280.png') });
  const second = await serve(undefined, first.address);
  await page.locator('article.answer .sources').waitFor({ timeout: 60_000 });
  assert.match(await page.locator('article.answer').innerText(), /30 календарных дней/);
  assert.equal(await page.locator('#assistants').inputValue(), '3');
  await context.close();
  await second.kill();
});
