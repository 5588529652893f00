// Keeps an open page up to date: reads it again when the receiver signals a change, or at an interval where it has no signals.

import { connection, failureOf } from './connection.js';
import { inUse } from './in-use.js';
import { createSignals } from './signals.js';
import { showTimes } from './times.js';

const BEAT_MS = 1_000;
const RETRY_MS = 2_000;
const MAX_RESPONSE_MS = 10_000;
/** The largest share of the time for reading the page: one that takes long to read is read less often. */
const MAX_SHARE = 0.2;
const STORAGE_KEY = 'refresh';

const bar = document.getElementById('refresh');
const box = document.getElementById('refresh-on');

/** The texts of parts as the receiver sent them. */
const shownTexts = new WeakMap();

function replace(part, fresh) {
  shownTexts.set(part, fresh.textContent);
  const open = [...part.querySelectorAll('details[open][id]')].map(({ id }) => id);
  const scrolled = [...part.querySelectorAll('.box')].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  part.replaceChildren(...fresh.childNodes);
  showTimes(part);
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  for (const [index, one] of [...part.querySelectorAll('.box')].entries()) {
    [one.scrollLeft, one.scrollTop] = scrolled[index] ?? [0, 0];
  }
}

/** Shows the parts of a page that have changed. Returns false if one of them is in use, and is shown later. */
function showParts(page) {
  const changed = [...document.querySelectorAll('[data-live]')].filter((part) => {
    const fresh = page.getElementById(part.id);
    return fresh !== null && fresh.textContent !== shownTexts.get(part);
  });
  for (const part of changed) if (!inUse(part)) replace(part, page.getElementById(part.id));
  return !changed.some(inUse);
}

/** Resolves with the page at a URL; undefined if it cannot be read. */
async function pageAt(url) {
  try {
    const response = await fetch(url, { headers: { accept: 'text/html' } });
    return response.ok ? new DOMParser().parseFromString(await response.text(), 'text/html') : undefined;
  } catch {
    return undefined;
  }
}

/** @param list the module that updates the rows of a list; null for any other page */
function follow({ seconds, signals: query }, list) {
  const signals = query === undefined ? null : createSignals(query, stale);
  let readAt = performance.now();
  let readNotBefore = 0;
  let isReading = false;
  /** True while the page may be older than what the receiver has. */
  let isStale = false;

  function stale() {
    isStale = true;
    beat();
  }

  function isDue() {
    const sinceReadMs = performance.now() - readAt;
    if (connection.isLost) return sinceReadMs >= RETRY_MS;
    return isStale || (!signals?.isReliable && sinceReadMs >= seconds * 1000);
  }

  function beat() {
    // A browser has few connections to one host: pages in the background keep none.
    if (document.hidden || !(box.checked || connection.isLost)) return signals?.close();
    if (!connection.isLost) signals?.open();
    if (!isReading && performance.now() >= readNotBefore && isDue()) void read(list?.changesUrl() ?? location, show);
  }

  function show(page) {
    if (box.checked)
      isStale = !(list === null ? showParts(page) : list.showChanges(page.getElementById('live'))) || isStale;
  }

  async function read(url, shown) {
    const began = performance.now();
    isReading = true;
    isStale = false;
    try {
      const signal = AbortSignal.timeout(MAX_RESPONSE_MS);
      const response = await fetch(url, { headers: { accept: 'text/html' }, signal });
      const text = await response.text();
      if (!response.ok) return connection.lose(failureOf(response));
      shown(new DOMParser().parseFromString(text, 'text/html'));
      if (connection.isLost) signals?.retry();
      connection.recover();
    } catch {
      signals?.close();
      connection.lose();
    } finally {
      isReading = false;
      readAt = performance.now();
      readNotBefore = readAt + Math.max(BEAT_MS, (readAt - began) / MAX_SHARE);
    }
  }

  function loadList(page) {
    list.showList(page.getElementById('live'));
    void list.completeList(pageAt);
  }

  if (list !== null) {
    list.onLoadNew(() => void read(location, loadList));
    void list.completeList(pageAt);
  }
  document.addEventListener('visibilitychange', beat);
  addEventListener('pagehide', () => signals?.close());
  setInterval(beat, BEAT_MS);
  beat();
}

if (bar !== null) {
  bar.hidden = false;
  box.checked = localStorage.getItem(STORAGE_KEY) !== 'off';
  box.addEventListener('change', () => localStorage.setItem(STORAGE_KEY, box.checked ? 'on' : 'off'));
  // Pages without a list do not load its module.
  follow(bar.dataset, bar.dataset.rows === undefined ? null : await import('./rows.js'));
}
