// The widget on pages of other people, and what it does while a server is slow.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, ask, begin, end, focused, folder, open, sample, serve, shot, site, visit } from '../stage.js';

before(begin);
after(end);

const page = (tag, lang = 'ru') => `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Магазин</title></head><body><main><h1>Магазин</h1><p>Страница чужого сайта.</p>${tag}</main></body></html>`;
const tag = (server, rest = '') => `<script src="${server.url}widget.js" ${rest}></script>`;

test('one tag puts a bubble on a page with a strict policy: opened, asked and closed by keys alone', async () => {
  const server = await sample();
  const policy = `default-src 'none'; script-src ${server.url}widget.js; connect-src ${server.url} ws://${server.address}; require-trusted-types-for 'script'`;
  const shop = await site(page(tag(server, 'data-assistant="3"')), { policy });
  for (const screen of [{ width: 1280, height: 800 }, { width: 390, height: 844, colorScheme: 'dark' }, { width: 320, height: 640 }]) {
    const { page, faults, context } = await visit(shop.url, { ...screen, hosts: [server.address] });
    const name = `bubble-${screen.width}`;
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('websocket', (socket) => asked.push(socket.url()));
    await page.locator('.bubble').waitFor();
    await accessible(page, `${name}, closed`);
    await shot(page, `${name}-closed`);
    assert.deepEqual(asked, [], 'nothing is connected before somebody opens it');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'bubble');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'question', 'one can type at once');
    await page.locator('.state.good').waitFor();
    assert.equal(await page.locator('.name').innerText(), 'Справочник сотрудника');
    assert.ok(await page.locator('select').isHidden());
    await page.locator('.first button').first().waitFor();
    await accessible(page, `${name}, open`);
    await shot(page, `${name}-open`);
    await page.keyboard.type('Сколько дней отпуска?');
    await page.keyboard.press('Enter');
    await page.locator('.answer .sources').waitFor();
    await accessible(page, `${name}, answered`);
    await shot(page, `${name}-answered`);
    assert.ok((await page.locator('.sources a').first().getAttribute('href')).startsWith(`${server.url}sources/3/`));
    await page.keyboard.press('Escape');
    assert.equal(await focused(page), 'bubble', 'the focus is back where it was');
    assert.ok(await page.locator('.panel').isHidden());
    await page.reload();
    await page.locator('.bubble').click();
    assert.equal(await page.locator('.mine').count(), 1, 'the conversation outlasts a change of page');
    assert.deepEqual(faults, []);
    await context.close();
  }
});

test('it stands where the tag stands, in the language of the page, in colours of the page, and tells what happens without words', async () => {
  const server = await sample();
  const html = page(tag(server, 'data-assistant="2" data-mode="inline" data-theme="dark" async'), 'en')
    .replace('</head>', '<style>docent-chat { --docent-accent: rgb(0, 128, 0); }</style></head>');
  const shop = await site(html);
  const { page: shown, faults, context } = await visit(shop.url, { hosts: [server.address] });
  await shown.locator('main > docent-chat .state.good').waitFor();
  assert.equal(await shown.locator('.send').innerText(), 'Ask');
  assert.equal(await shown.locator('.send').evaluate((one) => getComputedStyle(one).backgroundColor), 'rgb(0, 128, 0)');
  assert.equal(await shown.locator('.panel').evaluate((one) => getComputedStyle(one).backgroundColor), 'rgb(18, 21, 27)');
  const told = shown.evaluate(() => new Promise((done) => addEventListener('docent-answer', ({ detail }) => done(JSON.stringify(detail)))));
  await shown.evaluate(() => document.querySelector('docent-chat').ask('Кто может получить поддержку?'));
  await shown.locator('.answer .sources').waitFor();
  assert.match(await told, /^\{"type":"answer","sources":\d\}$/);
  await shot(shown, 'inline-1280');
  assert.deepEqual(faults, []);
  await context.close();
});

test('data-lang wins over the language of the page, and an assistant that is not there is told', async () => {
  const server = await sample();
  const shop = await site(page(tag(server, 'data-assistant="77" data-mode="inline" data-lang="kk"')));
  const { page: shown, context } = await visit(shop.url, { hosts: [server.address] });
  await shown.locator('.state.bad').waitFor();
  assert.equal(await shown.locator('.state').innerText(), 'Көмекші табылмады');
  await ask(shown, 'Бар ма?');
  assert.equal(await shown.locator('.answer.error p').innerText(), 'Ассистент не найден', 'in the words of the server');
  await context.close();
});

test('it works in a frame and behind a path prefix, and its sources open there', async () => {
  const server = await sample();
  const proxy = await site(page('<script src="/assistant/widget.js" data-assistant="3" data-mode="inline"></script>'), { prefix: '/assistant/', to: server });
  const outer = await site(`<!doctype html><html lang="ru"><title>Рамка</title><iframe src="${proxy.url}" width="700" height="700" title="Чат"></iframe></html>`);
  const { page: shown, faults, context } = await visit(outer.url, { hosts: [proxy.address] });
  const frame = shown.frameLocator('iframe');
  await frame.locator('.state.good').waitFor();
  await frame.locator('#question').fill('Сколько дней отпуска?');
  await frame.locator('#question').press('Enter');
  const link = frame.locator('.sources a').first();
  await link.waitFor();
  const opening = context.waitForEvent('page');
  await link.click();
  const source = await opening;
  await source.locator('mark').first().waitFor();
  assert.ok(source.url().startsWith(`${proxy.url}assistant/sources/3/`), source.url());
  assert.notEqual(await source.locator('main').evaluate((one) => getComputedStyle(one).borderRadius), '0px', 'the sheet is found behind the prefix');
  await shot(shown, 'frame-and-prefix');
  // The ready-made page behind the same prefix.
  const whole = await visit(`${proxy.url}assistant/`);
  await whole.page.locator('.state.good').waitFor();
  assert.deepEqual([...faults, ...whole.faults], []);
  await whole.context.close();
  await context.close();
});

/** Lets a test hold back what the server says, and see what the page says. */
async function between(shown) {
  const held = { asked: [], replies: [], holding: true, sockets: [] };
  await shown.routeWebSocket(/\/ws\/assistant$/, (socket) => {
    const server = socket.connectToServer();
    held.sockets.push(socket);
    socket.onMessage((text) => {
      held.asked.push(JSON.parse(text));
      server.send(text);
    });
    server.onMessage((text) => {
      const { type } = JSON.parse(text);
      if (held.holding && (type === 'answer' || type === 'answer_delta')) held.replies.push(() => socket.send(text));
      else socket.send(text);
    });
  });
  held.next = async () => {
    while (!held.replies.length) await new Promise((done) => setTimeout(done, 5));
    held.replies.shift()();
  };
  return held;
}

test('while one question is answered the next waits its turn, and the answer is seen growing', async () => {
  const server = await sample();
  const { page: shown, faults, context } = await open(server);
  const held = await between(shown);
  await shown.reload();
  await shown.locator('.state.good').waitFor();
  await shown.locator('select').selectOption('3');
  for (const question of ['Сколько дней отпуска?', 'Какие суточные в командировке?', 'Как работать из дома?']) {
    await shown.locator('#question').fill(question);
    await shown.keyboard.press('Enter');
  }
  await shown.getByText('Ищу в документах').waitFor();
  assert.equal(await shown.locator('.queue').innerText(), '2 вопроса ждут очереди');
  const questions = () => held.asked.filter((one) => one.type === 'question');
  assert.equal(questions().length, 1, 'one at a time');
  assert.deepEqual(Object.keys(questions()[0]), ['type', 'question', 'sources', 'stream', 'id']);
  await shot(shown, 'queue-1280');
  await held.next();
  const growing = shown.locator('.answer[aria-busy=true] .text');
  await growing.waitFor();
  assert.ok((await growing.innerText()).length > 10);
  assert.equal(await shown.locator('.sources').count(), 0);
  await shot(shown, 'streaming-1280');
  held.holding = false;
  while (held.replies.length) await held.next();
  await shown.locator('.answer:not([aria-busy])').nth(2).waitFor();
  assert.deepEqual(questions().map((one) => one.question.slice(0, 6)), ['Скольк', 'Какие ', 'Как ра']);
  assert.deepEqual(faults, []);
  await context.close();
});

test('a connection that ends in mid-answer costs nothing: the question is asked again, of the same assistant', async () => {
  const server = await sample();
  const { page: shown, context } = await open(server);
  const held = await between(shown);
  await shown.reload();
  await shown.locator('.state.good').waitFor();
  await shown.locator('select').selectOption('3');
  await shown.locator('#question').fill('Сколько дней отпуска?');
  await shown.keyboard.press('Enter');
  await held.next();
  await shown.locator('.answer[aria-busy=true] .text').waitFor();
  await shown.locator('select').selectOption('1');
  held.holding = false;
  await held.sockets[0].close({ code: 1001 });
  await shown.locator('.answer .sources').waitFor();
  assert.match(await shown.locator('.answer').innerText(), /30 календарных дней/);
  assert.deepEqual(held.asked.filter((one) => one.type === 'select_assistant').map((one) => one.assistant_id), [3, 3]);
  assert.equal(await shown.locator('.answer').count(), 1);
  await shown.getByLabel('Не помогло').click();
  while (!held.asked.some((one) => one.type === 'feedback')) await new Promise((done) => setTimeout(done, 5));
  const judged = held.asked.find((one) => one.type === 'feedback');
  assert.deepEqual(judged, { type: 'feedback', id: held.asked.findLast((one) => one.type === 'question').id, helpful: false });
  await context.close();
});

test('a question that ends every connection is given up, and those behind it are answered', async () => {
  const server = await sample();
  const { page: shown, context } = await open(server);
  let asked = 0;
  await shown.routeWebSocket(/\/ws\/assistant$/, (socket) => {
    const onward = socket.connectToServer();
    socket.onMessage((text) => {
      if (!text.includes('яд')) return onward.send(text);
      asked += 1;
      return void socket.close({ code: 1009 });
    });
  });
  await shown.reload();
  await shown.locator('.state.good').waitFor();
  for (const question of ['яд', 'Сколько стоит консультация?']) {
    await shown.locator('#question').fill(question);
    await shown.keyboard.press('Enter');
  }
  await shown.locator('.answer .sources').waitFor({ timeout: 60_000 });
  assert.match(await shown.locator('.answer.error').innerText(), /^Ответ не пришёл/);
  assert.equal(asked, 5);
  await context.close();
});

test('who starts over while an assistant is being selected asks the one that is chosen then', async () => {
  const server = await sample();
  const { page: shown, context } = await open(server);
  const selected = [];
  let release;
  await shown.routeWebSocket(/\/ws\/assistant$/, (socket) => {
    const onward = socket.connectToServer();
    socket.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type === 'select_assistant') selected.push(message.assistant_id);
      if (selected.length === 1 && message.type === 'select_assistant') release = () => onward.send(text);
      else onward.send(text);
    });
  });
  await shown.reload();
  await shown.locator('.state.good').waitFor();
  await shown.locator('#question').fill('Сколько стоит консультация?');
  await shown.keyboard.press('Enter');
  await shown.getByLabel('Начать заново').click();
  await shown.locator('select').selectOption('3');
  await shown.locator('#question').fill('Сколько дней отпуска?');
  await shown.keyboard.press('Enter');
  release();
  await shown.locator('.answer .sources').waitFor();
  assert.match(await shown.locator('.answer').innerText(), /30 календарных дней/);
  assert.deepEqual(selected, [1, 3]);
  await context.close();
});

test('an answer that comes while the bubble is closed is counted, and can be copied', async () => {
  const server = await sample();
  const shop = await site(page(tag(server, 'data-assistant="3"')));
  const { page: shown, faults, context } = await visit(shop.url, { hosts: [server.address], permissions: ['clipboard-read', 'clipboard-write'] });
  const held = await between(shown);
  await shown.locator('.bubble').click();
  await shown.locator('.state.good').waitFor();
  await shown.locator('#question').fill('Сколько дней отпуска?');
  await shown.keyboard.press('Enter');
  await shown.keyboard.press('Escape');
  await held.next();
  held.holding = false;
  while (held.replies.length) await held.next();
  await shown.locator('.count').waitFor();
  assert.match(await shown.locator('.bubble').innerText(), /1 новый ответ/);
  await shown.locator('.bubble').click();
  await shown.getByText('Копировать').click();
  const said = shown.locator('.acts [role=status]');
  await shown.getByText('Скопировано').waitFor();
  assert.equal(await said.innerText(), 'Скопировано', 'it is announced');
  const copied = () => shown.evaluate(() => navigator.clipboard.readText());
  assert.match(await copied(), /30 календарных дней[^]*\n\n\[1\] /);
  // A page without TLS has no clipboard of the newer kind.
  await shown.evaluate(async () => {
    await navigator.clipboard.writeText('');
    Object.defineProperty(navigator.clipboard, 'writeText', { value: () => Promise.reject(new Error('forbidden')) });
  });
  await shown.getByText('Скопировано').waitFor({ state: 'hidden' });
  await shown.getByText('Копировать').click();
  while (!(await copied())) await new Promise((done) => setTimeout(done, 5));
  assert.match(await copied(), /30 календарных дней/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('an error of the server is told, and the question can be asked again', async () => {
  const server = await sample();
  const { page: shown, context } = await open(server);
  await shown.evaluate(() => document.querySelector('docent-chat').ask('ж'.repeat(4_001)));
  const told = shown.locator('.answer.error');
  assert.match(await told.innerText(), /4\s?001/);
  assert.ok(await told.evaluate((one) => one.getBoundingClientRect().top < innerHeight), 'what went wrong is in sight, however long the question');
  await shot(shown, 'error-1280');
  await told.getByText('Спросить ещё раз').click();
  await told.waitFor();
  assert.equal(await shown.locator('.mine').count(), 1);
  await context.close();
});

test('near the longest question it is told what is left, and one that is too long stays to be mended', async () => {
  const server = await sample();
  const { page: shown, faults, context } = await open(server);
  const [box, limit] = [shown.locator('#question'), shown.locator('.limit')];
  // The limit comes with the suggestions.
  await shown.locator('.first button').first().waitFor();
  await box.fill('ж'.repeat(3_500));
  assert.equal(await limit.innerText(), '');
  await box.fill('ж'.repeat(3_998));
  assert.equal(await limit.innerText(), 'Осталось 2 знака');
  // As the server counts: by characters, not by halves of them.
  await box.fill('🦉'.repeat(4_001));
  assert.match(await limit.innerText(), /^Лишний 1 знак/);
  assert.equal(await box.getAttribute('aria-invalid'), 'true');
  await accessible(shown, 'too long');
  await shot(shown, 'too-long-1280');
  await box.press('Enter');
  assert.equal(await shown.locator('.mine').count(), 0);
  assert.equal((await box.inputValue()).length, 8_002);
  await box.fill('Сколько стоит консультация?');
  assert.equal(await limit.innerText(), '');
  await box.press('Enter');
  await shown.locator('.answer .sources').waitFor();
  // Where the limit is not known, nothing is told of it.
  await shown.route('**/assistants.json', (route) => route.abort());
  await shown.reload();
  await shown.locator('.state.good').waitFor();
  await box.fill('ж'.repeat(3_999));
  assert.equal(await limit.innerText(), '');
  assert.deepEqual(faults.filter((one) => !/ERR_FAILED/.test(one)), []);
  await context.close();
});

test('a bubble that covers the page keeps the focus inside, one beside it lets it out', async () => {
  const server = await sample();
  const shop = await site(page(`<a href="#x" id="behind">Назад в магазин</a>${tag(server, 'data-assistant="3"')}`));
  const { page: shown, faults, context } = await visit(shop.url, { width: 390, height: 844, hosts: [server.address] });
  await shown.locator('.bubble').click();
  await shown.locator('.first button').first().waitFor();
  assert.equal(await shown.locator('.panel').getAttribute('aria-modal'), 'true');
  const inside = () => shown.evaluate(() => document.activeElement.localName === 'docent-chat');
  for (const key of ['Tab', 'Shift+Tab']) {
    for (let nth = 0; nth < 14; nth += 1) {
      await shown.keyboard.press(key);
      assert.ok(await inside(), `${key} ${nth}`);
    }
  }
  await shown.evaluate(() => document.querySelector('#behind').focus());
  assert.ok(await inside(), 'by script as well');
  await accessible(shown, 'covering bubble');
  await shown.reload();
  await shown.locator('.panel[aria-modal]').waitFor();
  await shown.evaluate(() => document.querySelector('#behind').focus());
  assert.ok(await inside(), 'on the next page of the site, too');
  // Turned to a wide screen it covers nothing.
  await shown.setViewportSize({ width: 1280, height: 800 });
  await shown.locator('.panel:not([aria-modal])').waitFor();
  await shown.evaluate(() => document.querySelector('#behind').focus());
  assert.equal(await inside(), false);
  await shown.setViewportSize({ width: 390, height: 844 });
  await shown.locator('.panel[aria-modal]').waitFor();
  await shown.locator('#question').focus();
  await shown.keyboard.press('Escape');
  assert.equal(await focused(shown), 'bubble');
  await shown.evaluate(() => document.querySelector('#behind').focus());
  assert.equal(await inside(), false, 'closed, it holds nothing');
  assert.deepEqual(faults, []);
  await context.close();
});

test('the tag twice is one bubble, and two chats alike on a page remember each its own', async () => {
  const server = await sample();
  const shop = await site(page(tag(server, 'data-assistant="3"') + tag(server, 'data-assistant="3" async')));
  const { page: shown, context } = await visit(shop.url, { hosts: [server.address] });
  await shown.locator('.bubble').first().waitFor();
  await shown.waitForLoadState('networkidle');
  assert.equal(await shown.locator('docent-chat').count(), 1);
  await context.close();
  const chat = '<docent-chat assistant="3" mode="inline"></docent-chat>';
  const pair = await site(page(tag(server, 'data-mode="define"') + chat + chat));
  const { page: both, context: other } = await visit(pair.url, { hosts: [server.address] });
  const chats = both.locator('docent-chat');
  await chats.nth(1).locator('#question').fill('Сколько дней отпуска?');
  await chats.nth(1).locator('#question').press('Enter');
  await chats.nth(1).locator('.answer .sources').waitFor();
  await both.reload();
  await chats.nth(1).locator('.mine').waitFor();
  assert.deepEqual([await chats.nth(0).locator('.mine').count(), await chats.nth(1).locator('.mine').count()], [0, 1]);
  await other.close();
});

test('a narrow place on a wide page gets the narrow layout', async () => {
  const server = await sample();
  const shop = await site(page(`<div id="column">${tag(server, 'data-assistant="3" data-mode="inline"')}</div>`).replace('</head>', '<style>#column { width: 20rem; }</style></head>'));
  const { page: shown, context } = await visit(shop.url, { hosts: [server.address] });
  await shown.locator('.state.good').waitFor();
  assert.ok((await shown.locator('.send').boundingBox()).width < 64, 'the button is its sign alone');
  assert.ok(await shown.locator('.panel').evaluate((one) => one.scrollWidth <= one.clientWidth));
  await shot(shown, 'narrow-1280');
  await context.close();
});

test('a text of the operator and a greeting do not look like a refusal, and nobody judges a greeting', async () => {
  const made = folder();
  mkdirSync(join(made, 'staff'));
  writeFileSync(join(made, 'staff/assistant.toml'), 'id = 1\nname = "Кадры"\n');
  writeFileSync(join(made, 'staff/rules.md'), '# Правила\n\nОбед длится сорок минут.\n');
  writeFileSync(join(made, 'staff/answers.toml'), '[[answer]]\nquestions = ["Кто чинит автомат?", "Who mends the machine?", "Автоматты кім жөндейді?"]\ntext = "Завхоз, комната 3."\n');
  const server = await serve(made);
  const { page: shown, context } = await open(server);
  for (const [nth, question, refused, judged] of [[0, 'Кто чинит автомат?', false, true], [1, 'Здравствуйте!', false, false], [2, 'Рецепт борща с говядиной', true, true], [3, 'Who mends the machine?', false, true], [4, 'What is the price of gold?', true, true], [5, 'Автоматты кім жөндейді?', false, true]]) {
    await ask(shown, question);
    const answer = shown.locator('.answer').nth(nth);
    assert.equal(await answer.evaluate((one) => one.classList.contains('fallback')), refused, question);
    assert.equal(await answer.getByRole('button').count(), judged ? 3 : 1, question);
  }
  await shot(shown, 'own-answer-1280');
  await context.close();
  await server.kill();
});

test('a lost network is told at once, and a suggestion under a finger raises no keyboard', async () => {
  const server = await sample();
  const { page: shown, context } = await open(server, { width: 390, height: 844, isMobile: true, hasTouch: true });
  assert.equal(await shown.locator('#question').getAttribute('placeholder'), 'Ваш вопрос');
  await shown.locator('.first button').first().tap();
  await shown.locator('.answer .sources').waitFor();
  assert.match(await focused(shown), /log/);
  await context.setOffline(true);
  await shown.locator('.state.bad').waitFor({ timeout: 1_000 });
  assert.match(await shown.locator('.state').innerText(), /Нет связи/);
  await context.setOffline(false);
  await shown.locator('.state.good').waitFor();
  await context.close();
});
