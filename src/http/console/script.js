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
    if (state.textContent === '') state.textContent = `No response since ${new Date().toISOString().slice(11, 19)}`;
  }
}

if (bar !== null) {
  bar.hidden = false;
  box.checked = sessionStorage.getItem(STORAGE_KEY) !== 'off';
  box.addEventListener('change', () => sessionStorage.setItem(STORAGE_KEY, box.checked ? 'on' : 'off'));
  setInterval(refresh, Number(bar.dataset.seconds) * 1000);
}
