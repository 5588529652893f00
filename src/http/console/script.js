// Refreshes the live part of the page. Every page works without this script.

const bar = document.getElementById('refresh');
const box = document.getElementById('refresh-on');
const state = document.getElementById('refresh-state');
const STORAGE_KEY = 'refresh';

/** True while the reader has focus or a selection inside the part. */
function inUse(live) {
  const selected = document.getSelection();
  return (
    (document.activeElement !== null && live.contains(document.activeElement)) ||
    (selected !== null && !selected.isCollapsed && live.contains(selected.anchorNode))
  );
}

function replace(live, fresh) {
  const open = [...live.querySelectorAll('details[open][id]')].map(({ id }) => id);
  const scrolled = [...live.querySelectorAll('.box')].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  live.replaceChildren(...fresh.childNodes);
  showTimes(live);
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  for (const [index, one] of [...live.querySelectorAll('.box')].entries()) {
    [one.scrollLeft, one.scrollTop] = scrolled[index] ?? [0, 0];
  }
}

async function refresh() {
  const live = document.getElementById('live');
  if (live === null || document.hidden || !box.checked || inUse(live)) return;
  try {
    const response = await fetch(location.href, { headers: { accept: 'text/html' } });
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('live');
    if (!response.ok || fresh === null) throw new Error(String(response.status));
    if (box.checked && !inUse(live)) replace(live, fresh);
    // Written only on change, since screen readers announce it.
    if (state.textContent !== '') state.textContent = '';
  } catch {
    if (state.textContent === '') state.textContent = `No response since ${new Date().toISOString().slice(11, 19)} UTC`;
  }
}

/** Times are UTC until the reader chooses local time; the other one is in the tooltip. */
const localBox = document.getElementById('local-on');
const LOCAL_KEY = 'local-time';

const pad = (value, length = 2) => String(value).padStart(length, '0');

function inUtc(date) {
  return date.toISOString().replace('T', ' ').slice(0, 23);
}

function inLocal(date) {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${time}.${pad(date.getMilliseconds(), 3)}`;
}

function showTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const text = time.querySelector('span');
    if (text === null) continue;
    const date = new Date(time.dateTime);
    text.textContent = localBox.checked ? inLocal(date) : inUtc(date);
    time.title = localBox.checked ? `${inUtc(date)} UTC` : `${inLocal(date)} local time`;
  }
}

const clock = document.getElementById('clock');
if (clock !== null) {
  // The receiver's clock decides, whatever this computer's clock shows.
  const ahead = Date.parse(clock.dateTime) - Date.now();
  const tick = () => {
    const now = new Date(Date.now() + ahead);
    clock.textContent = (localBox.checked ? inLocal(now) : inUtc(now)).slice(11, 19);
  };
  const choose = () => {
    document.getElementById('zone').textContent = localBox.checked ? 'local' : 'UTC';
    showTimes(document);
    tick();
  };
  document.getElementById('local').hidden = false;
  localBox.checked = localStorage.getItem(LOCAL_KEY) === 'on';
  localBox.addEventListener('change', () => {
    localStorage.setItem(LOCAL_KEY, localBox.checked ? 'on' : 'off');
    choose();
  });
  choose();
  setInterval(tick, 1000);
}

if (bar !== null) {
  bar.hidden = false;
  box.checked = sessionStorage.getItem(STORAGE_KEY) !== 'off';
  box.addEventListener('change', () => sessionStorage.setItem(STORAGE_KEY, box.checked ? 'on' : 'off'));
  setInterval(refresh, Number(bar.dataset.seconds) * 1000);
}
