// The chat page: one socket, one selection, questions in order.
// Whatever comes from documents, questions or the server is put in as text, never as HTML; nothing is loaded, no link is made.
'use strict';

const WORDS = {
  ru: {
    title: 'Вопросы по документам', assistant: 'Ассистент', question: 'Вопрос', send: 'Спросить', log: 'Переписка',
    hint: 'Спросите своими словами', hello: 'Задайте вопрос — ответ будет взят только из документов, с указанием места.',
    connecting: 'Подключение…', lost: 'Нет связи. Подключаюсь снова, вопросы сохранены.', ready: 'На связи',
    making: 'Ищу в документах', waits: 'Ждёт очереди', sources: 'Источники', page: (n) => `с. ${n}`, copy: 'Копировать', copied: 'Скопировано',
  },
  kk: {
    title: 'Құжаттар бойынша сұрақтар', assistant: 'Ассистент', question: 'Сұрақ', send: 'Сұрау', log: 'Сөйлесу',
    hint: 'Өз сөзіңізбен сұраңыз', hello: 'Сұрақ қойыңыз — жауап тек құжаттардан, орнын көрсете отырып алынады.',
    connecting: 'Қосылуда…', lost: 'Байланыс жоқ. Қайта қосылуда, сұрақтар сақталды.', ready: 'Байланыс бар',
    making: 'Құжаттардан іздеуде', waits: 'Кезекте', sources: 'Дереккөздер', page: (n) => `${n}-бет`, copy: 'Көшіру', copied: 'Көшірілді',
  },
  en: {
    title: 'Questions to the documents', assistant: 'Assistant', question: 'Question', send: 'Ask', log: 'Conversation',
    hint: 'Ask in your own words', hello: 'Ask a question: the answer comes from the documents only, with its place.',
    connecting: 'Connecting…', lost: 'Connection lost. Reconnecting; your questions are kept.', ready: 'Connected',
    making: 'Looking in the documents', waits: 'Waiting its turn', sources: 'Sources', page: (n) => `p. ${n}`, copy: 'Copy', copied: 'Copied',
  },
};

/** The longest wait before another attempt to connect, in milliseconds. */
const LONGEST_WAIT = 30_000;

const wanted = (new URLSearchParams(location.search).get('lang') ?? navigator.language).slice(0, 2);
const language = wanted in WORDS ? wanted : 'ru';
const words = WORDS[language];
const find = (id) => document.getElementById(id);
const [list, about, log, state, form, box] = ['assistants', 'about', 'log', 'state', 'ask', 'question'].map(find);
// Relative, so that the page works behind a path prefix too.
const address = new URL('ws/assistant', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
address.search = '';

/** A browser may forbid storage; the choice is then kept for this page only. */
const memory = {
  get() { try { return Number(localStorage.getItem('docent-assistant')) || 0; } catch { return 0; } },
  set(id) { try { localStorage.setItem('docent-assistant', id); } catch { /* kept in `chosen` */ } },
};

let socket;
let assistants = [];
let chosen = memory.get();
let selecting = 0;
let ready = false;
let tries = 0;
/** Questions not yet sent, and those sent and not answered, oldest first. */
let unsent = [];
let asked = [];

function element(tag, kind, ...inside) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

/** Scrolls along only when the reader is at the end already. */
function keepingEnd(change) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  change();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

/** Draws an answer: rows of a table as a table, all else as lines. */
function drawn(text) {
  const parts = document.createDocumentFragment();
  const lines = text.split('\n');
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && lines[end].includes(' | ')) end += 1;
    if (end > at) {
      const rows = lines.slice(at, end).map((line) => element('tr', '', ...line.split(' | ').map((cell) => element('td', '', cell))));
      parts.append(element('div', 'wide', element('table', '', element('tbody', '', ...rows))));
      at = end;
    } else {
      if (lines[at].trim()) parts.append(element('p', '', lines[at]));
      at += 1;
    }
  }
  return parts;
}

function source({ n, document: title, section, page, quote }, said) {
  const place = [title, section, page && words.page(page)].filter(Boolean).join(', ');
  const card = element('details', 'source', element('summary', '', element('span', 'number', String(n)), ` ${place}`));
  card.append(element('blockquote', '', quote));
  // Places that may help say nothing above: their words are here.
  card.open = !said.includes(quote);
  return card;
}

function copyButton(text) {
  const button = element('button', 'quiet', words.copy);
  button.type = 'button';
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = words.copied;
    } catch { /* no clipboard here: the text can still be marked by hand */ }
  });
  return button;
}

function show(item, message) {
  keepingEnd(() => {
    item.removeAttribute('aria-busy');
    if (message.type !== 'answer') {
      item.className = 'error';
      item.replaceChildren(element('p', '', message.message));
      return;
    }
    const sources = message.sources ?? [];
    item.className = sources.length ? 'answer' : 'answer fallback';
    // The cards below say the same as the source lines at the end of the text.
    const end = sources.length ? message.message.lastIndexOf('\n\n[1] ') : -1;
    const said = end < 0 ? message.message : message.message.slice(0, end);
    item.replaceChildren(drawn(said));
    if (sources.length) {
      item.append(element('div', 'sources', element('h2', '', words.sources), ...sources.map((one) => source(one, said))), copyButton(message.message));
    }
  });
}

function pending(item, text) {
  item.className = 'answer pending';
  item.setAttribute('aria-busy', 'true');
  item.replaceChildren(element('p', '', text, element('span', 'dots')));
}

function tell(text, kind = '') {
  state.textContent = text;
  state.className = kind;
}

function select() {
  const found = assistants.find((one) => one.id === chosen) ?? assistants[0];
  if (!found) return;
  chosen = found.id;
  memory.set(chosen);
  list.value = String(chosen);
  about.textContent = found.description;
  ready = false;
  selecting += 1;
  socket.send(JSON.stringify({ type: 'select_assistant', assistant_id: chosen, id: `s${selecting}` }));
}

function send() {
  while (ready && unsent.length) {
    const question = unsent.shift();
    asked.push(question);
    pending(question.item, words.making);
    socket.send(JSON.stringify({ type: 'question', question: question.text, sources: true, id: question.id }));
  }
}

function receive({ data }) {
  const message = JSON.parse(data);
  if (message.type === 'assistant_list') {
    assistants = message.assistants;
    list.replaceChildren(...assistants.map((one) => new Option(one.name, String(one.id))));
    return select();
  }
  if (message.id === `s${selecting}`) {
    ready = message.type === 'success';
    tell(ready ? words.ready : message.message, ready ? 'good' : 'bad');
    return send();
  }
  const at = asked.findIndex((question) => question.id === message.id);
  if (at >= 0) show(asked.splice(at, 1)[0].item, message);
}

function connect() {
  socket = new WebSocket(address);
  socket.onopen = () => { tries = 0; socket.send('{"type":"get_assistants"}'); };
  socket.onmessage = receive;
  socket.onclose = () => {
    ready = false;
    tell(words.lost, 'bad');
    // What was asked and not answered is asked again, before what was typed since.
    for (const question of asked) pending(question.item, words.waits);
    unsent = [...asked, ...unsent];
    asked = [];
    tries += 1;
    // Full jitter: a crowd of pages must not come back in one moment.
    setTimeout(connect, Math.random() * Math.min(LONGEST_WAIT, 500 * 2 ** tries));
  };
}

let count = 0;
function ask(text) {
  count += 1;
  const question = { text, id: `q${count}`, item: element('article', '') };
  find('hello')?.remove();
  keepingEnd(() => {
    log.append(element('article', 'mine', element('p', '', text)), question.item);
    pending(question.item, words.waits);
  });
  log.scrollTop = log.scrollHeight;
  unsent.push(question);
  send();
}

list.addEventListener('change', () => {
  chosen = Number(list.value);
  memory.set(chosen);
  if (socket.readyState === WebSocket.OPEN) select();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = box.value.trim();
  if (text) {
    box.value = '';
    ask(text);
  }
  box.focus();
});
box.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.documentElement.lang = language;
document.title = words.title;
for (const place of document.querySelectorAll('[data-text]')) place.textContent = words[place.dataset.text];
for (const place of document.querySelectorAll('[data-label]')) place.setAttribute('aria-label', words[place.dataset.label]);
box.placeholder = words.hint;
const hello = element('p', 'hello', words.hello);
hello.id = 'hello';
log.append(hello);
tell(words.connecting);
connect();
box.focus();
