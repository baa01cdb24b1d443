// Whatever documents, names, questions and addresses hold is text: nothing runs, nothing is loaded, no link leads elsewhere.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, begin, end, folder, open, sample, serve, shot, visit } from '../stage.js';

before(begin);
after(end);

/** Ways of getting something to run or to be loaded, as lists of them have it. */
const ATTACKS = [
  '<script>alert(1)</script>', '<img src=https://evil.example/x onerror=alert(2)>', '<svg onload=alert(3)>', '<a href="javascript:alert(4)">x</a>',
  '"><script>alert(5)</script>', "'-alert(6)-'", '</textarea><script>alert(7)</script>', '</title><script>alert(8)</script>', '<iframe src="javascript:alert(9)">',
  '<iframe srcdoc="<script>alert(10)</script>">', '<details open ontoggle=alert(11)>', '<style>@import "https://evil.example/x.css";</style>',
  '<link rel=stylesheet href=https://evil.example/x.css>', '<meta http-equiv=refresh content="0;url=https://evil.example/">', '<base href=https://evil.example/>',
  '<form action=https://evil.example/><button>x</button></form>', '<math><mi xlink:href="javascript:alert(12)">x</mi></math>', '<object data=https://evil.example/x>',
  '<embed src=https://evil.example/x>', '<video><source onerror=alert(13)></video>', '<input autofocus onfocus=alert(14)>', '<template><script>alert(15)</script></template>',
  '<!--><img src=x onerror=alert(16)>-->', '<![CDATA[<script>alert(17)</script>]]>', '&lt;script&gt;alert(18)&lt;/script&gt;', '\\u003cscript\\u003ealert(19)\\u003c/script\\u003e',
  '{{constructor.constructor("alert(20)")()}}', '${alert(21)}', '<slot name=title><script>alert(22)</script></slot>', '<mark id="quote" onclick=alert(23)>',
  '[x](javascript:alert(24))', '![x](https://evil.example/x.png)', 'https://evil.example/', '<docent-chat onclick=alert(25)></docent-chat>',
];

function hostile() {
  const library = folder();
  const quoted = (text) => `'''${text.replaceAll("'''", '')}'''`;
  const all = ATTACKS.join(' ');
  writeFileSync(join(library, 'assistant.toml'), `id = 1\nname = ${quoted(all)}\ndescription = ${quoted(all)}\nsuggestions = ["Порядок выдачи пропуска <img src=x onerror=alert(26)>"]\n`);
  mkdirSync(join(library, '"><script>alert(27)<'), { recursive: true });
  for (const [nth, attack] of ATTACKS.entries()) {
    const text = `${attack}\n\nПорядок выдачи пропуска номер ${nth} таков. Пропуск номер ${nth} выдаёт охрана ${attack} в первый день.\n`;
    const name = attack.replaceAll(/[/\0]/g, '_').slice(0, 60);
    writeFileSync(join(library, nth % 2 ? '' : '"><script>alert(27)<', `${nth} ${name}.txt`), text);
  }
  writeFileSync(join(library, 'таблица.html'), `<title>&lt;script&gt;alert(28)&lt;/script&gt;</title><table><tr><th>Вид</th><th>&lt;img src=x onerror=alert(29)&gt;</th></tr><tr><td>гостевой</td><td>Гостевой пропуск &lt;svg onload=alert(30)&gt; платный</td></tr></table>`);
  return library;
}

test('nothing of a hostile library runs or is loaded, in the chat and in the text of its sources', async () => {
  const server = await serve(hostile());
  const { page, faults, context } = await open(server);
  let links = 0;
  for (const question of ['Порядок выдачи пропуска: охрана, первый день', 'Кто выдаёт пропуск номер 5?', 'Гостевой пропуск платный?', ...ATTACKS.slice(0, 12), ATTACKS.join(' ')]) {
    await ask(page, question);
    const addresses = await page.locator('.turn').last().locator('a').evaluateAll((all) => all.map((one) => one.href));
    for (const address of addresses) {
      assert.ok(address.startsWith(`${server.url}sources/1/`), address);
      links += 1;
      const source = await context.newPage();
      const response = await source.goto(address);
      assert.equal(response.status(), 200, address);
      assert.ok(await source.locator('mark').count() > 0, `nothing is marked at ${address}`);
      // What is there is what this server puts there.
      assert.equal(await source.locator('script, img, svg, iframe, object, embed, form, input, style, video, base, meta[http-equiv]').count(), 0);
      const inside = await source.locator('a').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
      assert.deepEqual(inside.filter((href) => href !== '#quote'), []);
      await source.close();
    }
  }
  assert.ok(links > 5, `${links} links`);
  await shot(page, 'hostile');
  const foreign = await page.locator('docent-chat').evaluate((chat) => chat.shadowRoot.querySelectorAll('script, img, iframe, object, embed, video, style, base, meta, svg[onload], [onclick], [onerror]').length);
  assert.equal(foreign, 0);
  assert.deepEqual(faults, []);
  await context.close();
  await server.kill();
});

test('a server that lies about its sources gets no link to elsewhere', async () => {
  const server = await sample();
  const { page, faults, context } = await open(server);
  const urls = ['javascript:alert(1)', 'https://evil.example/sources/1/x', '//evil.example/sources/1/x', 'data:text/html,x', '../sources/1/x', 'sources/../x', 'sources/%2e%2e/x', '\\\\evil.example', 'sources/1/ok.md?version=1'];
  await page.routeWebSocket(/\/ws\/assistant$/, (socket) => socket.onMessage((text) => {
    const { type, id } = JSON.parse(text);
    const source = (url, n) => ({ n: n + 1, document: `Д${n}`, section: null, page: null, quote: 'нет в ответе', url });
    if (type === 'get_assistants') socket.send('{"type":"assistant_list","assistants":[{"id":1,"name":"А","description":""}]}');
    else if (type === 'question') socket.send(JSON.stringify({ type: 'answer', message: 'Да', sources: urls.map(source), id }));
    else socket.send(JSON.stringify({ type: 'success', message: '', id }));
  }));
  await page.reload();
  await page.locator('.state.good').waitFor();
  await ask(page, 'Что?');
  assert.equal(await page.locator('.sources li').count(), urls.length);
  const links = await page.locator('.sources a').evaluateAll((all) => all.map((one) => one.href));
  assert.deepEqual(links, [`${server.url}sources/1/x?lang=ru`, `${server.url}sources/1/ok.md?version=1&lang=ru`]);
  assert.deepEqual(faults, []);
  await context.close();
});

test('no address leads out of the documents', async () => {
  const server = await sample();
  const { page, context } = await visit(server.url);
  const paths = [
    'sources/1/..%2f..%2fdocent.toml', 'sources/1/%2e%2e/%2e%2e/docent.toml', 'sources/1/assistant.toml', 'sources/1//etc/passwd', 'sources/1/%2fetc%2fpasswd', 'sources/1/%00',
    'sources/1/%ff%fe', 'sources/x/faq.md', 'sources/99999999999999999999/faq.md', 'sources/2/faq.md', 'sources/1/faq.md%00', 'sources/1/FAQ.md', `sources/1/${'a'.repeat(4_000)}`, 'sources/1/<script>alert(1)</script>',
  ];
  for (const path of paths) {
    const response = await context.request.get(server.url + path, { maxRedirects: 0 });
    assert.equal(response.status(), 404, path);
    const text = await response.text();
    assert.doesNotMatch(text, /root:|<script|\/home\/|\/tmp\//, path);
  }
  const there = await context.request.get(`${server.url}sources/1/faq.md?at=0-99999999,5-6&version=%3Cscript%3E&part=7&lang=%22%3E`);
  assert.equal(there.status(), 200);
  assert.doesNotMatch(await there.text(), /<script|"">/);
  const headers = there.headers();
  assert.doesNotMatch(headers['content-security-policy'], /unsafe|script-src/);
  assert.match(headers['content-security-policy'], /^default-src 'none'/);
  await page.close();
  await context.close();
});
