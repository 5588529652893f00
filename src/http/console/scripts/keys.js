// Every function by keyboard: single keys, which the reader can turn off, and a list of them on `?`.

const STORAGE_KEY = 'keys';

const PLACES = {
  o: 'Overview',
  i: 'Incidents',
  t: 'Actions',
  e: 'Executions',
  n: 'Notifications',
  c: 'Callbacks',
  a: 'Activity',
  d: 'API',
};

const rows = () => [...document.querySelectorAll('#live tbody tr')];
const click = (selector) => document.querySelector(selector)?.click();

/** The row with the focus, or the last one that had it. */
let current = null;

function moveTo(row) {
  if (row === undefined) return;
  current = row.dataset.key ?? null;
  (row.querySelector('th a') ?? row.querySelector('a, input'))?.focus();
}

function indexOfCurrent() {
  const focused = document.activeElement?.closest?.('tbody tr');
  return rows().findIndex((row) => row === focused || (focused === null && row.dataset.key === current));
}

function moveBy(step) {
  const all = rows();
  const at = indexOfCurrent();
  moveTo(at === -1 ? all[0] : all[Math.min(Math.max(at + step, 0), all.length - 1)]);
}

const ACTIONS = [
  ['?', 'show this list', showKeys],
  ['/', 'go to the first filter', () => document.querySelector('.search input')?.focus()],
  ['j', 'next row', () => moveBy(1)],
  ['k', 'previous row', () => moveBy(-1)],
  ['x', 'select the row', selectRow],
  [
    's',
    'go to the actions on selected rows',
    () => document.querySelector('#selection button:not(:disabled)')?.focus(),
  ],
  ['u', 'load new rows', () => click('.new-rows:not([hidden]) button')],
  ['r', 'update automatically, or not', () => click('#refresh:not([hidden]) #refresh-on')],
  ['t', 'local time, or UTC', () => click('#local-on')],
  ['>', 'next page', () => click('[rel="next"]')],
  ['<', 'first page', () => click('[rel="first"]')],
];

async function showKeys() {
  const { showDialog } = await import('./keys-dialog.js');
  showDialog(ACTIONS, PLACES, STORAGE_KEY);
}

async function selectRow() {
  const row = rows()[indexOfCurrent()];
  if (row !== undefined) (await import('./selection.js')).toggleSelection(row);
}

/** Speech and some keyboards type single keys by accident (WCAG 2.1.4). `?` stays, so that the keys can be turned on again. */
function areOn() {
  return localStorage.getItem(STORAGE_KEY) !== 'off';
}

let isGoing = false;

function goTo(key) {
  const link = [...document.querySelectorAll('nav[aria-label="Pages"] a')].find(
    (one) => one.textContent === PLACES[key],
  );
  link?.click();
}

function isTyping({ target }) {
  return target.closest?.('input:not([type="checkbox"]), select, textarea, dialog[open]') !== null;
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || isTyping(event)) return;
  const { key } = event;
  if (key !== '?' && !areOn()) return;
  const wasGoing = isGoing;
  isGoing = key === 'g' && !wasGoing;
  if (wasGoing) return goTo(key);
  const action = ACTIONS.find(([own]) => own === key);
  if (action === undefined) return;
  event.preventDefault();
  void action[2]();
});

const button = document.getElementById('show-keys');
button.hidden = false;
button.addEventListener('click', () => void showKeys());
