// Updates the rows of a list in place, and counts new ones, which a button loads: the rows never move under the reader's hand.

import { inUse } from './in-use.js';
import { showSelection } from './selection.js';
import { showTimes } from './times.js';

const live = document.getElementById('live');

const more = document.createElement('p');
more.className = 'new-rows';
more.hidden = true;
more.innerHTML = '<button type="button" id="new-rows"></button>';

const rowsIn = (root) => [...root.querySelectorAll('tr[data-key]')];
const badgeOf = (row) => row.querySelector('.badge')?.textContent;
const boxOf = (row) => row.querySelector('input[type="checkbox"]');

/** The URL of the list's rows as they are now, from its first row on. */
export function changesUrl() {
  const url = new URL(location.href);
  url.hash = '';
  for (const name of ['done', 'count']) url.searchParams.delete(name);
  url.searchParams.set('shown', rowsIn(live)[0]?.dataset.key ?? 'none');
  return url;
}

function replaceRow(row, latest) {
  const box = boxOf(row);
  const isChecked = box?.checked;
  latest.classList.toggle('changed', badgeOf(row) !== badgeOf(latest));
  row.replaceWith(latest);
  if (isChecked && boxOf(latest)) boxOf(latest).checked = true;
}

function markGone(row) {
  if (row.classList.contains('gone')) return;
  row.classList.add('gone');
  row.cells[0].insertAdjacentHTML('beforeend', ' <small>no longer matches</small>');
}

/** Shows the changes of the rows. Returns false if a row in use has changed, which is shown later. */
export function showChanges(fresh) {
  showTimes(fresh);
  const own = new Map(rowsIn(live).map((row) => [row.dataset.key, row]));
  const latest = rowsIn(fresh);
  let isShown = true;
  for (const row of latest) {
    const shown = own.get(row.dataset.key);
    if (shown === undefined || shown.innerHTML === row.innerHTML) continue;
    if (inUse(shown)) isShown = false;
    else replaceRow(shown, document.importNode(row, true));
  }
  const keys = new Set(latest.map((row) => row.dataset.key));
  if ('whole' in fresh.dataset) for (const [key, row] of own) if (!keys.has(key)) markGone(row);
  countNew(fresh, latest, own);
  showSelection();
  return isShown;
}

/** Rows that began to match are between the others, or at the end of a list that has no more pages. */
function countNew(fresh, latest, own) {
  const isOwn = latest.map((row) => own.has(row.dataset.key));
  const end = live.querySelector('[rel="next"]') === null ? latest.length : isOwn.lastIndexOf(true);
  const between = isOwn.slice(0, end).filter((known) => !known).length;
  const count = Number(fresh.dataset.new) + between;
  const text = `${count}${'more' in fresh.dataset ? '+' : ''} new`;
  const button = more.firstElementChild;
  if (button.textContent !== text) button.textContent = text;
  more.hidden = count === 0;
}

/** Calls the listener when the reader asks for the new rows. */
export function onLoadNew(listener) {
  live.before(more);
  more.firstElementChild.addEventListener('click', listener);
}

/** Pages that are read until a list is full. */
const MAX_PAGES = 200;

/**
 * Reads on while the list is not full, since a page ends after a short time, and adds the rows.
 * @param read resolves with the page at a URL; undefined if it cannot be read
 */
export async function completeList(read) {
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const link = live.querySelector('[rel="next"][data-missing]');
    if (link === null) return;
    link.textContent = 'Searching further back …';
    const url = new URL(link.href);
    url.searchParams.set('limit', link.dataset.missing);
    const next = (await read(url))?.getElementById('live');
    if (!next || !link.isConnected) return;
    addRows(document.importNode(next, true));
  }
}

/** The next page is as long as the first one, and not as the part that was missing. */
function restoreLimit(link) {
  if (link === null) return;
  const url = new URL(link.href);
  const limit = new URL(location.href).searchParams.get('limit');
  if (limit === null) url.searchParams.delete('limit');
  else url.searchParams.set('limit', limit);
  link.href = url;
}

function addRows(next) {
  showTimes(next);
  const body = live.querySelector('tbody');
  if (body === null) live.replaceChildren(...next.childNodes);
  else {
    body.append(...rowsIn(next));
    live.querySelector('.pages').replaceWith(next.querySelector('.pages'));
  }
  restoreLimit(live.querySelector('[rel="next"]'));
  showSelection();
}

/** Replaces the list by a newer one, in which the new rows are marked and the selected ones are still selected. */
export function showList(fresh) {
  const own = new Map(rowsIn(live).map((row) => [row.dataset.key, row]));
  for (const row of rowsIn(fresh)) {
    const shown = own.get(row.dataset.key);
    if (shown === undefined) row.classList.add('fresh');
    else if (boxOf(shown)?.checked && boxOf(row)) boxOf(row).checked = true;
  }
  live.replaceChildren(...document.importNode(fresh, true).childNodes);
  showTimes(live);
  showSelection();
  more.hidden = true;
  live.tabIndex = -1;
  live.focus({ preventScroll: true });
}
