// Comfort for the keeper's desk: times of this place, progress that moves, a form that says what it does. All works without.
'use strict';

(() => {
  const language = document.documentElement.lang;

  for (const time of document.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) {
      time.title = time.textContent ?? '';
      time.textContent = at.toLocaleString(language === 'en' ? 'en-GB' : language, { dateStyle: 'short', timeStyle: 'short' });
    }
  }

  /** How often one looks how far reading is, in milliseconds: while it goes on, and while nothing happens. */
  const SOON = 700;
  const LATER = 2_000;
  const reading = document.getElementById('reading');
  const look = async () => {
    let next = LATER;
    if (document.visibilityState === 'visible' && reading) {
      try {
        const response = await fetch('progress', { cache: 'no-store' });
        if (!response.ok) return;
        /** @type {{ generation: number, reading: boolean, done: number, of: number }} */
        const now = await response.json();
        // What is shown is of another state of the library.
        if (String(now.generation) !== reading.dataset.generation && !now.reading) return location.reload();
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
        // A server that restarts is asked again.
      }
    }
    setTimeout(look, next);
  };
  if (reading) setTimeout(look, reading.hidden ? LATER : SOON);

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
