// The rows that are selected: their number, a checkbox for all of them, and buttons that need at least one.

const form = document.getElementById('selection');
const live = document.getElementById('live');

const boxes = () => [...live.querySelectorAll('input[form="selection"]')];

/** Shows what follows from the selection, also after rows were replaced. */
export function showSelection() {
  if (form === null) return;
  const all = boxes();
  const count = all.filter((box) => box.checked).length;
  const text = count === 0 ? 'Select rows by their checkboxes. A confirmation follows.' : `${count} selected`;
  const state = document.getElementById('selected-count');
  if (state.textContent !== text) state.textContent = text;
  for (const button of form.querySelectorAll('button')) button.disabled = count === 0;
  const head = live.querySelector('thead th');
  if (head === null) return;
  let every = head.querySelector('input');
  if (every === null) {
    head.innerHTML = '<input type="checkbox" aria-label="Select all rows">';
    every = head.firstElementChild;
  }
  every.checked = count > 0 && count === all.length;
  every.indeterminate = count > 0 && count < all.length;
}

/** Selects the row, or ends its selection. */
export function toggleSelection(row) {
  const box = row.querySelector('input[form="selection"]');
  if (box === null) return;
  box.checked = !box.checked;
  showSelection();
}

if (form !== null && live !== null) {
  document.getElementById('selected-count').setAttribute('role', 'status');
  live.addEventListener('change', ({ target }) => {
    if (target.closest('thead') !== null) for (const box of boxes()) box.checked = target.checked;
    showSelection();
  });
  showSelection();
  // A page from the history may come with its checkboxes as they were.
  addEventListener('pageshow', showSelection);
}
