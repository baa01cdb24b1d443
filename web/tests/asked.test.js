// The keeper's desk and what was asked: the unanswered, an answer of one's own, the passage that answers, the charts.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, begin, end, folder, serve, shot, signIn, TOKEN, unbroken, visit } from '../stage.js';

before(begin);
after(end);

const RULES = '# Правила фабрики\n\n## Отлучка\n\nУход с рабочего места раньше конца смены разрешает мастер участка. Запись об этом делают в журнале.\n\n## Столовая\n\nОбед длится сорок минут и начинается в полдень.\n';
const COFFEE = 'Кто чинит кофейный автомат?';
const AWAY = 'Как слинять пораньше?';
const HOSTILE = '<img src=x onerror=alert(1)> <script>alert(2)</script> кофемолка где?';

function library(settings = '', files = {}) {
  const made = folder();
  writeFileSync(join(made, 'docent.toml'), `[desk]\ntoken = "${TOKEN}"\n${settings}`);
  mkdirSync(join(made, 'staff'));
  writeFileSync(join(made, 'staff/assistant.toml'), 'id = 1\nname = "Кадры"\n');
  writeFileSync(join(made, 'staff/rules.md'), RULES);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, 'staff', name), text);
  return made;
}

/** Asks from the chat page, as everyone does. */
async function ask(server, ...questions) {
  const { page, context } = await visit(server.url);
  const replies = await page.evaluate((asked) => new Promise((done, fail) => {
    const socket = new WebSocket(new URL('ws/assistant', location.href.replace('http', 'ws')));
    const heard = [];
    socket.onerror = fail;
    socket.onopen = () => {
      socket.send('{"type":"select_assistant","assistant_id":1}');
      for (const question of asked) socket.send(JSON.stringify({ type: 'question', question }));
    };
    socket.onmessage = ({ data }) => { heard.push(JSON.parse(data).message); if (heard.length > asked.length) done(heard.slice(1)); };
  }), questions);
  await context.close();
  return replies;
}

/** Opens the page of the unanswered and waits until the journal has written what was asked. */
async function unanswered(page, server, groups) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    await page.goto(`${server.url}desk/unanswered`);
    if (await page.locator('section.card form').count() >= groups) return;
    assert.ok(Date.now() < deadline, await page.locator('main').innerText());
  }
}

const card = (page, text) => page.locator('section.card', { hasText: text });

for (const javaScriptEnabled of [true, false]) {
  test(`an unanswered question gets an answer of one's own, and is asked again${javaScriptEnabled ? '' : ', without a script too'}`, async () => {
    const made = library();
    const server = await serve(made);
    for (const reply of await ask(server, COFFEE, COFFEE, 'кофейный автомат кто чинит', AWAY)) assert.doesNotMatch(reply, /Завхоз/);
    const { page, faults, context } = await signIn(server, { javaScriptEnabled });
    await unanswered(page, server, 2);
    assert.match(await card(page, COFFEE).innerText(), /3 раза, последний раз/);
    if (javaScriptEnabled) {
      await accessible(page, 'unanswered');
      await shot(page, 'desk-unanswered-1280');
      await page.setViewportSize({ width: 390, height: 844 });
      await accessible(page, 'unanswered 390');
      await shot(page, 'desk-unanswered-390');
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    await card(page, COFFEE).locator('button').click();
    await page.locator('#text').waitFor();
    assert.doesNotMatch(decodeURIComponent(page.url()), /кофей/);
    assert.equal((await page.locator('#questions').inputValue()).split('\n').length, 2);
    if (javaScriptEnabled) {
      await accessible(page, 'resolve');
      await shot(page, 'desk-resolve-1280');
      await page.setViewportSize({ width: 390, height: 844 });
      await accessible(page, 'resolve 390');
      await shot(page, 'desk-resolve-390');
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    // A day that has passed is refused, and nothing typed is lost.
    await page.locator('#text').fill('Завхоз, комната 3.');
    await page.locator('#until').fill('2020-01-01');
    await page.locator('main button.main').click();
    await page.locator('.notice.bad').waitFor();
    assert.equal(await page.locator('#text').inputValue(), 'Завхоз, комната 3.');
    await page.locator('#until').fill('2999-01-31');
    await page.locator('#source').selectOption('rules.md');
    await page.locator('main button.main').click();
    await page.locator('section .answer').waitFor({ timeout: 30_000 });
    assert.match(await page.locator('.notice').innerText(), /Сохранено/);
    assert.match(await page.locator('section .answer').first().innerText(), /^Завхоз, комната 3\.[^]*Ответ дан сотрудником организации и действует по 31\.01\.2999/);
    assert.match(await page.locator('main').innerText(), /answers\.toml, строка 1/);
    if (javaScriptEnabled) {
      await accessible(page, 'saved');
      await shot(page, 'desk-curated-1280');
    }
    assert.match(readFileSync(join(made, 'staff/answers.toml'), 'utf8'), /^\[\[answer\]\]/);
    assert.match((await ask(server, 'Кофейный автомат кто чинит?'))[0], /^Завхоз/);
    assert.deepEqual(faults.filter((one) => !/422/.test(one)), []);
    await context.close();
    await server.kill();
  });
}

test('an unanswered question is attached to the passage that answers, and is asked again', async () => {
  const made = library();
  const server = await serve(made);
  const question = 'Можно ли с рабочего места слинять домой пораньше, пока пятница?';
  assert.doesNotMatch((await ask(server, question))[0], /^Уход/);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 1);
  await card(page, 'слинять').locator('button').click();
  await page.locator('.found form').first().waitFor();
  await page.locator('.found li', { hasText: 'Отлучка' }).locator('button').first().click();
  await page.locator('section .answer').waitFor({ timeout: 30_000 });
  assert.match(await page.locator('section .answer').first().innerText(), /мастер участка/);
  const line = JSON.parse(readFileSync(join(made, 'staff/questions.jsonl'), 'utf8'));
  assert.deepEqual([line.question, line.must_cite, line.teach], [question, ['rules.md', 'Отлучка'], true]);
  assert.deepEqual(line.must_contain, ['Уход с рабочего места раньше конца смены разрешает мастер участка.']);
  assert.match(await page.locator('main').innerText(), /Сейчас: отвечает документ/);
  // It is no longer among those that want something, and may be attached elsewhere.
  await page.goto(`${server.url}desk/unanswered`);
  assert.equal(await page.locator('main > section.card form').count(), 0);
  await page.locator('.settled summary').click();
  assert.match(await page.locator('.settled section').innerText(), /слинять[^]*Сейчас: отвечает документ/);
  await page.locator('.settled form button').click();
  await page.locator('.found li').last().locator('form button').click();
  await page.locator('section .answer').waitFor({ timeout: 30_000 });
  assert.equal(readFileSync(join(made, 'staff/questions.jsonl'), 'utf8').trim().split('\n').length, 1);
  assert.match((await ask(server, question))[0], /^Уход с рабочего места/);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('where a text has no headings, the lesson names the very passage that was pointed to', async () => {
  // Forty paragraphs of one file, each of another hall; only one of them is meant.
  const halls = Array.from({ length: 40 }, (_, nth) => `Зал номер ${nth + 1} открывает дежурный смены ${nth + 1}. ${'Свет и вентиляцию проверяют до прихода людей, запись вносят в тетрадь зала. '.repeat(6)}Ключ от зала ${nth + 1} висит на крючке ${nth + 101}.`);
  const made = library('', { 'halls.txt': halls.join('\n\n') });
  const server = await serve(made);
  const question = 'У кого просить отмычку от спортивного помещения зала?';
  await ask(server, question);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 1);
  await card(page, 'отмычку').locator('form button').click();
  const places = page.locator('.found > li');
  await places.first().waitFor();
  assert.ok(await places.count() > 1, 'more than one passage to choose from');
  const last = places.last();
  const shown = await last.locator('.passage').innerText();
  await last.locator('form button').click();
  await page.locator('section .answer').first().waitFor({ timeout: 30_000 });
  const line = JSON.parse(readFileSync(join(made, 'staff/questions.jsonl'), 'utf8'));
  assert.deepEqual(line.must_cite, ['halls.txt']);
  const [words] = line.must_contain;
  assert.ok(halls.join('\n\n').includes(words), words);
  // Whoever asks gets the passage that was pointed to, and none of its forty neighbours.
  const [answer] = await ask(server, question);
  const hall = /Зал номер (\d+)/.exec(shown)?.[1] ?? /зала (\d+)/.exec(shown)[1];
  assert.ok(answer.includes(words), `${answer} does not hold ${words}`);
  assert.match(answer, new RegExp(`(Зал номер|зала) ${hall}\\b`));
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('what was answered stays no dead end: own answers are listed, changed and withdrawn, and another language keeps the draft', async () => {
  const made = library();
  const server = await serve(made);
  await ask(server, COFFEE, AWAY);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 2);
  const save = async (text) => {
    await page.locator('#text').fill(text);
    await page.locator('main button.main').click();
  };
  // Two desks have the same question open; the second comes too late.
  await card(page, COFFEE).locator('form button').click();
  const late = await context.newPage();
  await late.goto(`${server.url}desk/unanswered`);
  await late.locator('section.card', { hasText: COFFEE }).locator('form button').click();
  await late.locator('#text').waitFor();
  await page.locator('#text').fill('Завхоз, черновик.');
  await page.locator('.languages button').nth(2).click();
  await page.locator('h1', { hasText: 'A question without an answer' }).waitFor();
  assert.equal(await page.locator('#text').inputValue(), 'Завхоз, черновик.');
  await page.locator('.languages button').nth(0).click();
  assert.equal(await page.locator('#text').inputValue(), 'Завхоз, черновик.');
  // The enter key saves, and does not change the language.
  await page.locator('#until').focus();
  await page.keyboard.press('Enter');
  await page.locator('section .answer').first().waitFor({ timeout: 30_000 });
  assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
  assert.match(await page.locator('main').innerText(), /Сейчас: отвечает ваш текст/);
  await page.locator('.languages a').nth(1).click();
  await page.locator('h1', { hasText: 'Жауапсыз' }).waitFor();
  await page.locator('.languages a').nth(0).click();
  await late.locator('#text').fill('Электрик.');
  await late.locator('main button.main').click();
  await late.locator('.notice.bad').waitFor();
  assert.match(await late.locator('.notice').innerText(), /^Не сохранено\. На этот вопрос уже есть ваш ответ\./);
  assert.doesNotMatch(await late.locator('.notice').innerText(), /answers this question/);
  await accessible(late, 'answered already');
  await late.locator('.notice a').click();
  assert.equal(await late.locator('#text').inputValue(), 'Завхоз, черновик.');
  await late.close();

  // Answered ones are folded away with a way to their answer.
  await page.goto(`${server.url}desk/unanswered`);
  assert.equal(await page.locator('main > section.card form').count(), 1);
  await page.locator('.settled summary').click();
  assert.match(await page.locator('.settled').innerText(), /Уже отвечено 1[^]*кофейный[^]*отвечает ваш текст/);
  await accessible(page, 'settled');
  await shot(page, 'desk-settled-1280');
  await page.locator('.settled a.button').click();
  await accessible(page, 'change an answer');
  await save('Завхоз, комната 3.');
  await page.locator('section .answer').first().waitFor({ timeout: 30_000 });
  assert.match((await ask(server, COFFEE))[0], /^Завхоз, комната 3/);

  await page.locator('header nav a[href="answers"]').click();
  assert.match(await page.locator('main section').innerText(), /Кто чинит кофейный автомат\?[^]*комната 3[^]*Действует без срока[^]*answers\.toml, строка 1/);
  await accessible(page, 'own answers');
  await shot(page, 'desk-answers-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, 'own answers 390');
  await page.setViewportSize({ width: 1280, height: 800 });
  // One that the file has, over; with a remark that stays.
  const file = join(made, 'staff/answers.toml');
  writeFileSync(file, `# наши ответы\n${readFileSync(file, 'utf8')}\n# до переезда\n[[answer]]\nquestions = ["Где склад?"]\ntext = "Во дворе."\nuntil = 2020-01-31\n`);
  await page.reload();
  assert.match(await page.locator('section', { hasText: 'Где склад' }).innerText(), /Больше не даётся: действовал по 31\.01\.2020/);
  await page.locator('section', { hasText: 'кофейный' }).locator('a.danger').click();
  await accessible(page, 'withdraw');
  await page.locator('main button.danger').click();
  await page.locator('.notice').waitFor({ timeout: 30_000 });
  assert.match(await page.locator('.notice').innerText(), /Ответ отозван/);
  const left = readFileSync(file, 'utf8');
  assert.match(left, /# наши ответы[^]*# до переезда\n\[\[answer\]\]\nquestions = \["Где склад/);
  assert.doesNotMatch(left, /кофейный/);
  assert.doesNotMatch((await ask(server, COFFEE))[0], /Завхоз/);
  // What is no longer there is told, and nothing of it is written without the proof of the session.
  assert.equal((await context.request.get(`${server.url}desk/answer?assistant=1&line=99`)).status(), 404);
  for (const path of ['answer', 'withdraw', 'redraft', 'draft']) {
    assert.equal((await context.request.post(`${server.url}desk/${path}`, { form: { assistant: '1', line: '3', proof: 'f'.repeat(64) }, maxRedirects: 0 })).status(), 403, path);
  }
  assert.equal(readFileSync(file, 'utf8'), left);
  assert.deepEqual(faults.filter((one) => !/422/.test(one)), []);
  await context.close();
  await server.kill();
});

test('what was asked is drawn and told in tables, for each time, in three languages, light and dark', async () => {
  const server = await serve(library());
  await ask(server, 'Сколько минут длится обед?', 'Когда начинается обед?', COFFEE);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 1);
  await page.goto(`${server.url}desk/charts`);
  assert.equal(await page.locator('svg.chart').count(), 3);
  assert.equal(await page.locator('svg.chart').first().locator('rect').count(), 60);
  // A scale, its grid, the days at its ends, and the share of the one day on which anything was asked.
  assert.deepEqual(await page.locator('.plot .scale').first().locator('span').allInnerTexts(), ['4', '2', '0']);
  assert.equal(await page.locator('svg.chart').first().locator('line.grid').count(), 5);
  for (const day of await page.locator('.plot .dates').first().locator('span').allInnerTexts()) assert.match(day, /^\d\d\.\d\d$/);
  assert.equal(await page.locator('svg.chart').nth(1).locator('rect.bar').count(), 1);
  assert.match(await page.locator('section', { hasText: 'Доля отвеченных' }).last().innerText(), /За всё это время: 67\s%/);
  await page.locator('details summary').first().click();
  assert.match(await page.locator('details table').first().innerText(), /\d{4}-\d{2}-\d{2}\s+3\s+2\s+67/);
  await page.locator('details summary').nth(1).click();
  await accessible(page, 'charts');
  await shot(page, 'desk-charts-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, 'charts 390');
  await unbroken(page, 'charts 390');
  await shot(page, 'desk-charts-390');
  await page.setViewportSize({ width: 320, height: 640 });
  await accessible(page, 'charts 320');
  await unbroken(page, 'charts 320');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page, 'charts dark');
  await shot(page, 'desk-charts-dark-1280');
  await page.locator('.choice a').first().click();
  assert.equal(await page.locator('svg.chart').first().locator('rect').count(), 14);
  await page.locator('.languages a').nth(2).click();
  assert.equal(await page.locator('svg.chart').first().locator('rect').count(), 14, 'another language keeps the time');
  await page.locator('.languages a').nth(0).click();
  for (const [lang, charts, unansweredTitle] of [['kk', 'Статистика', 'Жауапсыз'], ['en', 'Charts', 'Unanswered']]) {
    await page.goto(`${server.url}desk/charts?lang=${lang}`);
    assert.equal(await page.locator('h1').innerText(), charts);
    await page.goto(`${server.url}desk/unanswered`);
    assert.equal(await page.locator('h1').innerText(), unansweredTitle);
  }
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('whatever people ask is text on these pages, and nothing is written without the proof of the session', async () => {
  const made = library();
  const server = await serve(made);
  await ask(server, HOSTILE);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 1);
  assert.match(await page.locator('main').innerText(), /<script>alert\(2\)<\/script>/);
  await page.locator('section.card button').click();
  await page.locator('#questions').waitFor();
  for (const path of ['curate', 'teach', 'unanswered']) {
    const form = { assistant: '1', questions: COFFEE, question: COFFEE, text: 'x', document: 'rules.md', proof: 'f'.repeat(64) };
    assert.equal((await context.request.post(`${server.url}desk/${path}`, { form, maxRedirects: 0 })).status(), 403, path);
  }
  await page.goto(`${server.url}desk/charts`);
  assert.equal(await page.locator('main script, main img').count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('the charts show all assistants together where there are several', async () => {
  const made = library();
  mkdirSync(join(made, 'shop'));
  writeFileSync(join(made, 'shop/assistant.toml'), 'id = 2\nname = "Лавка"\n');
  writeFileSync(join(made, 'shop/hours.md'), '# Лавка\n\nЛавка открыта до семи вечера.\n');
  const server = await serve(made);
  await ask(server, 'Сколько минут длится обед?', COFFEE);
  const { page, faults, context } = await signIn(server);
  await unanswered(page, server, 1);
  await page.goto(`${server.url}desk/charts?assistant=2&days=7`);
  assert.equal(await page.locator('svg.chart').count(), 0);
  await page.getByText('Все ассистенты').click();
  assert.equal(await page.locator('svg.chart').count(), 3);
  assert.match(page.url(), /assistant=all&days=7/);
  assert.equal(await page.locator('.choice a[aria-current]').last().innerText(), 'Все ассистенты');
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('without a journal the pages say so', async () => {
  const server = await serve(library('[journal]\nurl = "off"\n'));
  const { page, context } = await signIn(server);
  for (const path of ['unanswered', 'charts']) {
    await page.goto(`${server.url}desk/${path}`);
    assert.match(await page.locator('main').innerText(), /Журнал выключен/);
  }
  await context.close();
  await server.kill();
});
