// Fetches the page again every so often and puts its live part in the place of the old one. Everything works without it.

const bar = document.getElementById('refresh');
const box = document.getElementById('refresh-on');
const state = document.getElementById('refresh-state');
const REMEMBERED = 'refresh';

/** Whether taking this part away would take something from under the hands of its reader. */
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
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('live');
    if (!answer.ok || fresh === null) throw new Error(String(answer.status));
    if (box.checked && !inUse(live)) replace(live, fresh);
    // Said once, not every few seconds: screen readers read it out.
    if (state.textContent !== '') state.textContent = '';
  } catch {
    if (state.textContent === '') state.textContent = `Not reached since ${new Date().toISOString().slice(11, 19)}`;
  }
}

if (bar !== null) {
  bar.hidden = false;
  box.checked = sessionStorage.getItem(REMEMBERED) !== 'off';
  box.addEventListener('change', () => sessionStorage.setItem(REMEMBERED, box.checked ? 'on' : 'off'));
  setInterval(refresh, Number(bar.dataset.seconds) * 1000);
}
