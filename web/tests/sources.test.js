// The text of a document where an answer quotes it.
import assert from 'node:assert/strict';
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, ask, begin, end, folder, open, root, sample, serve, shot } from '../stage.js';

before(begin);
after(end);

function library(settings = '') {
  const made = join(folder(), 'library');
  cpSync(join(root, 'examples/library'), made, { recursive: true, filter: (path) => !path.endsWith('.docent') });
  if (settings) writeFileSync(join(made, 'docent.toml'), settings);
  return made;
}

const address = (page, nth = 0) => page.locator('.turn').last().locator('.sources a').nth(nth).evaluate((link) => link.href);

test('every format shows its words at the quoted place; pages and tables are there; no script is needed', async () => {
  const server = await sample();
  const { page, faults, context } = await open(server);
  const plain = await context.browser().newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  const seen = new Set();
  for (const [assistant, question] of [
    ['3', 'Сколько дней длится ежегодный оплачиваемый отпуск?'], ['3', 'Какие суточные в командировке?'], ['3', 'Когда выплачивают зарплату?'], ['3', 'Как возместить расходы на такси?'],
    ['2', 'Сколько стоит подключение к электросетям?'], ['2', 'Кто может получить поддержку?'], ['1', 'Как войти в личный кабинет?'], ['4', 'Өтінішті қалай беруге болады?'],
  ]) {
    await page.locator('select').selectOption(assistant);
    await ask(page, question);
    const href = await address(page);
    const format = decodeURIComponent(new URL(href).pathname).split('.').at(-1);
    const source = await plain.newPage();
    await source.goto(href);
    const marked = await source.locator('mark').allInnerTexts();
    assert.ok(marked.join('').length > 3, `${question}: nothing is marked in ${href}`);
    // Places that may help have their words below the text.
    const quoted = await page.locator('.turn').last().locator('.answer').innerText();
    const bare = (text) => text.replaceAll(/[^\p{L}\p{N}]+/gu, '');
    assert.ok(marked.every((text) => bare(quoted).includes(bare(text))), `${question}: ${marked} is not in ${quoted}`);
    if (format === 'pdf') assert.ok(await source.locator('.page').count() > 0, 'a PDF has page numbers');
    if (!seen.has(format)) await shot(source, `source-${format}-390`);
    seen.add(format);
    await source.close();
  }
  assert.ok(seen.size >= 3, [...seen].join());
  assert.deepEqual(faults, []);
  await plain.close();
  await context.close();
});

test('a document that has changed since says so, and one that is deleted is gone in plain words', async () => {
  const folder = library();
  const server = await serve(folder);
  const { page, faults, context } = await open(server);
  await page.locator('select').selectOption('3');
  await ask(page, 'Сколько дней длится ежегодный оплачиваемый отпуск?');
  const href = await address(page);
  const path = join(folder, 'staff', decodeURIComponent(new URL(href).pathname.split('/').slice(3).join('/')));
  assert.ok(existsSync(path), path);
  const source = await context.newPage();
  const until = async (seen) => {
    for (const deadline = Date.now() + 20_000; ;) {
      // An address with a fragment is otherwise not fetched again.
      await source.goto('about:blank');
      if (await seen(await source.goto(href))) return;
      assert.ok(Date.now() < deadline, 'the change was not noticed');
    }
  };
  writeFileSync(path, '# Отпуска\n\nОтпуск теперь длится 31 день.\n');
  await until(() => source.locator('.changed').isVisible());
  assert.match(await source.locator('main').innerText(), /31 день/);
  assert.equal(await source.locator('mark').count(), 0);
  await accessible(source, 'changed');
  await shot(source, 'source-changed-1280');
  rmSync(path);
  await until((response) => response.status() === 404);
  assert.equal(await source.locator('h1').innerText(), 'Такого документа здесь нет');
  await accessible(source, 'gone');
  await shot(source, 'source-gone-1280');
  assert.deepEqual(faults.filter((one) => !one.includes('404')), []);
  await context.close();
  await server.kill();
});

test('a suggestion that the documents do not answer is not shown, and comes when they do', async () => {
  const made = folder();
  writeFileSync(join(made, 'assistant.toml'), 'id = 1\nname = "Пропуска"\nsuggestions = ["Сколько стоит парковка?", "Кто выдаёт пропуск?"]\n');
  writeFileSync(join(made, 'a.txt'), 'Пропуск выдаёт охрана в первый рабочий день.\n');
  const server = await serve(made);
  const { page, context } = await open(server);
  await page.locator('.first button').first().waitFor();
  assert.deepEqual(await page.locator('.first button').allInnerTexts(), ['Кто выдаёт пропуск?']);
  writeFileSync(join(made, 'b.txt'), 'Парковка стоит 200 тенге в час.\n');
  for (const deadline = Date.now() + 20_000; ;) {
    const { assistants } = await (await context.request.get(`${server.url}assistants.json`)).json();
    if (assistants[0].suggestions.length === 2) break;
    assert.ok(Date.now() < deadline, JSON.stringify(assistants));
  }
  await context.close();
  await server.kill();
});

test('an operator may switch the text of the documents off: quotes are then in the chat', async () => {
  const server = await serve(library('sources = "off"\n'));
  const { page, faults, context } = await open(server);
  await page.locator('select').selectOption('3');
  await ask(page, 'Сколько дней длится ежегодный оплачиваемый отпуск?');
  assert.equal(await page.locator('.sources a').count(), 0);
  await page.locator('summary').first().click();
  assert.match(await page.locator('blockquote').first().innerText(), /30 календарных дней/);
  await accessible(page, 'without sources');
  const response = await context.request.get(`${server.url}sources/1/faq.md`);
  assert.equal(response.status(), 404);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});
