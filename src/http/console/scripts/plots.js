// Plots: values on hover and by arrow keys, zoom by dragging, and download as a picture. Pages work without this script.

const PICTURE_SCALE = 2;
/** In CSS pixels: a shorter drag is a click. */
const MIN_DRAG = 8;
/** Units of the width of one column of a plot. */
const COLUMN = 10;

document.documentElement.classList.add('scripted');

const columnsOf = (figure) => [...figure.querySelectorAll('.columns rect')];

function showValues(figure, index) {
  const columns = columnsOf(figure);
  const column = columns[Math.min(Math.max(index, 0), columns.length - 1)];
  if (column === undefined) return;
  figure.querySelector('.chosen')?.classList.remove('chosen');
  column.classList.add('chosen');
  figure.querySelector('.values').textContent = column.querySelector('title').textContent;
}

/** The place of a pointer along the axis, from 0 to 1. */
function shareAt(figure, clientX) {
  const { left, width } = figure.querySelector('svg.plot').getBoundingClientRect();
  return Math.min(Math.max((clientX - left) / width, 0), 1);
}

function zoom(figure, one, other) {
  const [from, to] = [Number(figure.dataset.from), Number(figure.dataset.to)];
  const [begin, end] = [Math.min(one, other), Math.max(one, other)];
  const at = (share) => new Date(Math.round((from + share * (to - from)) / 1000) * 1000).toISOString();
  if (at(begin) === at(end)) return;
  const page = figure.querySelector('a.zoom')?.href ?? location.pathname;
  location.assign(`${page}?${new URLSearchParams({ from: at(begin), to: at(end) })}`);
}

function mark(figure, one, other) {
  const width = columnsOf(figure).length * COLUMN;
  const [begin, end] = [Math.min(one, other) * width, Math.max(one, other) * width];
  let selection = figure.querySelector('.selection');
  if (selection === null) {
    selection = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    selection.classList.add('selection');
    figure.querySelector('.area').append(selection);
  }
  selection.setAttribute('d', `M${begin} 0H${end}V100H${begin}z`);
}

let drag = null;

function figureAt(target) {
  return target instanceof Element ? (target.closest('svg.plot')?.closest('figure') ?? null) : null;
}

document.addEventListener('pointerdown', (event) => {
  const figure = figureAt(event.target);
  if (figure === null || event.button !== 0 || figure.dataset.from === undefined) return;
  drag = { figure, clientX: event.clientX, begin: shareAt(figure, event.clientX) };
  // Otherwise the drag would select the texts of the page.
  event.preventDefault();
});

document.addEventListener('pointermove', (event) => {
  const figure = drag?.figure ?? figureAt(event.target);
  if (figure === null) return;
  const share = shareAt(figure, event.clientX);
  showValues(figure, Math.floor(share * columnsOf(figure).length));
  if (drag !== null) mark(figure, drag.begin, share);
});

function endDrag() {
  drag?.figure.querySelector('.selection')?.remove();
  drag = null;
}

document.addEventListener('pointerup', (event) => {
  if (drag === null) return;
  const { figure, clientX, begin } = drag;
  endDrag();
  if (Math.abs(event.clientX - clientX) >= MIN_DRAG) zoom(figure, begin, shareAt(figure, event.clientX));
});
document.addEventListener('pointercancel', endDrag);

/** Arrow keys walk along the columns; with shift they select, and Enter zooms into the selection. */
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') endDrag();
  const figure = figureAt(event.target);
  if (figure === null) return;
  const columns = columnsOf(figure);
  const chosen = columns.findIndex((column) => column.classList.contains('chosen'));
  const next = {
    ArrowLeft: chosen === -1 ? columns.length - 1 : chosen - 1,
    ArrowRight: chosen + 1,
    Home: 0,
    End: columns.length - 1,
  }[event.key];
  const selected = figure.dataset.selected === undefined ? chosen : Number(figure.dataset.selected);
  const ends = [Math.min(selected, chosen) / columns.length, (Math.max(selected, chosen) + 1) / columns.length];
  if (event.key === 'Enter' && figure.dataset.from !== undefined && chosen !== -1) zoom(figure, ...ends);
  if (next === undefined) return;
  event.preventDefault();
  showValues(figure, next);
  if (!event.shiftKey || figure.dataset.from === undefined) {
    figure.querySelector('.selection')?.remove();
    delete figure.dataset.selected;
    return;
  }
  figure.dataset.selected ??= String(Math.max(chosen, 0));
  const at = Math.min(Math.max(next, 0), columns.length - 1);
  const from = Number(figure.dataset.selected);
  mark(figure, Math.min(from, at) / columns.length, (Math.max(from, at) + 1) / columns.length);
});

function draw(context, shape, box) {
  const style = getComputedStyle(shape);
  const { a, b, c, d, e, f } = shape.getScreenCTM();
  const path = new Path2D();
  path.addPath(new Path2D(shape.getAttribute('d')), new DOMMatrix([a, b, c, d, e - box.left, f - box.top]));
  if (style.fill !== 'none') {
    context.fillStyle = style.fill;
    context.fill(path);
  }
  if (style.stroke === 'none') return;
  context.strokeStyle = style.stroke;
  context.lineWidth = Number.parseFloat(style.strokeWidth);
  context.setLineDash(
    style.strokeDasharray === 'none' ? [] : style.strokeDasharray.split(/[ ,]+/).map(Number.parseFloat),
  );
  context.stroke(path);
}

function write(context, text, box) {
  const style = getComputedStyle(text);
  const { left, top, height } = text.getBoundingClientRect();
  const place = [text.textContent.trim(), left - box.left, top - box.top + height / 2];
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.textBaseline = 'middle';
  if (text instanceof SVGElement) {
    context.setLineDash([]);
    context.strokeStyle = style.stroke;
    context.lineWidth = Number.parseFloat(style.strokeWidth);
    context.strokeText(...place);
  }
  context.fillStyle = text instanceof SVGElement ? style.fill : style.color;
  context.fillText(...place);
}

/** Draws the figure as the page shows it, without its buttons. */
function pictureOf(figure) {
  const margin = 12;
  const { left, top, width } = figure.getBoundingClientRect();
  const height = figure.querySelector('svg.plot').getBoundingClientRect().bottom - top;
  const canvas = document.createElement('canvas');
  canvas.width = (width + 2 * margin) * PICTURE_SCALE;
  canvas.height = (height + 2 * margin) * PICTURE_SCALE;
  const context = canvas.getContext('2d');
  context.scale(PICTURE_SCALE, PICTURE_SCALE);
  context.fillStyle = getComputedStyle(document.body).backgroundColor;
  context.fillRect(0, 0, width + 2 * margin, height + 2 * margin);
  const box = { left: left - margin, top: top - margin };
  for (const shape of figure.querySelectorAll('path')) draw(context, shape, box);
  for (const text of figure.querySelectorAll('svg.plot text, h3, .legend li')) write(context, text, box);
  return canvas;
}

document.addEventListener('click', (event) => {
  const figure = event.target.closest?.('button.picture')?.closest('figure');
  if (!figure) return;
  const link = document.createElement('a');
  link.href = pictureOf(figure).toDataURL('image/png');
  link.download = `${figure.dataset.file}.png`;
  link.click();
});

/** Lets the keyboard reach the plots, also those that a refresh brings. */
function reach() {
  for (const plot of document.querySelectorAll('svg.plot:not([tabindex])')) plot.setAttribute('tabindex', '0');
}
reach();
const live = document.getElementById('live');
if (live !== null) new MutationObserver(reach).observe(live, { childList: true });
