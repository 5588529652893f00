// Search, folding and "try it" of the API page, which is complete without this script. It requests this receiver only.

const MAX_SHOWN_CHARS = 200_000;

/** The receiver may be served below a path. */
const BASE = location.pathname.replace(/\/docs\/?$/, '');

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Opens the operation that the address names. */
function openTarget() {
  document.getElementById(location.hash.slice(1))?.closest('details')?.setAttribute('open', '');
}
addEventListener('hashchange', openTarget);
openTarget();

const articles = [...document.querySelectorAll('main article, main section section')];
const operations = articles.filter(({ tagName }) => tagName === 'ARTICLE');

/** Of an operation: its name, path, summary and description, because its tables mention much else. Of a schema: everything. */
function searchedText(article) {
  const parts = article.querySelectorAll('summary:has(h3), details > p');
  const texts = parts.length === 0 ? [article] : [...parts];
  return [article.getAttribute('aria-labelledby'), ...texts.map(({ textContent }) => textContent)]
    .join(' ')
    .toLowerCase();
}
const texts = new Map(articles.map((one) => [one, searchedText(one)]));

function showMatches(search, count) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (article) => words.every((word) => texts.get(article).includes(word));
  for (const article of articles) article.hidden = !matches(article);
  for (const link of document.querySelectorAll('.contents a')) {
    link.parentElement.hidden = document.getElementById(link.hash.slice(1))?.closest('article')?.hidden ?? false;
  }
  // A part without a match would stand between the matches.
  for (const part of document.querySelectorAll('main > section')) {
    part.hidden = words.length > 0 && articles.every((article) => article.hidden || !part.contains(article));
  }
  for (const link of document.querySelectorAll('nav h2 a')) {
    link.parentElement.hidden = document.getElementById(link.hash.slice(1))?.closest('section').hidden ?? false;
  }
  const found = operations.filter(({ hidden }) => !hidden).length;
  count.textContent = words.length === 0 ? '' : `${found} of ${operations.length} operations`;
}

/** Opens the first operation that the search shows. */
function openFirst() {
  const first = operations.find(({ hidden }) => !hidden);
  first?.querySelector('details').setAttribute('open', '');
  first?.querySelector('summary').focus();
}

function onEnter(input, act) {
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    // The rest of the key press would act on what gets the focus.
    event.preventDefault();
    act();
  });
}

function tools() {
  const count = element('output');
  const search = element('input', { type: 'search', id: 'search', autocomplete: 'off', spellcheck: false });
  search.addEventListener('input', () => showMatches(search.value, count));
  onEnter(search, openFirst);
  const fold = element('button', { type: 'button' }, 'Open all');
  fold.addEventListener('click', () => {
    const isOpening = fold.textContent === 'Open all';
    for (const one of document.querySelectorAll('article > details')) one.open = isOpening;
    fold.textContent = isOpening ? 'Fold all' : 'Open all';
  });
  const key = element('input', { type: 'password', id: 'key', autocomplete: 'off', spellcheck: false });
  const labelled = (text, input) => element('p', {}, element('label', { htmlFor: input.id }, text), input);
  const made = element('search', { className: 'tools' });
  made.append(labelled('Search', search), labelled('Your key, for “Try it”', key), fold, count);
  document.querySelector('#main').prepend(made);
  return key;
}

const key = tools();
/** What needs the key: the form that does may be far below. */
const needs = element('small');
key.parentElement.append(needs);

/** Leads back to the form that needed the key. */
let returnFromKey = () => {};
onEnter(key, () => returnFromKey());

function askForKey(operationId, send) {
  needs.textContent = `${operationId} needs it. Enter leads back there.`;
  returnFromKey = () => send.focus();
  key.focus();
}

let loading = null;
function loadDocument() {
  loading ??= fetch(`${BASE}/openapi.json`, { credentials: 'omit' }).then((response) => response.json());
  return loading;
}

function resolved(description, value) {
  if (value?.$ref === undefined) return value;
  const [, , kind, name] = value.$ref.split('/');
  return description.components[kind][name];
}

function fieldOf(operationId, { name, in: place, required = false, example }) {
  const input = element('input', { id: `${operationId}-${name}`, required, autocomplete: 'off', spellcheck: false });
  input.placeholder = example === undefined ? '' : String(example);
  const label = element('label', { htmlFor: input.id }, `${name} (${place}${required ? ', required' : ''})`);
  return { name, place, input, line: element('p', {}, label, input) };
}

function bodyField(operationId, requestBody) {
  const [[type, media] = []] = Object.entries(requestBody?.content ?? {});
  if (type === undefined) return null;
  const [example] = Object.values(media.examples ?? {});
  const input = element('textarea', { id: `${operationId}-body`, rows: 8, spellcheck: false });
  input.value = example === undefined || requestBody.required !== true ? '' : JSON.stringify(example.value, null, 2);
  return { type, input, line: element('p', {}, element('label', { htmlFor: input.id }, `Body (${type})`), input) };
}

/** Keeps the digits of numbers that a double cannot hold. */
function readable(text, type) {
  if (!type.includes('json') || /\d{16}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function showResponse(response, status, shown) {
  const type = response.headers.get('content-type') ?? '';
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join('');
  status.textContent = `Response: ${response.status} ${response.statusText}`;
  shown.textContent = headers;
  if (response.body === null) return;
  let text = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    // A stream does not end by itself.
    if (type.includes('event-stream')) shown.textContent = `${headers}\n${text}`;
    if (text.length < MAX_SHOWN_CHARS) continue;
    status.textContent += `, cut after ${MAX_SHOWN_CHARS.toLocaleString('en')} characters`;
    await reader.cancel();
    break;
  }
  shown.textContent = `${headers}\n${readable(text, type)}`;
}

function requestOf({ method, path, fields, body, needsKey }) {
  const at = (place) => fields.filter((field) => field.place === place && field.input.value !== '');
  const target = at('path').reduce(
    (text, { name, input }) => text.replace(`{${name}}`, encodeURIComponent(input.value)),
    path,
  );
  const query = new URLSearchParams(at('query').map(({ name, input }) => [name, input.value]));
  const headers = new Headers(at('header').map(({ name, input }) => [name, input.value]));
  if (needsKey) headers.set('authorization', `Bearer ${key.value}`);
  const hasBody = body !== null && body.input.value !== '';
  if (hasBody) headers.set('content-type', body.type);
  return {
    url: `${BASE}${target}${query.size === 0 ? '' : `?${query}`}`,
    // Only the key counts, not the session of an operator.
    init: {
      method: method.toUpperCase(),
      headers,
      credentials: 'omit',
      cache: 'no-store',
      ...(hasBody ? { body: body.input.value } : {}),
    },
  };
}

function formFor(description, { method, path, operationId }) {
  const { parameters = [], requestBody, security = [] } = description.paths[path][method];
  const fields = parameters.map((one) => fieldOf(operationId, resolved(description, one)));
  const body = bodyField(operationId, requestBody);
  const needsKey = security.length > 0;
  const send = element('button', { type: 'submit' }, method === 'get' ? 'Send' : 'Send: this is carried out');
  const stop = element('button', { type: 'button', hidden: true }, 'Stop');
  const status = element('p', { role: 'status' });
  const shown = element('pre', { tabIndex: 0 });
  shown.setAttribute('aria-label', `Response to ${operationId}`);
  const form = element('form', { className: 'try' }, ...fields.map(({ line }) => line));
  form.append(...(body === null ? [] : [body.line]), send, stop, status, shown);

  async function run() {
    const end = new AbortController();
    stop.onclick = () => end.abort();
    stop.hidden = false;
    send.disabled = true;
    status.textContent = 'Waiting for the response';
    shown.textContent = '';
    try {
      const { url, init } = requestOf({ method, path, fields, body, needsKey });
      await showResponse(await fetch(url, { ...init, signal: end.signal }), status, shown);
    } catch (error) {
      status.textContent = end.signal.aborted ? 'Stopped' : `No response: ${error.message}`;
    } finally {
      stop.hidden = true;
      send.disabled = false;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!needsKey || key.value !== '') return void run();
    status.textContent = 'This operation needs your key: enter it at the top of the page.';
    askForKey(operationId, send);
  });
  return form;
}

for (const article of document.querySelectorAll('article[data-path]')) {
  const { method, path } = article.dataset;
  const operationId = article.getAttribute('aria-labelledby');
  const open = element('button', { type: 'button' }, 'Try it');
  open.setAttribute('aria-label', `Try ${operationId}`);
  open.addEventListener('click', async () => {
    open.disabled = true;
    try {
      open.replaceWith(formFor(await loadDocument(), { method, path, operationId }));
    } catch (error) {
      loading = null;
      open.disabled = false;
      open.textContent = `Try it again: ${error.message}`;
    }
  });
  article.querySelector('details').append(open);
}
