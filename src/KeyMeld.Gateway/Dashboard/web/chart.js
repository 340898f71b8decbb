// Charts as SVG, drawn at the width they are shown at so that their text keeps its size. Each says in words what it shows; the numbers are in a table beside it.
import { svg } from './dom.js';

const margin = { top: 10, right: 6, bottom: 22, left: 58 };

/** The smallest of 1, 2, 5 times a power of ten steps that needs at most four of them. */
function scaleOf(most) {
  const raw = Math.max(most, Number.MIN_VALUE) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= raw);
  return { step, top: Math.max(step, Math.ceil(most / step) * step) };
}

function frame({ width, height, most, label, ticks, formatY, whole }) {
  const { step, top } = scaleOf(whole ? Math.max(most, 4) : Math.max(most, 1));
  const inner = { width: Math.max(10, width - margin.left - margin.right), height: height - margin.top - margin.bottom };
  const x = share => margin.left + share * inner.width;
  const y = value => margin.top + inner.height * (1 - value / top);
  const root = svg('svg', { class: 'chart', role: 'img', 'aria-label': label, viewBox: `0 0 ${width} ${height}`, width, height });
  for (let value = 0; value <= top + step / 2; value += step) {
    root.append(svg('line', { class: value === 0 ? 'axis' : 'grid', x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
      svg('text', { class: 'tick', x: margin.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, formatY(value)));
  }
  for (const { share, text } of ticks) {
    root.append(svg('text', { class: 'tick', x: x(share), y: height - 4, 'text-anchor': share < 0.05 ? 'start' : share > 0.95 ? 'end' : 'middle' }, text));
  }
  return { root, x, y, inner };
}

/** Stacked bars. `series`: [{ name, values }], bottom first; `tips`: what pointing at a bar says. */
export function bars({ series, tips, ...options }) {
  const totals = tips.map((_, index) => series.reduce((sum, { values }) => sum + values[index], 0));
  const { root, x, y, inner } = frame({ ...options, most: Math.max(...totals), whole: true });
  const [slot, gap] = [1 / tips.length, inner.width / tips.length > 5 ? 0.22 : 0.12];
  tips.forEach((tip, index) => {
    let below = 0;
    for (const { name, values } of series) {
      if (values[index] > 0) {
        root.append(svg('rect', { class: `series-${name}`, x: x(slot * (index + gap / 2)), width: inner.width * slot * (1 - gap), y: y(below + values[index]), height: Math.max(1, y(below) - y(below + values[index])), rx: 1 }));
        below += values[index];
      }
    }
    root.append(hit(x(slot * index), inner.width * slot, inner.height, tip));
  });
  return root;
}

/** Lines with gaps where there is nothing. `series`: [{ name, values }]. */
export function lines({ series, tips, ...options }) {
  const { root, x, y, inner } = frame({ ...options, most: Math.max(1, ...series.flatMap(({ values }) => values.map(value => value ?? 0))) });
  const slot = 1 / tips.length;
  for (const { name, values } of series) {
    const at = index => [x(slot * (index + 0.5)), y(values[index])];
    root.append(svg('path', { class: `line series-${name}`, d: path(values, at) }));
    values.forEach((value, index) => {
      // A minute with nothing on either side is no line yet.
      if (value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null) {
        root.append(svg('circle', { class: `point series-${name}`, cx: at(index)[0], cy: at(index)[1], r: 2.5 }));
      }
    });
  }
  tips.forEach((tip, index) => root.append(hit(x(slot * index), inner.width * slot, inner.height, tip)));
  return root;
}

/** A line without axes, beside the number it leads up to. */
export function spark(values, name) {
  const most = Math.max(...values.map(value => value ?? 0), 0) || 1;
  const at = index => [index / (values.length - 1) * 120, 29 - (values[index] / most) * 26];
  return svg('svg', { class: 'spark', viewBox: '0 0 120 32', preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
    svg('path', { class: `line series-${name}`, d: path(values, at), 'vector-effect': 'non-scaling-stroke' }));
}

const hit = (x, width, height, tip) => svg('rect', { class: 'hit', x, width, y: margin.top, height }, svg('title', null, tip));

function path(values, at) {
  let text = '';
  values.forEach((value, index) => {
    if (value !== null && value !== undefined) {
      const [x, y] = at(index);
      text += `${index === 0 || (values[index - 1] ?? null) === null ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
  });
  return text;
}
