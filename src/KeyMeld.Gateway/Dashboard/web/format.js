// Numbers and times as people read them. Times are the gateway's: the page knows how far its own clock is off.
import { el } from './dom.js';

const whole = new Intl.NumberFormat('en-US');
let ahead = 0;

/** Takes the gateway's clock. */
export const setClock = now => { ahead = now - Date.now(); };

/** The gateway's time now, Unix milliseconds. */
export const now = () => Date.now() + ahead;

export const count = value => whole.format(value);

/** A count that stops being exact at `most`. */
export const atMost = (value, most) => (value >= most ? `${whole.format(most)} or more` : whole.format(value));

export const plural = (value, one, many = `${one}s`) => `${whole.format(value)} ${value === 1 ? one : many}`;

export function milliseconds(value) {
  if (value === null || value === undefined) {
    return '–';
  }
  return value < 10 ? `${value.toFixed(1)} ms` : value < 1000 ? `${Math.round(value)} ms` : value < 60000 ? `${(value / 1000).toFixed(1)} s` : span(value);
}

export function bytes(value) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const dollars = value => (value === 0 ? '$0' : value < 0.01 ? '< $0.01' : `$${value.toFixed(2)}`);

/** A duration in its two largest units. */
export function span(value) {
  const seconds = Math.max(0, Math.round(value / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return seconds % 60 && minutes < 10 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 48) {
    return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  }
  return plural(Math.floor(hours / 24), 'day');
}

export const clock = at => new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

export const day = at => new Date(at).toLocaleDateString('en-GB', { year: 'numeric', month: 'short', day: 'numeric' });

const full = at => new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

const words = {
  ago: at => `${span(now() - at)} ago`,
  age: at => span(now() - at),
  left: at => (at <= now() ? 'over' : `in ${span(at - now())}`),
};

/** A time that goes on by itself: `ago`, `age` or `left`. */
export const ticking = (at, how) => el('time', { datetime: new Date(at).toISOString(), title: full(at), 'data-at': at, 'data-how': how }, words[how](at));

/** Brings every such time up to date. */
export function tick(root) {
  for (const time of root.querySelectorAll('time[data-how]')) {
    const text = words[time.dataset.how](Number(time.dataset.at));
    if (time.textContent !== text) {
      time.firstChild.data = text;
    }
  }
}

/** The beginning of an id, with all of it for who asks. */
export const id = (value, length = 8) => el('code', { class: 'id', title: value }, value.slice(0, length), el('span', { class: 'hidden' }, value.slice(length)));

/** The last part of a KMS key's ARN. */
export const kmsKey = arn => el('code', { class: 'id', title: arn }, arn.includes(':key/') ? arn.slice(arn.indexOf(':key/') + 5) : arn);

/** A sentence with `commands` in it. */
export const prose = text => text.split('`').map((part, index) => (index % 2 === 1 ? el('code', { class: 'id' }, part) : part));
