import { bars, lines } from './chart.js';
import { el, show } from './dom.js';
import { clock, count, milliseconds, plural } from './format.js';
import { nameOf } from './steps.js';

const minuteAt = (hour, index) => hour.start + index * hour.seconds_each * 1000;
const sum = (minutes, name) => minutes.reduce((total, minute) => total + minute[name], 0);
const ticks = hour => [0, 15, 30, 45, 60].map(minute => ({ share: minute / 60, text: minute === 60 ? 'now' : clock(minuteAt(hour, minute)) }));
const key = (name, text) => el('li', null, el('span', { class: `swatch series-${name}`, 'aria-hidden': 'true' }), text);

function throughput(hour, width) {
  const { minutes } = hour;
  const busiest = minutes.reduce((best, minute, index) => (minute.signed > minutes[best].signed ? index : best), 0);
  const signed = sum(minutes, 'signed');
  const label = signed === 0 ? 'Signings a minute over the last hour: none was signed.'
    : `Signings a minute over the last hour: ${plural(signed, 'was', 'were')} signed, most at ${clock(minuteAt(hour, busiest))} with ${count(minutes[busiest].signed)}; ${count(sum(minutes, 'failed'))} failed, ${count(sum(minutes, 'declined'))} declined.`;
  return el('figure', { class: 'card figure' },
    el('figcaption', null, el('h3', null, 'Signings a minute'), el('ul', { class: 'legend' }, key('signed', 'signed'), key('declined', 'declined'), key('failed', 'failed'))),
    bars({
      width, height: 190, label, ticks: ticks(hour), formatY: count,
      series: ['signed', 'declined', 'failed'].map(name => ({ name, values: minutes.map(minute => minute[name]) })),
      tips: minutes.map((minute, index) => `${clock(minuteAt(hour, index))}: ${minute.signed} signed, ${minute.declined} declined, ${minute.failed} failed`),
    }));
}

function latency(hour, width) {
  const { minutes, total } = hour;
  const label = total ? `Time to sign over the last hour: half took up to ${milliseconds(total.p50)}, 99 of 100 up to ${milliseconds(total.p99)}, the longest ${milliseconds(total.longest)}.`
    : 'Time to sign over the last hour: nothing was signed.';
  return el('figure', { class: 'card figure' },
    el('figcaption', null, el('h3', null, 'Time to sign'), el('ul', { class: 'legend' }, key('p50', 'half, up to'), key('p99', '99 of 100, up to'))),
    lines({
      width, height: 190, label, ticks: ticks(hour), formatY: value => (value >= 1000 ? `${value / 1000} s` : `${value} ms`),
      series: ['p50', 'p99'].map(name => ({ name, values: minutes.map(minute => minute[name] ?? null) })),
      tips: minutes.map((minute, index) => `${clock(minuteAt(hour, index))}: ${minute.p50 === undefined ? 'nothing signed' : `half up to ${milliseconds(minute.p50)}, 99 of 100 up to ${milliseconds(minute.p99)}`}`),
    }));
}

function minutesTable(hour) {
  const rows = hour.minutes.map((minute, index) => ({ ...minute, at: minuteAt(hour, index) })).filter(minute => minute.signed + minute.failed + minute.declined + minute.key_signatures > 0).reverse();
  return el('details', { class: 'card numbers' }, el('summary', null, 'The charts’ numbers'), rows.length === 0 ? el('p', { class: 'empty' }, 'Nothing happened in the last hour.')
    : el('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Numbers by minute' }, el('table', { class: 'plain' }, el('caption', null, 'Minutes in which something happened, newest first'),
      el('thead', null, el('tr', null, ['Minute', 'Signed', 'Declined', 'Failed', 'With own keys', 'Half, up to', '99 of 100, up to'].map(name => el('th', { scope: 'col' }, name)))),
      el('tbody', null, rows.map(minute => el('tr', null, el('th', { scope: 'row' }, clock(minute.at)),
        [minute.signed, minute.declined, minute.failed, minute.key_signatures].map(value => el('td', null, count(value))), [minute.p50, minute.p99].map(value => el('td', null, milliseconds(value)))))))));
}

function stepsTable({ steps }) {
  const most = Math.max(...steps.map(({ latency: { p50 } }) => p50), Number.MIN_VALUE);
  return el('div', { class: 'card table-card' }, el('h3', null, 'Where the time goes'), steps.length === 0 ? el('p', { class: 'empty' }, 'No signing went through its steps in the last hour.')
    : el('table', { class: 'plain where' }, el('caption', null, 'Steps of the last hour’s signings'),
      el('thead', null, el('tr', null, ['Step', 'Half, up to', '99 of 100', 'Times'].map(name => el('th', { scope: 'col' }, name)))),
      el('tbody', null, steps.map(({ step, latency: { count: times, p50, p99 } }) => el('tr', null,
        el('th', { scope: 'row' }, nameOf(step)),
        el('td', null, el('meter', { min: 0, max: most, value: p50, 'aria-hidden': 'true' }), el('span', null, milliseconds(p50))), el('td', null, milliseconds(p99)), el('td', null, count(times)))))));
}

export function showHour(root, hour, gateway) {
  const wide = root.clientWidth || 900;
  const width = Math.max(260, Math.floor(wide >= 900 ? (wide - 16) / 2 : wide) - 34);
  show(root, el('h2', { id: 'hour-title' }, 'Last hour'),
    gateway.shared ? el('p', { class: 'muted note' }, 'What this gateway drove since it started. Other gateways of this database show their own.') : null,
    el('div', { class: 'figures' }, throughput(hour, width), latency(hour, width)),
    el('div', { class: 'hour-more' }, stepsTable(hour), minutesTable(hour)));
}
