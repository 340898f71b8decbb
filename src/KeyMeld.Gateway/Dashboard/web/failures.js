import { el, show } from './dom.js';
import { id, plural, prose, ticking } from './format.js';
import { steps } from './steps.js';

const subjects = { signing: 'A signing failed', group: 'A group did not form', enclave: 'An enclave stopped being ready', call: 'A call was answered with a fault' };

function happened({ of, code, step, enclave, count }) {
  const who = enclave === undefined ? '' : of === 'enclave' ? '' : `, last refused by enclave ${enclave}`;
  const subject = of === 'enclave' && enclave !== undefined ? `Enclave ${enclave} stopped being ready` : of === 'signing' && code === 'expired' ? 'A signing expired' : subjects[of] ?? of;
  const where = step ? ` while it ${steps[step] ? `was at: ${steps[step].name.toLowerCase()}` : step}` : '';
  return `${subject}${where}${who}${count > 1 ? ` (${count} times in a row)` : ''}`;
}

const one = ({ signing, group }) => el('span', { class: 'muted sub' }, signing ? ['signing ', id(signing), group ? [' of group ', id(group, 6)] : null] : ['group ', id(group)]);

function which({ failed, count, of }) {
  return failed ? [failed.map(one), count > failed.length ? el('span', { class: 'muted sub' }, `and ${plural(count - failed.length, `other ${of}`)}`) : null] : null;
}

function row(failure) {
  return el('tr', { role: 'row' },
    el('th', { scope: 'row', role: 'rowheader', 'data-label': 'When' }, ticking(failure.at, 'ago')),
    el('td', { role: 'cell', 'data-label': 'What happened' }, el('div', null, happened(failure), which(failure))),
    el('td', { role: 'cell', 'data-label': 'Code' }, el('code', { class: 'code' }, failure.code)),
    el('td', { role: 'cell', 'data-label': 'What to do' }, prose(failure.advice)));
}

export function showFailures(root, failures) {
  show(root, el('h2', { id: 'failures-title' }, 'Recent failures'), el('div', { class: 'card table-card' }, failures.length === 0
    ? el('p', { class: 'empty' }, 'No signing and no group failed in the last day; no enclave stopped being ready and no call was answered with a fault since this gateway started.')
    : el('table', { role: 'table' }, el('caption', null, 'Newest first. Signings and groups: of the last day, whichever gateway had them. Enclaves and calls: what this gateway saw since it started.'),
      el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ['When', 'What happened', 'Code', 'What to do'].map(name => el('th', { scope: 'col', role: 'columnheader' }, name)))),
      el('tbody', { role: 'rowgroup' }, failures.map(row)))));
}
