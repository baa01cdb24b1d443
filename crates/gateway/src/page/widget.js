// <docent-chat>: a chat with the assistants of a docent server, on any page by one tag. docs/widget.md tells how.
//
// Owns the conversation of one tab: one socket, questions in order, each asked until it is answered. Whatever the server sends
// is put in as text; the only links made lead to this server's sources. No style is inline, so a strict policy needs no exception.
(() => {
  'use strict';

  /**
   * @typedef {{ id: number, name: string, description: string }} Assistant
   * @typedef {{ n: number, document: string, section: string | null, page: number | null, quote: string, url: string | null }} Source
   * @typedef {{ type: string, message: string, id?: string | number, sources?: Source[], assistants?: Assistant[] }} Reply
   * @typedef {{ id: string, assistant: number, text: string, tries?: number, reply?: Reply, helpful?: boolean }} Turn
   * @typedef {{ [form in Intl.LDMLPluralRule]?: string }} Forms
   */

  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  /** The folder that the script came from: socket, list and sources are beside it, whatever the path prefix. */
  const base = new URL('./', script?.src || document.baseURI);

  /** The longest wait before another attempt to connect, and the first, in milliseconds. */
  const LONGEST_WAIT = 30_000;
  const FIRST_WAIT = 500;
  /** A question with no sign of an answer for so long has lost its connection: a server gives up after 20 s by default. */
  const PATIENCE = 60_000;
  /** Connections that one question may use up. */
  const TRIES = 5;
  /** Turns kept for the next page of a site: as much as anyone scrolls back, far below what a browser stores. */
  const KEPT = 40;
  /** Pixels from the end of the conversation within which it is taken along. */
  const NEAR_END = 80;
  /** Share of the longest question that is left when its end comes into sight. */
  const NEAR_LIMIT = 0.1;
  /** How long it is told that something was copied, in milliseconds: as long as a glance. */
  const TOLD = 2_000;
  /** Pixels left above a long answer, so that it is seen to begin there. */
  const ABOVE = 12;

  /* widget_parts.js */
  /** @typedef {keyof typeof WORDS} Language */

  /** @param {string | null | undefined} tag @returns {Language | undefined} */
  const known = (tag) => {
    const code = tag?.slice(0, 2).toLowerCase() ?? '';
    return code in WORDS ? /** @type {Language} */ (code) : undefined;
  };

  /** The look, which the server puts in from widget.css. */
  const SHEET = `/* widget.css */`;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SHEET);

  /** What is kept for the next page of the site in this tab; a browser may forbid it. */
  class Memory {
    #key;
    /** @param {string} key */
    constructor(key) { this.#key = `docent:${base.href}:${key}`; }
    get() { try { return JSON.parse(sessionStorage.getItem(this.#key) ?? 'null'); } catch { return null; } }
    /** @param {unknown} value */
    set(value) { try { sessionStorage.setItem(this.#key, JSON.stringify(value)); } catch { /* kept on this page only */ } }
  }

  /** One socket that is always there or on its way. */
  class Link {
    /** @type {WebSocket | undefined} */ #socket;
    /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
    #tries = 0;
    #closed = false;
    #address = new URL('ws/assistant', base);
    #told;
    /** @param {{ opened: () => void, lost: () => void, reply: (reply: Reply) => void }} told */
    constructor(told) {
      this.#told = told;
      this.#address.protocol = base.protocol === 'http:' ? 'ws:' : 'wss:';
    }
    connect = () => {
      clearTimeout(this.#timer);
      if (this.#socket || this.#closed) return;
      const socket = new WebSocket(this.#address);
      this.#socket = socket;
      socket.onopen = () => this.#told.opened();
      socket.onmessage = ({ data }) => {
        try { this.#told.reply(JSON.parse(data)); } catch { this.drop(); }
      };
      socket.onclose = () => this.drop(socket);
    };
    /** A socket whose network is gone would look well for minutes. */
    #offline = () => this.drop();
    /** The server answers: the next loss is a new one. */
    works() { this.#tries = 0; }
    /** Gives a connection up and comes back later. @param {WebSocket | undefined} socket */
    drop(socket = this.#socket) {
      if (!socket || socket !== this.#socket) return;
      this.#socket = undefined;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
      if (this.#closed) return;
      this.#told.lost();
      this.#tries += 1;
      // Full jitter: a crowd of pages must not come back in one moment.
      this.#timer = setTimeout(this.connect, Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#tries));
    }
    /** @param {object} message */
    send(message) { this.#socket?.send(JSON.stringify(message)); }
    begin() {
      this.#closed = false;
      addEventListener('online', this.connect);
      addEventListener('offline', this.#offline);
      this.connect();
    }
    end() {
      this.#closed = true;
      clearTimeout(this.#timer);
      removeEventListener('online', this.connect);
      removeEventListener('offline', this.#offline);
      this.drop();
    }
  }

  class Chat extends HTMLElement {
    /** @type {Language} */ #language = 'ru';
    get #words() { return WORDS[this.#language]; }
    #plural = new Intl.PluralRules('ru');
    #memory = new Memory('');
    #link = new Link({ opened: () => this.#link.send({ type: 'get_assistants' }), lost: () => this.#lost(), reply: (reply) => this.#receive(reply) });
    /** @type {Assistant[]} */ #assistants = [];
    /** @type {Map<number, string[]>} */ #suggestions = new Map();
    /** Which assistant is chosen here, and which one the server knows of. */
    #chosen = 0;
    /** @type {number | undefined} */ #selected;
    /** @type {Turn[]} */ #turns = [];
    /** @type {Map<string, HTMLElement>} */ #items = new Map();
    /** The turn that the server was told of last and has not ended. @type {Turn | undefined} */ #asked;
    /** @type {{ id: string, assistant: number } | undefined} */ #selecting;
    #parts = '';
    #ready = false;
    #begun = false;
    #unread = 0;
    /** Characters that the server takes in a question, once that is known. */
    #most = 0;
    /** @type {{ id: string, helpful: boolean }[]} */ #judged = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
    #root = this.attachShadow({ mode: 'open' });
    /** Parts of the panel. */
    #at = {
      panel: element('section', { class: 'panel', id: 'panel' }), bubble: element('button', { type: 'button', class: 'bubble', 'aria-haspopup': 'dialog', 'aria-controls': 'panel' }),
      name: element('p', { class: 'name' }), pick: element('label', { class: 'pick' }), select: element('select'), state: element('p', { class: 'state', role: 'status' }),
      log: element('div', { class: 'log', role: 'log', tabindex: '0' }), hello: element('div', { class: 'hello' }), queue: element('p', { class: 'queue', hidden: '' }),
      limit: element('p', { class: 'limit', role: 'status' }),
      form: element('form'), box: element('textarea', { rows: '1', id: 'question', autocomplete: 'off', enterkeyhint: 'send' }), tools: element('div', { class: 'tools' }),
      fresh: element('button', { type: 'button', class: 'tool' }, icon('fresh')),
    };

    connectedCallback() {
      if (!this.#root.adoptedStyleSheets.length) this.#build();
      if (this.#mode !== 'bubble' || this.#memory.get()?.open || this.#turns.some((turn) => !turn.reply)) this.#begin();
    }

    disconnectedCallback() {
      this.#begun = false;
      this.#link.end();
    }

    get #mode() { return this.getAttribute('mode') ?? 'inline'; }
    /** The assistant that the page has settled on. */
    get #fixed() { return Number(this.getAttribute('assistant')) || 0; }

    /** Opens the bubble. */
    open() {
      this.#begin();
      if (this.#mode !== 'bubble') return;
      this.#at.panel.hidden = false;
      this.#at.bubble.hidden = true;
      this.#unread = 0;
      this.#keep();
      this.#at.log.scrollTop = this.#at.log.scrollHeight;
      this.#cover();
      this.#at.box.focus();
      this.#say('docent-open');
    }

    /** Says whether the panel hides the page: then nothing outside it can be reached. */
    #cover() {
      const { panel } = this.#at;
      panel.ariaModal = !panel.hidden && panel.offsetWidth >= innerWidth ? 'true' : null;
    }

    /** Keeps the focus inside a panel that hides the page. @param {KeyboardEvent} event */
    #around(event) {
      const { panel } = this.#at;
      if (panel.ariaModal !== 'true') return;
      const stops = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll('button, select, textarea, a[href], summary, [tabindex="0"]')]).filter((one) => one.offsetParent && one.tabIndex >= 0);
      const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
      if (this.#root.activeElement !== from) return;
      event.preventDefault();
      to?.focus();
    }

    /** Goes on where the next question is typed; under a finger that would raise a keyboard over the answer. */
    #next() { (matchMedia('(pointer: coarse)').matches ? this.#at.log : this.#at.box).focus(); }

    /** Closes the bubble; the conversation goes on. */
    close() {
      if (this.#mode !== 'bubble') return;
      this.#at.panel.hidden = true;
      this.#cover();
      this.#at.bubble.hidden = false;
      this.#count();
      this.#keep();
      this.#at.bubble.focus();
      this.#say('docent-close');
    }

    /** Asks, after what was asked before. @param {string} text */
    ask(text) {
      const asked = text.trim();
      if (!asked) return;
      this.#begin();
      const turn = { id: unique(), assistant: this.#chosen, text: asked };
      this.#turns.push(turn);
      this.#keep();
      this.#draw(turn);
      this.#at.log.scrollTop = this.#at.log.scrollHeight;
      this.#pump();
    }

    /** @param {string} name @param {object} detail */
    #say(name, detail = {}) { this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true })); }

    /** @param {Forms} forms @param {number} count */
    #counted(forms, count) { return (forms[this.#plural.select(count)] ?? forms.other ?? '#').replace('#', String(count)); }

    #build() {
      if (!this.hasAttribute('mode')) this.setAttribute('mode', 'inline');
      const page = this.#mode === 'page';
      const near = page ? [new URLSearchParams(location.search).get('lang')] : [this.closest('[lang]')?.getAttribute('lang'), document.documentElement.lang];
      this.#language = [...near, ...navigator.languages].map(known).find(Boolean) ?? 'ru';
      this.#plural = new Intl.PluralRules(this.#language);
      const words = this.#words;
      // Chats alike on one page have a memory each, by their order on it.
      const alike = /** @type {Chat[]} */ ([...document.querySelectorAll('docent-chat')]).filter((one) => one.#mode === this.#mode && one.#fixed === this.#fixed);
      const nth = Math.max(0, alike.indexOf(this));
      this.#memory = new Memory(`${this.#mode}:${this.#fixed}${nth ? `:${nth}` : ''}`);
      const kept = this.#memory.get() ?? {};
      this.#chosen = this.#fixed || Number(kept.chosen) || 0;
      const whole = (/** @type {Turn} */ turn) => typeof turn?.id === 'string' && typeof turn.text === 'string';
      this.#turns = Array.isArray(kept.turns) ? kept.turns.filter(whole) : [];

      const { panel, bubble, name, pick, select, state, log, hello, queue, limit, form, box, tools, fresh } = this.#at;
      panel.lang = this.#language;
      panel.setAttribute('aria-label', words.title);
      select.addEventListener('change', () => this.#choose(Number(select.value)));
      pick.append(element('span', {}, words.assistant), select);
      pick.hidden = true;
      name.textContent = page ? '' : words.title;
      fresh.ariaLabel = fresh.title = words.fresh;
      fresh.addEventListener('click', () => this.#fresh());
      tools.append(fresh);
      const bar = element('div', { class: 'bar' }, element('div', { class: 'who' }, element('slot', { name: 'title' }), name, element('div', { class: 'row' }, pick, state)), tools);
      log.setAttribute('aria-label', words.log);
      log.append(hello);
      box.placeholder = words.question;
      box.value = typeof kept.draft === 'string' ? kept.draft : '';
      form.append(
        element('label', { for: 'question', class: 'unseen' }, words.question), box,
        element('button', { class: 'send' }, icon('send'), element('span', {}, words.send)),
      );
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        const { value } = box;
        // What the server would refuse stays where it can be mended.
        if (this.#over() > 0) return void box.focus();
        box.value = '';
        this.#fit();
        this.ask(value);
        this.#keep();
        box.focus();
      });
      box.addEventListener('input', () => { this.#fit(); this.#keep(); });
      box.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
      });
      panel.append(element('header', {}, bar), log, element('div', { class: 'foot' }, queue, limit, form));
      this.#root.adoptedStyleSheets = [sheet];
      this.#root.append(panel);
      if (this.#mode === 'bubble') {
        panel.setAttribute('role', 'dialog');
        panel.hidden = !kept.open;
        bubble.hidden = !!kept.open;
        bubble.lang = this.#language;
        this.#count();
        bubble.addEventListener('click', () => this.open());
        tools.append(button('tool', icon('close'), () => this.close(), { 'aria-label': words.close, title: words.close }));
        panel.addEventListener('keydown', (event) => {
          if (event.key === 'Escape' && !event.isComposing) this.close();
          if (event.key === 'Tab') this.#around(event);
        });
        addEventListener('resize', () => this.#cover());
        // However the focus leaves a panel that hides the page, it does not go behind it.
        document.addEventListener('focusin', ({ target }) => { if (target !== this && this.isConnected && panel.ariaModal === 'true') this.#next(); });
        this.#root.append(bubble);
        this.#cover();
      }
      if (page) {
        document.documentElement.lang = this.#language;
        document.title = words.title;
        for (const heading of this.querySelectorAll('[slot=title]')) heading.textContent = words.title;
        box.focus();
      }
      this.#welcome();
      for (const turn of this.#turns) this.#draw(turn);
      log.scrollTop = log.scrollHeight;
    }

    #begin() {
      if (this.#begun) return;
      this.#begun = true;
      this.#tell(this.#words.connecting);
      this.#link.begin();
      this.#fit();
      fetch(new URL('assistants.json', base), { credentials: 'omit' }).then((response) => response.json()).then(({ assistants, question_chars: most }) => {
        this.#most = Number(most) || 0;
        this.#fit();
        for (const { id, suggestions } of assistants) this.#suggestions.set(id, suggestions);
        this.#welcome();
      }).catch(() => { /* without suggestions one asks in one's own words */ });
    }

    #keep() {
      const turns = this.#turns.slice(-KEPT);
      this.#memory.set({ turns, chosen: this.#chosen, draft: this.#at.box.value, open: this.#mode === 'bubble' && !this.#at.panel.hidden });
    }

    /** How many characters what is typed has beyond the server's limit. */
    #over() { return this.#most ? [...this.#at.box.value.trim()].length - this.#most : -Infinity; }

    /** Gives the box the height of what is typed, and tells when it comes near the limit. */
    #fit() {
      const { box, limit } = this.#at;
      const over = this.#over();
      const said = over > 0 ? this.#counted(this.#words.over, over) : -over <= this.#most * NEAR_LIMIT ? this.#counted(this.#words.left, -over) : '';
      if (limit.textContent !== said) limit.textContent = said;
      limit.classList.toggle('bad', over > 0);
      box.setAttribute('aria-invalid', String(over > 0));
      box.style.height = 'auto';
      // Two pixels of border; a box that is not shown has no height to take.
      if (box.value && box.scrollHeight) box.style.height = `${box.scrollHeight + 2}px`;
    }

    #count() {
      const words = this.#words;
      const inside = [icon('chat'), element('span', {}, words.open)];
      if (this.#unread) {
        inside.push(element('span', { class: 'count', 'aria-hidden': 'true' }, String(this.#unread)), element('span', { class: 'unseen' }, `, ${this.#counted(words.answers, this.#unread)}`));
      }
      this.#at.bubble.replaceChildren(...inside);
    }

    /** @param {string} text @param {'good' | 'bad' | ''} kind */
    #tell(text, kind = '') {
      this.#at.state.textContent = text;
      this.#at.state.className = `state ${kind}`;
    }

    #fresh() {
      for (const item of this.#items.values()) item.remove();
      this.#items.clear();
      this.#turns = [];
      // What is still on its way has no place any more and is passed over.
      this.#asked = undefined;
      this.#parts = '';
      clearTimeout(this.#patience);
      this.#keep();
      this.#welcome();
      this.#pump();
      this.#at.box.focus();
    }

    /** @param {number} id */
    #choose(id) {
      this.#chosen = id;
      this.#keep();
      this.#welcome();
    }

    /** Says who answers and what one may begin with. */
    #welcome() {
      const { hello, name, pick, select, fresh } = this.#at;
      const words = this.#words;
      const who = this.#assistants.find((one) => one.id === this.#chosen);
      if (this.#fixed && who) name.textContent = who.name;
      pick.hidden = !!this.#fixed || this.#assistants.length < 2;
      if (!pick.hidden) name.hidden = true;
      else if (who) name.textContent = who.name;
      if (!select.matches(':focus')) {
        select.replaceChildren(...this.#assistants.map((one) => new Option(one.name, String(one.id))));
      }
      select.value = String(this.#chosen);
      hello.hidden = this.#turns.length > 0;
      fresh.hidden = !hello.hidden;
      // Whoever is choosing keeps what there is to choose from.
      if (hello.matches(':focus-within')) return;
      /** @type {HTMLElement[]} */ const parts = who?.description ? [element('p', { class: 'about' }, who.description)] : [];
      parts.push(element('p', {}, words.hello));
      const suggested = this.#suggestions.get(this.#chosen) ?? [];
      if (suggested.length) {
        const one = (/** @type {string} */ text) => element('li', {}, button('', text, () => { this.ask(text); this.#next(); }));
        parts.push(element('p', { class: 'lead', id: 'first' }, words.first), element('ul', { class: 'first', 'aria-labelledby': 'first' }, ...suggested.map(one)));
      }
      hello.replaceChildren(...parts);
    }

    #lost() {
      this.#ready = false;
      const asked = this.#asked;
      this.#selected = this.#asked = this.#selecting = undefined;
      this.#parts = '';
      clearTimeout(this.#patience);
      // A question that ends every connection must not be asked for ever.
      if (asked && (asked.tries ?? 0) >= TRIES) this.#end(asked, { type: 'error', message: this.#words.unanswered });
      this.#tell(this.#words.lost, 'bad');
      this.#shown();
    }

    /** Shows what waits. */
    #shown() {
      const waiting = this.#turns.filter((turn) => !turn.reply);
      for (const turn of waiting) if (turn !== this.#asked) this.#draw(turn);
      const behind = waiting.filter((turn) => turn !== this.#asked).length;
      this.#at.queue.hidden = behind === 0;
      this.#at.queue.textContent = behind ? this.#counted(this.#words.queue, behind) : '';
    }

    /** Asks the next question, when the one before is answered and its assistant selected. */
    #pump() {
      this.#shown();
      if (!this.#ready || this.#asked || this.#selecting) return;
      const next = this.#turns.find((turn) => !turn.reply);
      if (!next) return;
      if (!next.assistant) next.assistant = this.#chosen;
      clearTimeout(this.#patience);
      this.#patience = setTimeout(() => this.#link.drop(), PATIENCE);
      if (next.assistant !== this.#selected) {
        this.#selecting = { id: unique(), assistant: next.assistant };
        this.#link.send({ type: 'select_assistant', assistant_id: next.assistant, id: this.#selecting.id });
        return;
      }
      this.#asked = next;
      this.#parts = '';
      next.tries = (next.tries ?? 0) + 1;
      this.#shown();
      this.#draw(next);
      this.#link.send({ type: 'question', question: next.text, sources: true, stream: true, id: next.id });
    }

    /** @param {Reply} reply */
    #receive(reply) {
      if (reply.type === 'assistant_list') return this.#listed(reply.assistants ?? []);
      if (this.#selecting && reply.id === this.#selecting.id) {
        const { assistant } = this.#selecting;
        this.#selecting = undefined;
        const next = this.#turns.find((turn) => !turn.reply);
        if (reply.type === 'success') this.#selected = assistant;
        else if (next?.assistant === assistant) this.#end(next, reply);
        return this.#pump();
      }
      const turn = this.#asked;
      if (!turn || reply.id !== turn.id) return;
      if (reply.type === 'answer_delta') {
        this.#parts += reply.message;
        return this.#draw(turn);
      }
      if (reply.type !== 'answer' && reply.type !== 'error') return;
      clearTimeout(this.#patience);
      this.#asked = undefined;
      this.#end(turn, reply);
      this.#pump();
    }

    /** @param {Assistant[]} assistants */
    #listed(assistants) {
      this.#assistants = assistants;
      this.#ready = true;
      this.#link.works();
      const there = assistants.some((one) => one.id === this.#chosen);
      if (!there && !this.#fixed) this.#chosen = assistants[0]?.id ?? 0;
      if (!assistants.length) this.#tell(this.#words.none, 'bad');
      else if (!there && this.#fixed) this.#tell(this.#words.missing, 'bad');
      else this.#tell(this.#words.ready, 'good');
      this.#welcome();
      for (const judged of this.#judged.splice(0)) this.#link.send({ type: 'feedback', ...judged });
      this.#pump();
    }

    /** @param {Turn} turn @param {Reply} reply */
    #end(turn, { type, message, sources }) {
      turn.reply = { type, message, ...(sources && { sources }) };
      this.#keep();
      this.#draw(turn);
      if (this.#at.panel.hidden) {
        this.#unread += 1;
        this.#count();
      }
      this.#say('docent-answer', { type, sources: sources?.length ?? 0 });
    }

    /** Draws a turn as it stands, and goes along when the reader is at the end. @param {Turn} turn */
    #draw(turn) {
      const { log, hello, fresh } = this.#at;
      const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
      hello.hidden = true;
      fresh.hidden = false;
      let item = this.#items.get(turn.id);
      if (!item) {
        const mine = element('div', { class: 'mine' }, element('span', { class: 'unseen' }, `${this.#words.you}: `), turn.text);
        item = element('div', { class: 'turn' }, ...this.#heading(turn), mine, element('div'));
        this.#items.set(turn.id, item);
        log.append(item);
      }
      item.lastElementChild?.replaceWith(this.#answer(turn));
      if (!atEnd) return;
      // A long answer is read from its beginning.
      const answer = /** @type {HTMLElement} */ (item.lastElementChild);
      if (!turn.reply || item.offsetHeight <= log.clientHeight) log.scrollTop = log.scrollHeight;
      else log.scrollTop = (answer.offsetTop - item.offsetTop > log.clientHeight / 2 ? answer : item).offsetTop - ABOVE;
    }

    /** Says whom a question goes to, when that is another than before. @param {Turn} turn */
    #heading(turn) {
      const before = this.#turns[this.#turns.indexOf(turn) - 1];
      const who = this.#assistants.find((one) => one.id === turn.assistant);
      return before && who && before.assistant !== turn.assistant ? [element('p', { class: 'to' }, who.name)] : [];
    }

    /** @param {Turn} turn */
    #answer(turn) {
      const words = this.#words;
      const { reply } = turn;
      if (!reply) {
        const making = turn === this.#asked;
        const body = making && this.#parts
          ? drawn(said(this.#parts))
          : element('p', {}, making ? words.making : this.#ready ? words.waits : words.offline, element('span', { class: 'dots', 'aria-hidden': 'true' }, element('i'), element('i'), element('i')));
        return element('div', { class: this.#parts && making ? 'answer' : 'answer pending', 'aria-busy': 'true' }, body);
      }
      if (reply.type !== 'answer') {
        const again = button('quiet', words.again, () => {
          const item = this.#items.get(turn.id);
          this.#items.delete(turn.id);
          turn.id = unique();
          turn.tries = 0;
          delete turn.reply;
          if (item) this.#items.set(turn.id, item);
          this.#draw(turn);
          this.#pump();
          this.#at.box.focus();
        });
        return element('div', { class: 'answer error' }, element('p', {}, reply.message), element('div', { class: 'acts' }, again));
      }
      const sources = reply.sources ?? [];
      const text = sources.length ? said(reply.message) : reply.message;
      const refused = !sources.length && MARKS.refused.test(text);
      const made = element('div', { class: refused ? 'answer fallback' : 'answer' }, drawn(text));
      if (sources.length) {
        const list = element('ol', {}, ...sources.map((one) => this.#source(one, text)));
        made.append(element('div', { class: 'sources' }, element('h2', {}, this.#counted(words.sources, sources.length)), list));
      }
      // Nobody judges a greeting.
      made.append(this.#acts(turn, reply.message, refused || sources.length > 0 || MARKS.own.test(text)));
      return made;
    }

    /** @param {Source} source @param {string} text */
    #source({ n, document: title, section, page, quote, url }, text) {
      const words = this.#words;
      const place = [section, page && words.page(page)].filter(Boolean).join(', ');
      const address = this.#place(url);
      const named = address
        ? element('a', { href: address, target: '_blank', rel: 'noopener' }, title, element('span', { class: 'unseen' }, ` (${words.opens})`))
        : element('span', {}, title);
      const made = element('li', {}, element('span', { class: 'n' }, String(n)), element('span', {}, named, ...(place ? [element('span', { class: 'place' }, place)] : [])));
      // Places that may help say nothing above: their words are here.
      if (!text.includes(quote)) made.append(element('blockquote', {}, quote));
      else if (!address) made.append(element('details', {}, element('summary', {}, words.quote), element('blockquote', {}, quote)));
      return made;
    }

    /** Returns where a source can be read; nothing that lies elsewhere than this server's sources. @param {string | null} url */
    #place(url) {
      try {
        const place = new URL(url ?? '', base);
        if (!url || place.origin !== base.origin || !place.pathname.startsWith(`${base.pathname}sources/`)) return '';
        place.search += `${place.search ? '&' : '?'}lang=${this.#language}`;
        return place.href;
      } catch { return ''; }
    }

    /** @param {Turn} turn @param {string} text @param {boolean} judged whether it can help or not */
    #acts(turn, text, judged) {
      const words = this.#words;
      const said = element('span', { role: 'status' });
      /** @param {boolean} helpful @param {'up' | 'down'} name @param {string} label */
      const thumb = (helpful, name, label) => button('quiet', icon(name), () => {
        turn.helpful = helpful;
        for (const [one, other] of pair) one.setAttribute('aria-pressed', String(other === helpful));
        said.textContent = words.thanks;
        this.#keep();
        if (this.#ready) this.#link.send({ type: 'feedback', id: turn.id, helpful });
        else this.#judged.push({ id: turn.id, helpful });
      }, { 'aria-label': label, title: label, 'aria-pressed': String(turn.helpful === helpful) });
      const [up, down] = [thumb(true, 'up', words.yes), thumb(false, 'down', words.no)];
      const pair = /** @type {[HTMLElement, boolean][]} */ ([[up, true], [down, false]]);
      const copying = button('quiet', icon('copy'), async () => {
        if (!await copied(text)) return;
        said.textContent = words.copied;
        setTimeout(() => { if (said.textContent === words.copied) said.textContent = ''; }, TOLD);
      });
      copying.append(element('span', {}, words.copy));
      return element('div', { class: 'acts' }, ...(judged ? [up, down] : []), copying, said);
    }
  }

  if (!customElements.get('docent-chat')) customElements.define('docent-chat', Chat);

  const mode = script?.dataset.mode ?? 'bubble';
  if (!script || mode === 'define') return;
  const chat = document.createElement('docent-chat');
  chat.setAttribute('mode', mode);
  for (const name of ['assistant', 'lang', 'theme']) {
    const value = script.dataset[name];
    if (value) chat.setAttribute(name, value);
  }
  // A tag that a page has twice must not lay one bubble over another.
  const place = () => { if (mode !== 'bubble' || !document.querySelector('docent-chat[mode=bubble]')) document.body.append(chat); };
  if (mode === 'inline' && script.closest('body')) script.after(chat);
  else if (document.body) place();
  else addEventListener('DOMContentLoaded', place);
})();
