// The keeper's desk: who may sit there, what became of the documents, why an answer is what it is, and changing documents.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, begin, end, folder, serve, shot, signIn, site, TOKEN, unbroken, visit } from '../stage.js';

before(begin);
after(end);

const LEAVE = 'Ежегодный отпуск сотрудника длится двадцать восемь календарных дней.\n';
const PAY = 'Зарплата перечисляется на карту сотрудника пятого и двадцатого числа каждого месяца.\n';
const ASK_PAY = 'Когда перечисляется зарплата сотрудника?';

function library({ settings = `[desk]\ntoken = "${TOKEN}"\nupload = "300 KiB"\n`, files = {} } = {}) {
  const made = folder();
  writeFileSync(join(made, 'docent.toml'), settings);
  mkdirSync(join(made, 'staff'));
  writeFileSync(join(made, 'staff/assistant.toml'), 'id = 1\nname = "Кадры"\n');
  for (const [name, text] of Object.entries({ 'Отпуска.txt': LEAVE, 'Сломан.pdf': '%PDF-1.4 обрывается', ...files })) writeFileSync(join(made, 'staff', name), text);
  return made;
}

async function tried(page, question) {
  await page.locator('header nav a[href="try"]').click();
  await page.locator('#question').fill(question);
  await page.keyboard.press('Enter');
  await page.locator('section .answer').first().waitFor();
  return page.locator('section .answer').first().innerText();
}

async function upload(page, name, text) {
  await page.locator('#file').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });
  await page.locator('main button.main').click();
  await page.locator('.notice').waitFor({ timeout: 60_000 });
  return page.locator('.notice').innerText();
}

test('there is no desk where none is set up', async () => {
  const server = await serve(library({ settings: '' }));
  const { context } = await visit(server.url);
  for (const path of ['desk', 'desk/', 'desk/sign-in', 'desk/desk.css']) assert.equal((await context.request.get(server.url + path)).status(), 404, path);
  const { page } = await visit(`${server.url}desk/`);
  assert.match(await page.locator('main').innerText(), /не включён[^]*desk[^]*қосылмаған[^]*not switched on/);
  await page.goto(`${server.url}nowhere/at/all`);
  assert.match(await page.locator('h1').innerText(), /Такой страницы здесь нет/);
  await accessible(page, 'not here');
  await context.close();
  await server.kill();
});

test('a wrong key is told, too many are refused for a while, the right one lets in, and out again', async () => {
  const server = await serve(library());
  const { page, faults, context } = await visit(`${server.url}desk/try?lang=ru`);
  assert.match(page.url(), /\/desk\/sign-in\?lang=ru$/);
  await accessible(page, 'sign in');
  await shot(page, 'desk-sign-in-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, 'desk-sign-in-390');
  await page.locator('#token').fill('не тот ключ совсем');
  await page.keyboard.press('Enter');
  await page.locator('.notice.bad').waitFor();
  assert.match(await page.locator('.notice').innerText(), /Ключ не подходит/);
  await accessible(page, 'wrong key');
  assert.doesNotMatch(page.url(), /ключ|token=/);
  await page.locator('#token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.locator('table.documents').waitFor();
  const [cookie] = await context.cookies(`${server.url}desk/`);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, 'Strict', '/desk']);
  const response = await page.reload();
  const headers = response.headers();
  assert.equal(headers['cache-control'], 'no-store');
  assert.match(headers['content-security-policy'], /^default-src 'none'/);
  assert.doesNotMatch(headers['content-security-policy'], /unsafe/);
  await page.locator('header form button').click();
  await page.locator('#token').waitFor();
  assert.equal((await context.cookies(`${server.url}desk/`)).length, 0);
  // The session is over, not only the cookie gone.
  const old = await context.request.get(`${server.url}desk/`, { headers: { cookie: `docent-desk=${cookie.value}` }, maxRedirects: 0 });
  assert.equal(old.status(), 303);
  const attempt = (token) => context.request.post(`${server.url}desk/sign-in`, { form: { token }, maxRedirects: 0 });
  let last;
  for (let nth = 0; nth < 12; nth += 1) last = await attempt('wrong wrong wrong wrong');
  assert.equal(last.status(), 429);
  assert.ok(Number(last.headers()['retry-after']) > 0);
  assert.equal((await attempt(TOKEN)).status(), 429);
  assert.deepEqual(faults.filter((one) => !/40[34]|403/.test(one)), []);
  await context.close();
  await server.kill();
});

test('documents are told with state, reason and remedy, at any width, in three languages, without a script too', async () => {
  const server = await serve(library());
  const { page, faults, context } = await signIn(server);
  const row = page.locator('tr.failed');
  assert.match(await row.innerText(), /Сломан\.pdf/);
  assert.match(await row.innerText(), /Не прочитан/);
  assert.match(await row.innerText(), /Что сделать: Откройте его в программе/);
  assert.match(await page.locator('tr.fine').innerText(), /Отпуска\.txt[^]*Прочитан[^]*русский/);
  await accessible(page, 'documents');
  await shot(page, 'desk-documents-1280');
  await page.locator('.choice a').nth(1).click();
  assert.equal(await page.locator('table.documents tbody tr').count(), 1);
  await page.locator('#find').fill('отпуск');
  await page.keyboard.press('Enter');
  await page.locator('.empty').waitFor();
  await page.goto(`${server.url}desk/?find=${encodeURIComponent('отпуск')}`);
  assert.equal(await page.locator('table.documents tbody tr').count(), 1);
  await page.goto(`${server.url}desk/`);
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, 'documents 390');
  await shot(page, 'desk-documents-390');
  await page.setViewportSize({ width: 320, height: 640 });
  await accessible(page, 'documents 320');
  await unbroken(page, 'documents 320');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await accessible(page, 'documents dark');
  await shot(page, 'desk-documents-dark-1280');
  for (const [lang, title] of [['kk', 'Құжаттар'], ['en', 'Documents'], ['ru', 'Документы']]) {
    await page.goto(`${server.url}desk/?lang=${lang}`);
    assert.equal(await page.locator('h1').innerText(), title);
    await page.goto(`${server.url}desk/try`);
    assert.equal(await page.locator('html').getAttribute('lang'), lang);
  }
  await page.goto(`${server.url}desk/`);
  await page.locator('tbody tr.fine .name a').click();
  assert.match(await page.locator('main').innerText(), /двадцать восемь/);
  assert.deepEqual(faults, []);
  const { page: plain, context: other } = await signIn(server, { javaScriptEnabled: false });
  assert.match(await plain.locator('tr.failed').innerText(), /Что сделать/);
  await plain.goto(`${server.url}desk/try`);
  await plain.locator('#question').fill('Сколько календарных дней длится ежегодный отпуск?');
  await plain.locator('main button.main').click();
  assert.match(await plain.locator('section .answer').first().innerText(), /двадцать восемь/);
  await other.close();
  await context.close();
  await server.kill();
});

test('a question is tried with its reasons: passages, marked words, bars, and what would have changed it', async () => {
  const server = await serve(library());
  const { page, faults, context } = await signIn(server);
  assert.match(await tried(page, 'Сколько календарных дней длится ежегодный отпуск?'), /двадцать восемь/);
  await page.locator('.languages button').nth(2).click();
  await page.locator('h1', { hasText: 'Try it' }).waitFor();
  assert.equal(await page.locator('#question').inputValue(), 'Сколько календарных дней длится ежегодный отпуск?');
  await page.locator('.languages button').nth(0).click();
  await page.locator('h1', { hasText: 'Проверка' }).waitFor();
  assert.match(await page.locator('section .answer').first().innerText(), /двадцать восемь/);
  const marks = await page.locator('.passage mark').allInnerTexts();
  assert.ok(marks.includes('отпуск') && marks.includes('дней') && !marks.includes('сотрудника'), marks.join());
  assert.match(await page.locator('main').innerText(), /Ответ дан/);
  assert.match(await page.locator('main').innerText(), /не прошёл бы при строгости выше/);
  assert.ok(await page.locator('svg rect.bar').count() > 5);
  // Each piece of evidence has a name that a keeper can read.
  for (const name of await page.locator('.evidence tbody th').allInnerTexts()) assert.match(name, /^[^a-z_]+$/, name);
  await accessible(page, 'tried');
  await shot(page, 'desk-try-answer-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await accessible(page, 'tried 390');
  await shot(page, 'desk-try-answer-390');
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    await unbroken(page, `tried ${width}`);
    await accessible(page, `tried ${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.locator('.passage').first().scrollIntoViewIfNeeded();
  await shot(page, 'desk-try-passages-1280');
  const href = await page.locator('.found a').first().evaluate((link) => link.href);
  const source = await context.newPage();
  await source.goto(href);
  assert.ok(await source.locator('mark').count() > 0, href);
  await source.close();
  await tried(page, 'Сколько стоит парковка у вокзала для сотрудника?');
  assert.match(await page.locator('main').innerText(), /Честный отказ|предложены места/);
  assert.match(await page.locator('main').innerText(), /парковка/);
  await accessible(page, 'refused');
  await shot(page, 'desk-try-refused-1280');
  await tried(page, 'Спасибо!');
  assert.match(await page.locator('main').innerText(), /ничего не искали/);
  assert.doesNotMatch(page.url(), /question/);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('a document is uploaded, replaced and deleted, and each change answers at once', async () => {
  const made = library();
  const staff = join(made, 'staff');
  const server = await serve(made);
  const { page, faults, context } = await signIn(server);
  const answers = () => tried(page, ASK_PAY);
  assert.doesNotMatch(await answers(), /пятого/);

  await page.goto(`${server.url}desk/`);
  await page.locator('.title a.button').click();
  await accessible(page, 'upload');
  await shot(page, 'desk-upload-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, 'desk-upload-390');
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.match(await upload(page, 'Зарплата.txt', PAY), /Зарплата\.txt: загружен и уже отвечает/);
  await accessible(page, 'uploaded');
  await shot(page, 'desk-uploaded-1280');
  assert.equal(readFileSync(join(staff, 'Зарплата.txt'), 'utf8'), PAY);
  assert.match(await answers(), /пятого и двадцатого/);

  // Once more by the same name; with no text; with a name of settings; too large; of another kind.
  const add = `${server.url}desk/upload?assistant=1`;
  await page.goto(add);
  assert.match(await upload(page, 'Зарплата.txt', 'другое'), /уже есть/);
  assert.match(await upload(page, 'Пусто.pdf', '%PDF-1.4 x'), /повреждён/);
  await accessible(page, 'refused upload');
  await shot(page, 'desk-upload-refused-1280');
  for (const name of ['assistant.toml', 'synonyms.txt', 'questions.jsonl', 'answers.toml', '.hidden.txt']) assert.match(await upload(page, name, 'x'), /не подходит/, name);
  // What is no document by its name, and what is another than its name says.
  for (const name of ['x.exe', 'x.js', 'x.sh', 'x.dll', 'x.zip', 'без окончания']) assert.match(await upload(page, name, PAY), /не документы и не принимаются/, name);
  assert.match(await upload(page, 'счёт.pdf', '<!doctype html><title>Вход</title><p>Войдите в систему, чтобы скачать файл.'), /^веб-страница \(HTML\) ≠ \.pdf\. Внутри файла не то[^]*страница входа/);
  assert.match(await upload(page, 'приказ.pdf', PAY), /^простой текст ≠ \.pdf/);
  assert.match(await upload(page, 'приказ.docx', PAY), /^простой текст ≠ \.docx/);
  assert.match(await upload(page, 'выгрузка.xls', '<html><table><tr><td>Тариф</td><td>Сто тенге в месяц</td></tr></table></html>'), /загружен и уже отвечает\. Обратите внимание: внутри — веб-страница/);
  rmSync(join(staff, 'выгрузка.xls'));
  await page.goto(add);
  await page.locator('#file').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.alloc(400 << 10, 'слово ') });
  await page.locator('main button.main').click();
  assert.match(await page.locator('.busy').innerText(), /больше допустимого/);
  await page.locator('form.card').evaluate((form) => { form.dataset.most = '1e9'; });
  await page.locator('main button.main').click();
  await page.locator('.notice.bad').waitFor();
  assert.match(await page.locator('.notice').innerText(), /больше допустимого: 300\sКБ/);

  await page.goto(`${server.url}desk/`);
  await page.locator('tr', { hasText: 'Зарплата.txt' }).locator('.actions a').first().click();
  await accessible(page, 'replace');
  assert.match(await upload(page, 'новая.docx', PAY), /другого вида[^]*\.txt/);
  assert.match(await upload(page, 'новая.txt', PAY.replace('пятого', 'девятого')), /Зарплата\.txt: загружен и уже отвечает/);
  assert.match(await answers(), /девятого и двадцатого/);
  assert.equal(existsSync(join(staff, 'новая.txt')), false);

  await page.goto(`${server.url}desk/`);
  await page.locator('tr', { hasText: 'Зарплата.txt' }).locator('.actions a.danger').click();
  await accessible(page, 'delete');
  await shot(page, 'desk-delete-1280');
  await page.setViewportSize({ width: 390, height: 844 });
  await shot(page, 'desk-delete-390');
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.equal(existsSync(join(staff, 'Зарплата.txt')), true);
  await page.locator('main button.danger').click();
  await page.locator('.notice').waitFor({ timeout: 60_000 });
  assert.match(await page.locator('.notice').innerText(), /Зарплата\.txt: удалён, ответов по нему больше нет/);
  assert.equal(existsSync(join(staff, 'Зарплата.txt')), false);
  assert.doesNotMatch(await answers(), /девятого|двадцатого/);
  assert.deepEqual(readdirSync(staff).sort(), ['assistant.toml', 'Отпуска.txt', 'Сломан.pdf'].sort());
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('nothing is changed from another site, without the proof of the session, or without a session', async () => {
  const made = library();
  const server = await serve(made);
  const { page, context } = await signIn(server);
  await page.locator('tr', { hasText: 'Отпуска.txt' }).locator('.actions a.danger').click();
  const proof = await page.locator('main input[name=proof]').inputValue();
  const send = (headers, form, path = 'delete') => context.request.post(`${server.url}desk/${path}`, { headers, form: { assistant: '1', document: 'Отпуска.txt', ...form }, maxRedirects: 0 });
  assert.equal((await send({}, {})).status(), 403);
  assert.equal((await send({}, { proof: 'f'.repeat(64) })).status(), 403);
  assert.equal((await send({ 'sec-fetch-site': 'cross-site' }, { proof })).status(), 403);
  assert.equal((await send({ 'sec-fetch-site': 'same-site' }, { proof })).status(), 403);
  assert.equal((await send({ origin: 'http://evil.example' }, { proof })).status(), 403);
  assert.equal((await send({}, { proof: 'x', document: '' }, 'sign-out')).status(), 403);
  assert.equal((await send({ cookie: 'docent-desk=' }, { proof })).status(), 303);
  const multipart = { proof: 'wrong', assistant: '1', file: { name: 'b.txt', mimeType: 'text/plain', buffer: Buffer.from(PAY) } };
  assert.equal((await context.request.post(`${server.url}desk/upload`, { multipart, maxRedirects: 0 })).status(), 403);
  assert.deepEqual(readdirSync(join(made, 'staff')).sort(), ['assistant.toml', 'Отпуска.txt', 'Сломан.pdf'].sort());
  // A page of somebody else that sends the form: the browser leaves the cookie at home and says where it comes from.
  const other = await site(`<form method="post" action="${server.url}desk/delete"><input name="proof" value="${proof}"><input name="assistant" value="1"><input name="document" value="Отпуска.txt"><button>x</button></form>`);
  const evil = await context.newPage();
  await evil.goto(other.url.replace('127.0.0.1', 'localhost'));
  const [answer] = await Promise.all([evil.waitForResponse((response) => response.url().endsWith('/desk/delete')), evil.locator('button').click()]);
  assert.equal(answer.status(), 403);
  assert.equal(existsSync(join(made, 'staff/Отпуска.txt')), true);
  await context.close();
  await server.kill();
});

test('whatever documents and their names hold is text on every page of the desk', async () => {
  const attacks = [
    '<script>alert(1)</script>', '<img src=https:__evil.example_x onerror=alert(2)>', '<svg onload=alert(3)>', '"><script>alert(4)<', "' onmouseover='alert(5)", '<base href=x>',
    '<details open ontoggle=alert(6)>', '&lt;script&gt;alert(7)', '<iframe srcdoc=x>', '{{7*7}}', 'javascript:alert(8)', '<style>*{display:none}', '<meta http-equiv=refresh content=0>',
  ];
  const files = Object.fromEntries(attacks.map((attack, nth) => [`${nth} ${attack.replaceAll('/', '_')}.txt`, `Пропуск номер ${nth} выдаёт охрана ${attack} в первый день.\n`]));
  const made = library({ files });
  writeFileSync(join(made, 'staff/assistant.toml'), `id = 1\nname = '''${attacks.join(' ').replaceAll("'", '"')}'''\n`);
  const server = await serve(made);
  const { page, faults, context } = await signIn(server);
  assert.equal(await page.locator('table.documents tbody tr').count(), attacks.length + 2);
  const clean = async () => {
    assert.equal(await page.locator('main script, main img, main iframe, main style, main base, main [onclick], main [onerror], main [onload], main [ontoggle], main [onmouseover]').count(), 0);
    const links = await page.locator('main a').evaluateAll((all) => all.map((one) => one.href));
    for (const link of links) assert.ok(link.startsWith(server.url), link);
  };
  await clean();
  await shot(page, 'desk-hostile-1280');
  for (const question of ['Кто выдаёт пропуск номер 5?', ...attacks]) {
    await tried(page, question);
    await clean();
  }
  for (const nth of [0, 3, 4]) {
    await page.goto(`${server.url}desk/`);
    await page.locator('tr', { hasText: `${nth} ` }).first().locator('.actions a.danger').click();
    await clean();
  }
  await page.goto(`${server.url}desk/?find=${encodeURIComponent('"><script>alert(9)</script>')}&lang="><script>`);
  await clean();
  await page.goto(`${server.url}desk/upload?assistant=1&document=${encodeURIComponent('"><script>alert(9)</script>')}`);
  await clean();
  assert.match(await upload(page, 'x.txt', PAY), /уже нет/);
  for (const path of ['upload', 'delete', 'upload?assistant=x', 'delete?assistant=9&document=x', 'nothing', 'a/b/../c']) {
    assert.equal((await context.request.get(`${server.url}desk/${path}`)).status(), 404, path);
  }
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('behind a path prefix the desk signs in and works', async () => {
  const server = await serve(library());
  const proxy = await site('', { prefix: '/assistant/', to: server });
  const { page, faults, context } = await signIn({ url: `${proxy.url}assistant/` });
  assert.match(page.url(), /\/assistant\/desk\/$/);
  assert.equal((await context.cookies(`${proxy.url}assistant/desk/`))[0].path, '/assistant/desk');
  assert.match(await tried(page, 'Сколько календарных дней длится ежегодный отпуск?'), /двадцать восемь/);
  await page.goto(`${proxy.url}assistant/desk/`);
  await page.locator('.title a.button').click();
  assert.match(await upload(page, 'Зарплата.txt', PAY), /уже отвечает/);
  await page.locator('tr', { hasText: 'Зарплата.txt' }).locator('.name a').click();
  assert.match(await page.locator('main').innerText(), /пятого/);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('the operator’s own listener needs no key, and no name that leads to it is taken', async () => {
  const port = await new Promise((done) => { const one = createServer().listen(0, '127.0.0.1', () => { const { port } = one.address(); one.close(() => done(port)); }); });
  const server = await serve(library({ settings: `admin = "127.0.0.1:${port}"\n[desk]\nat = "admin"\n` }));
  const { page, faults, context } = await visit(`http://127.0.0.1:${port}/desk`);
  await page.locator('table.documents').waitFor();
  assert.equal(await page.locator('header form').count(), 0);
  await page.locator('.title a.button').click();
  assert.match(await upload(page, 'Зарплата.txt', PAY), /уже отвечает/);
  await page.locator('tr', { hasText: 'Зарплата.txt' }).locator('.name a').click();
  assert.match(await page.locator('main').innerText(), /пятого/);
  assert.equal((await context.request.get(`${server.url}desk/`)).status(), 404);
  const named = await context.request.get(`http://127.0.0.1:${port}/desk/`, { headers: { host: 'evil.example' } });
  assert.equal(named.status(), 403);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('reading that goes on is told while it does, and the page shows the new state by itself', async () => {
  const made = library({ settings: `[desk]\ntoken = "${TOKEN}"\n` });
  const server = await serve(made);
  const { page, faults, context } = await signIn(server);
  let shown = false;
  const seen = page.locator('#reading:not([hidden])').waitFor({ timeout: 60_000 }).then(() => { shown = true; });
  // A quick machine may have read it all between two looks of the page: then there is more.
  for (let round = 0; !shown && round < 8; round += 1) {
    for (let nth = 0; nth < 400; nth += 1) writeFileSync(join(made, 'staff', `правило ${nth}.txt`), `Правило номер ${nth}.${round}: пропуск цвета ${nth} выдаёт охрана.\n`.repeat(500));
    await Promise.race([seen, new Promise((done) => { setTimeout(done, 7_000); })]);
  }
  await seen;
  assert.match(await page.locator('#reading p').textContent(), /Читаются изменения: \d+ из \d+/);
  // One look that fails is not the last, and what is typed meanwhile stays.
  let failed = 0;
  await page.route('**/desk/progress', (route) => (failed++ ? route.continue() : route.fulfill({ status: 503 })));
  await page.locator('#find').pressSequentially('прави');
  await shot(page, 'desk-reading-1280');
  await page.locator('tr', { hasText: 'правило 0.txt' }).locator('text=Прочитан').first().waitFor({ timeout: 120_000 });
  for (const until = Date.now() + 30_000; failed < 2;) {
    assert.ok(Date.now() < until, 'asked again after a failure');
    await new Promise((done) => { setTimeout(done, 100); });
  }
  assert.equal(await page.locator('#find').inputValue(), 'прави');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'find');
  await page.locator('.sheets a[rel=next]').first().click();
  assert.match(await page.locator('.sheets span').innerText(), /^2 \/ 5$/);
  assert.deepEqual(faults.filter((one) => !/503/.test(one)), []);
  await context.close();
  await server.kill();
});

test('by keyboard alone one signs in, skips to the content, finds a document and tries a question', async () => {
  const server = await serve(library());
  const { page, context } = await visit(`${server.url}desk/`);
  // The field gets the focus by itself, a moment after the page is there.
  await page.waitForFunction(() => document.activeElement.id === 'token');
  await page.keyboard.type(TOKEN);
  await page.keyboard.press('Enter');
  await page.locator('table.documents').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  const reached = async (selector) => {
    for (let nth = 0; nth < 40; nth += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
    }
    assert.fail(`${selector} is not reached`);
  };
  await reached('#find');
  await reached('.title a.button');
  await reached('.trouble summary');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.trouble details').first().getAttribute('open'), '');
  await reached('.actions a.danger');
  await page.goto(`${server.url}desk/try`);
  await reached('#question');
  await page.keyboard.type('Сколько дней длится отпуск?');
  await page.keyboard.press('Enter');
  await page.locator('section .answer').first().waitFor();
  await context.close();
  await server.kill();
});
