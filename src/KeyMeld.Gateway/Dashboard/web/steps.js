// The steps of a signing (docs/signing.md) in an operator's words.
import { el } from './dom.js';
import { id, plural } from './format.js';

export const steps = {
  accept: { name: 'Accept', place: 0, text: 'being accepted' },
  approval: { name: 'Approval', place: 0, text: 'waits for approval' },
  queue: { name: 'Turn', place: 1, text: 'waits for its turn' },
  gather: { name: 'Members at home', place: 1, text: 'waits for members who sign at home' },
  round1: { name: 'Nonces', place: 1, text: 'nodes make nonces' },
  round2: { name: 'Partial signatures', place: 2, text: 'nodes sign' },
  combine: { name: 'Combine', place: 3, text: 'partial signatures are combined' },
  persist: { name: 'Write down', place: 3, text: 'the outcome is written down' },
  away: { name: 'Enclave away', place: 1, text: 'waits for an enclave that is away' },
  elsewhere: { name: 'Other gateway', place: 2, text: 'another gateway has it' },
};

export const nameOf = step => steps[step]?.name ?? step;

const phases = ['Approval', 'Nonces', 'Partial signatures', 'Combine'];

/** Four marks, the one it is at filled; the words are beside them. */
export const progress = step => el('span', { class: 'progress', 'aria-hidden': 'true', 'data-trouble': step === 'away' },
  phases.map((_, place) => el('span', { 'data-at': place < (steps[step]?.place ?? 0) ? 'done' : place === (steps[step]?.place ?? 0) ? 'here' : 'ahead' })));

const person = ({ participant, user }) => el('li', { class: 'chip' }, `participant ${participant}`, ' ', id(user, 6));

/** For whom a signing waits, as a list of names. */
export function needs({ signers, approvers, votes, enclaves }) {
  const lines = [];
  if (signers.length > 0) {
    lines.push(el('ul', { class: 'chips' }, signers.map(person)));
  }
  // A signer who has to approve anyway is one of the approvals that are missing.
  const others = approvers.filter(approver => !signers.some(signer => signer.participant === approver.participant));
  const more = votes - (approvers.length - others.length);
  if (more > 0) {
    lines.push(el('p', null, `${signers.length > 0 ? 'and ' : ''}${plural(more, 'approval')} of`), el('ul', { class: 'chips' }, others.map(person)));
  }
  if (enclaves.length > 0) {
    lines.push(el('ul', { class: 'chips' }, enclaves.map(number => el('li', { class: 'chip' }, `enclave ${number}`))));
  }
  return lines.length > 0 ? lines : el('span', { class: 'muted' }, 'nobody');
}

export { person };
