// The list of keys, with the choice to turn single keys off. It is loaded when it is asked for.

const dialog = document.createElement('dialog');
dialog.setAttribute('aria-labelledby', 'keys');

function line(key, text) {
  const [group, term, description] = ['div', 'dt', 'dd'].map((name) => document.createElement(name));
  for (const part of key.split(' ')) {
    term.append(Object.assign(document.createElement('kbd'), { textContent: part }), ' ');
  }
  description.textContent = text;
  group.append(term, description);
  return group;
}

function fill(actions, places, storageKey) {
  dialog.innerHTML = `<h2 id="keys">Keys</h2><dl class="keys"></dl>
<p><label><input type="checkbox" id="keys-on"> Use single keys</label></p>
<form method="dialog"><button type="submit">Close</button></form>`;
  dialog
    .querySelector('dl')
    .append(
      ...actions.map(([key, text]) => line(key, text)),
      line('Enter', 'open the row'),
      ...Object.entries(places).map(([key, name]) => line(`g ${key}`, `go to ${name}`)),
    );
  const box = dialog.querySelector('#keys-on');
  box.checked = localStorage.getItem(storageKey) !== 'off';
  box.addEventListener('change', () => localStorage.setItem(storageKey, box.checked ? 'on' : 'off'));
  document.body.append(dialog);
}

/** @param actions pairs of a key and what it does; @param places pages by the key after `g` */
export function showDialog(actions, places, storageKey) {
  if (!dialog.isConnected) fill(actions, places, storageKey);
  dialog.showModal();
}
