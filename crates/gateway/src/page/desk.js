// Comfort for the keeper's desk: times of this place, progress that moves, a form that says what it does. All works without.
'use strict';

(() => {
  const language = document.documentElement.lang;

  /** Writes the moments of a page in the time of this place. */
  const localise = () => {
    for (const time of document.querySelectorAll('time')) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.valueOf())) continue;
      time.title = time.textContent ?? '';
      time.textContent = at.toLocaleString(language === 'en' ? 'en-GB' : language, { dateStyle: 'short', timeStyle: 'short' });
    }
  };
  localise();

  /** How often one looks how far reading is, in milliseconds: while it goes on, and while nothing happens. */
  const SOON = 700;
  const LATER = 2_000;
  const part = () => document.getElementById('reading');
  const filter = () => /** @type {HTMLInputElement | null} */ (document.getElementById('find'));

  /** Brings the page anew and leaves alone what somebody types on it. */
  const renew = async () => {
    const response = await fetch(location.href, { cache: 'no-store' });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    const [now, new_] = [document.querySelector('main'), fresh.querySelector('main')];
    // Signed out meanwhile: the whole page is another.
    if (!now || !new_ || !fresh.getElementById('reading')) return location.reload();
    const [typed, typing] = [filter(), document.activeElement === filter()];
    const open = new Set([...now.querySelectorAll('details[open]')].map((one) => one.textContent));
    now.replaceChildren(...new_.childNodes);
    for (const one of now.querySelectorAll('details')) one.open ||= open.has(one.textContent);
    const place = filter();
    if (typed && place) {
      // The field itself stays, with its cursor.
      place.replaceWith(typed);
      if (typing) typed.focus();
    }
    localise();
  };

  const look = async () => {
    let next = LATER;
    const reading = part();
    if (document.visibilityState === 'visible' && reading) {
      try {
        const response = await fetch('progress', { cache: 'no-store' });
        if (!response.ok) throw new Error(response.statusText);
        /** @type {{ generation: number, reading: boolean, done: number, of: number }} */
        const now = await response.json();
        // What is shown is of another state of the library.
        if (String(now.generation) !== reading.dataset.generation && !now.reading) await renew();
        reading.hidden = !now.reading;
        const text = (reading.dataset.text ?? '').replace('{done}', String(now.done)).replace('{of}', String(now.of));
        const said = reading.querySelector('p');
        const bar = reading.querySelector('progress');
        if (said && said.textContent !== text) said.textContent = text;
        if (bar) {
          bar.max = Math.max(now.of, 1);
          bar.value = now.done;
          bar.setAttribute('aria-label', text);
        }
        if (now.reading) next = SOON;
      } catch {
        // A server that restarts or refuses once is asked again.
      }
    }
    setTimeout(look, next);
  };
  if (part()) setTimeout(look, part()?.hidden ? LATER : SOON);

  for (const form of document.querySelectorAll('form')) {
    const busy = form.querySelector('.busy');
    const button = form.querySelector('button');
    form.addEventListener('submit', (event) => {
      const file = /** @type {HTMLInputElement | null} */ (form.querySelector('input[type=file]'))?.files?.[0];
      if (busy && file && file.size > Number(form.dataset.most)) {
        event.preventDefault();
        busy.textContent = form.dataset.tooBig ?? '';
        return;
      }
      if (form.method !== 'post') return;
      if (busy) {
        busy.textContent = form.dataset.sending ?? '';
        setTimeout(() => { busy.textContent = form.dataset.checking ?? ''; }, 1_500);
      }
      // After the browser has gathered what it sends; a second press would send it twice.
      setTimeout(() => { if (button) button.disabled = true; });
    });
  }
  // A page that comes back from the history is as it was left.
  addEventListener('pageshow', (event) => {
    if (event.persisted) for (const button of document.querySelectorAll('button')) button.disabled = false;
  });

  const question = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('question'));
  question?.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      question.form?.requestSubmit();
    }
  });
})();
