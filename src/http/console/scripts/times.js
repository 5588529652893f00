// Times are UTC until the reader chooses local time; the other one is in the tooltip. The clock shows the receiver's time.

const box = document.getElementById('local-on');
const STORAGE_KEY = 'local-time';

const pad = (value, length = 2) => String(value).padStart(length, '0');

function inUtc(date) {
  return date.toISOString().replace('T', ' ').slice(0, 23);
}

function inLocal(date) {
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${time}.${pad(date.getMilliseconds(), 3)}`;
}

/** Shows the times of a part of the page as the reader chose. */
export function showTimes(root) {
  for (const time of root.querySelectorAll('time')) {
    const text = time.querySelector('span');
    if (text === null) continue;
    const date = new Date(time.dateTime);
    // To the second where the page shows no more.
    text.textContent = (box.checked ? inLocal(date) : inUtc(date)).slice(0, text.textContent.length);
    time.title = box.checked ? `${inUtc(date)} UTC` : `${inLocal(date)} local time`;
  }
}

const clock = document.getElementById('clock');
// The receiver's clock decides, whatever this computer's clock shows.
const ahead = clock === null ? 0 : Date.parse(clock.dateTime) - Date.now();

/** Returns the receiver's time, as the reader chose. */
export function timeNow() {
  const now = new Date(Date.now() + ahead);
  return box?.checked ? `${inLocal(now).slice(11, 19)} local time` : `${inUtc(now).slice(11, 19)} UTC`;
}

if (clock !== null) {
  const tick = () => {
    clock.textContent = timeNow().slice(0, 8);
  };
  const choose = () => {
    document.getElementById('zone').textContent = box.checked ? 'local' : 'UTC';
    showTimes(document);
    tick();
  };
  document.getElementById('local').hidden = false;
  box.checked = localStorage.getItem(STORAGE_KEY) === 'on';
  box.addEventListener('change', () => {
    localStorage.setItem(STORAGE_KEY, box.checked ? 'on' : 'off');
    choose();
  });
  choose();
  setInterval(tick, 1000);
}
