// The chat page: one socket, one selection, questions in order. Whatever comes from documents is put in as text.
const find = (id) => document.getElementById(id);
const [list, about, log, state, form, box] = ['assistants', 'about', 'log', 'state', 'ask', 'question'].map(find);
const address = new URL('ws/assistant', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
let socket, assistants = [], chosen = Number(sessionStorage.getItem('assistant')) || 0, tries = 0, ready = false;
const unsent = [], waiting = [];

function add(text, kind) {
  const item = document.createElement('article');
  item.className = kind;
  item.textContent = text;
  log.append(item);
  log.scrollTop = log.scrollHeight;
  return item;
}

function select() {
  const found = assistants.find((one) => one.id === chosen) ?? assistants[0];
  if (!found) return;
  chosen = found.id;
  sessionStorage.setItem('assistant', chosen);
  list.value = chosen;
  about.textContent = found.description;
  ready = false;
  socket.send(JSON.stringify({ type: 'select_assistant', assistant_id: chosen }));
}

function flush() {
  while (ready && unsent.length) {
    const text = unsent.shift();
    waiting.push({ text, item: add('…', 'waiting') });
    socket.send(JSON.stringify({ type: 'question', question: text }));
  }
}

function receive({ data }) {
  const message = JSON.parse(data);
  if (message.type === 'assistant_list') {
    assistants = message.assistants;
    list.replaceChildren(...assistants.map((one) => new Option(one.name, one.id)));
    return select();
  }
  if (message.type === 'success' || !waiting.length) {
    ready = message.type === 'success';
    state.textContent = message.message;
    return flush();
  }
  const { item } = waiting.shift();
  item.className = message.type;
  item.textContent = message.message;
  log.scrollTop = log.scrollHeight;
}

function connect() {
  socket = new WebSocket(address);
  socket.onopen = () => { tries = 0; socket.send('{"type":"get_assistants"}'); };
  socket.onmessage = receive;
  socket.onclose = () => {
    ready = false;
    // What was asked and not answered is asked again after the reconnect.
    for (const { text, item } of waiting.splice(0).reverse()) { item.remove(); unsent.unshift(text); }
    state.textContent = 'Нет связи, подключаюсь снова…';
    tries += 1;
    setTimeout(connect, Math.random() * Math.min(30000, 500 * 2 ** tries));
  };
}

list.addEventListener('change', () => { chosen = Number(list.value); if (socket.readyState === 1) select(); });
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = box.value.trim();
  if (!text) return box.focus();
  add(text, 'mine');
  box.value = '';
  unsent.push(text);
  flush();
});
box.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
});
connect();
