import { el, show } from './dom.js';
import { atMost, id, plural, prose, ticking } from './format.js';
import { needs, person, progress, steps } from './steps.js';

const head = (...names) => el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, names.map(name => el('th', { scope: 'col', role: 'columnheader' }, name))));
const cell = (label, ...content) => el('td', { role: 'cell', 'data-label': label }, content);
const first = (label, ...content) => el('th', { scope: 'row', role: 'rowheader', 'data-label': label }, content);
const empty = text => el('p', { class: 'empty' }, text);

function signing(row) {
  return el('tr', { role: 'row', 'data-key': row.id },
    first('Signing', id(row.id), el('span', { class: 'muted sub' }, 'group ', id(row.group, 6), ` · ${plural(row.items, 'item')}`)),
    cell('Step', el('span', { class: 'step' }, progress(row.step), el('span', null, steps[row.step]?.text ?? row.step)),
      row.attempt > 1 ? el('span', { class: 'muted sub' }, `attempt ${row.attempt}`) : null,
      row.trouble ? el('span', { class: 'sub' }, el('code', { class: 'code' }, row.trouble), ' ', prose(row.advice)) : null),
    cell('Waits for', needs(row.needs)),
    cell('Age', ticking(row.created, 'age')),
    cell('Ends', ticking(row.expires, 'left')));
}

function signings({ waiting, running, counted_to: most, nearest }) {
  const all = waiting + running;
  const caption = `${atMost(running, most)} under way, ${atMost(waiting, most)} waiting for approval${nearest.length < all ? `; the ${nearest.length} that end soonest are shown` : ''}`;
  return [
    el('h3', null, 'Signings'),
    nearest.length === 0 ? empty('No signing is in flight.') : el('table', { role: 'table' },
      el('caption', null, caption), head('Signing', 'Step', 'Waits for', 'Age', 'Ends'), el('tbody', { role: 'rowgroup' }, nearest.map(signing))),
  ];
}

function group(row) {
  return el('tr', { role: 'row', 'data-key': row.id },
    first('Group', id(row.id)),
    cell('Joined', `${row.joined} of ${row.participants}`),
    cell('Waits for', row.missing.length === 0 ? el('span', { class: 'muted' }, 'its enclaves') : el('ul', { class: 'chips' }, row.missing.slice(0, 6).map(person),
      row.missing.length > 6 ? el('li', { class: 'chip' }, `and ${row.missing.length - 6} more`) : null)),
    cell('Age', ticking(row.created, 'age')),
    cell('Ends', row.join_by ? ticking(row.join_by, 'left') : el('span', { class: 'muted' }, 'never')));
}

function groups({ joining, counted_to: most, newest }) {
  return [
    el('h3', null, 'Groups being formed'),
    newest.length === 0 ? empty('No group waits for members.') : el('table', { role: 'table' },
      el('caption', null, `${atMost(joining, most)} waiting for members${newest.length < joining ? `; the newest ${newest.length} are shown` : ''}`),
      head('Group', 'Joined', 'Waits for', 'Age', 'Ends'), el('tbody', { role: 'rowgroup' }, newest.map(group))),
  ];
}

export function showWork(root, state) {
  show(root, el('h2', { id: 'work-title' }, 'In flight'),
    el('div', { class: 'card table-card' }, signings(state.signings)), el('div', { class: 'card table-card' }, groups(state.groups)));
}
