// The words of <docent-chat> in its three languages, how the server's own sentences begin, and the small pieces that its parts are made of;
// the server puts them into widget.js.

const WORDS = {
  ru: {
    title: 'Вопросы по документам', open: 'Задать вопрос', close: 'Закрыть', assistant: 'Ассистент', question: 'Ваш вопрос', send: 'Спросить',
    log: 'Переписка', hello: 'Задайте вопрос — ответ будет взят только из документов, с указанием места.',
    first: 'Можно начать с этого', connecting: 'Подключение…', lost: 'Нет связи. Подключаюсь снова, вопросы сохранены.', ready: 'На связи',
    making: 'Ищу в документах', waits: 'Ждёт очереди', unanswered: 'Ответ не пришёл.', offline: 'Ждёт связи', page: (/** @type {number} */ n) => `с. ${n}`, quote: 'Цитата', opens: 'откроется в новой вкладке', copy: 'Копировать',
    copied: 'Скопировано', yes: 'Помогло', no: 'Не помогло', thanks: 'Спасибо!', again: 'Спросить ещё раз', fresh: 'Начать заново', missing: 'Ассистент не найден',
    none: 'Ассистентов пока нет', you: 'Вы',
    left: { one: 'Остался # знак', few: 'Осталось # знака', many: 'Осталось # знаков', other: 'Осталось # знака' }, over: { one: 'Лишний # знак: сократите вопрос', few: 'Лишних # знака: сократите вопрос', many: 'Лишних # знаков: сократите вопрос', other: 'Лишних # знака: сократите вопрос' },
    sources: { one: '# источник', few: '# источника', many: '# источников', other: '# источника' },
    answers: { one: '# новый ответ', few: '# новых ответа', many: '# новых ответов', other: '# нового ответа' },
    queue: { one: '# вопрос ждёт очереди', few: '# вопроса ждут очереди', many: '# вопросов ждут очереди', other: '# вопроса ждут очереди' },
  },
  kk: {
    title: 'Құжаттар бойынша сұрақтар', open: 'Сұрақ қою', close: 'Жабу', assistant: 'Көмекші', question: 'Сұрағыңыз', send: 'Сұрау',
    log: 'Сөйлесу', hello: 'Сұрақ қойыңыз — жауап тек құжаттардан, орнын көрсете отырып алынады.',
    first: 'Мынадан бастауға болады', connecting: 'Қосылуда…', lost: 'Байланыс жоқ. Қайта қосылуда, сұрақтар сақталды.', ready: 'Байланыс бар',
    making: 'Құжаттардан іздеуде', waits: 'Кезекте', unanswered: 'Жауап келмеді.', offline: 'Байланысты күтуде', page: (/** @type {number} */ n) => `${n}-бет`, quote: 'Дәйексөз', opens: 'жаңа қойындыда ашылады', copy: 'Көшіру',
    copied: 'Көшірілді', yes: 'Көмектесті', no: 'Көмектеспеді', thanks: 'Рақмет!', again: 'Қайта сұрау', fresh: 'Жаңадан бастау', missing: 'Көмекші табылмады',
    none: 'Әзірге көмекшілер жоқ', you: 'Сіз',
    left: { one: '# таңба қалды', other: '# таңба қалды' }, over: { one: '# таңба артық: сұрақты қысқартыңыз', other: '# таңба артық: сұрақты қысқартыңыз' },
    sources: { one: '# дереккөз', other: '# дереккөз' },
    answers: { one: '# жаңа жауап', other: '# жаңа жауап' },
    queue: { one: '# сұрақ кезекте', other: '# сұрақ кезекте' },
  },
  en: {
    title: 'Questions to the documents', open: 'Ask a question', close: 'Close', assistant: 'Assistant', question: 'Your question', send: 'Ask',
    log: 'Conversation', hello: 'Ask a question: the answer comes from the documents only, with its place.',
    first: 'You could begin with', connecting: 'Connecting…', lost: 'Connection lost. Reconnecting; your questions are kept.', ready: 'Connected',
    making: 'Looking in the documents', waits: 'Waiting its turn', unanswered: 'No answer came.', offline: 'Waiting for the connection', page: (/** @type {number} */ n) => `p. ${n}`, quote: 'Quote', opens: 'opens in a new tab', copy: 'Copy',
    copied: 'Copied', yes: 'Helpful', no: 'Not helpful', thanks: 'Thank you!', again: 'Ask again', fresh: 'Start over', missing: 'There is no such assistant',
    none: 'There are no assistants yet', you: 'You',
    left: { one: '# character left', other: '# characters left' }, over: { one: '# character too many: shorten the question', other: '# characters too many: shorten the question' },
    sources: { one: '# source', other: '# sources' },
    answers: { one: '# new answer', other: '# new answers' },
    queue: { one: '# question is waiting', other: '# questions are waiting' },
  },
};

/** How answers begin and end that quote nothing: a refusal, whatever the language, and a text of the operator's own. */
const MARKS = {
  refused: /^К сожалению, по вашему вопросу не найдено/,
  own: /\n(Ответ дан сотрудником|Жауапты ұйым қызметкері|This answer was given by a member of staff)[^\n]*$/,
};

const ICONS = {
  chat: 'M4 5h16v11H9l-5 4z', close: 'M6 6l12 12M18 6L6 18', send: 'M4 12h15M13 6l6 6-6 6', fresh: 'M4 12a8 8 0 1 0 3-6.2M4 4v4h4',
  up: 'M7 11l4-8c2 0 3 1 3 3l-1 4h6l-2 10H7zM3 11h4v9H3z', down: 'M17 13l-4 8c-2 0-3-1-3-3l1-4H5L7 4h10zM21 13h-4V4h4z',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
};

/** @param {keyof typeof ICONS} name */
function icon(name) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('viewBox', '0 0 24 24');
  made.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  made.append(path);
  return made;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {{ [name: string]: string }} attributes @param {...(Node | string)} inside
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** @param {string} name @param {Node | string} content @param {() => void} act @param {{ [name: string]: string }} more */
function button(name, content, act, more = {}) {
  const made = element('button', { type: 'button', class: name, ...more }, content);
  made.addEventListener('click', act);
  return made;
}

/** Draws an answer: rows of a table as a table, all else as lines. @param {string} text */
function drawn(text) {
  const parts = element('div', { class: 'text' });
  const lines = text.split('\n');
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (lines[end]?.includes(' | ')) end += 1;
    if (end > at) {
      const cells = (/** @type {string} */ line) => line.split(' | ').map((cell) => element('td', {}, cell));
      const rows = lines.slice(at, end).map((line) => element('tr', {}, ...cells(line)));
      parts.append(element('div', { class: 'wide', tabindex: '0' }, element('table', {}, element('tbody', {}, ...rows))));
      at = end;
    } else {
      const line = lines[at] ?? '';
      if (line.trim()) parts.append(element('p', {}, line));
      at += 1;
    }
  }
  return parts;
}

/** Returns a text without the lines of its sources, which are drawn below it. @param {string} text */
function said(text) {
  const end = text.lastIndexOf('\n\n[1] ');
  return end < 0 ? text : text.slice(0, end);
}

/** Returns an id that no other tab has, so that a judgement finds its question. */
function unique() {
  return Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join('');
}

/** Copies a text; without a secure context by the older way. @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element('textarea', { 'aria-hidden': 'true', readonly: '' });
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    const before = /** @type {HTMLElement | null} */ (document.activeElement);
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    before?.focus();
    return done;
  }
}
