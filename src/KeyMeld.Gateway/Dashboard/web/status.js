// The first look: one sentence that says whether somebody has to do something, and the numbers behind it.
import { spark } from './chart.js';
import { el, show } from './dom.js';
import { atMost, count, dollars, milliseconds, plural } from './format.js';

const sum = (minutes, name) => minutes.reduce((total, minute) => total + minute[name], 0);
const names = numbers => `${numbers.length === 1 ? 'Enclave' : 'Enclaves'} ${numbers.slice(0, -1).join(', ')}${numbers.length > 1 ? ' and ' : ''}${numbers.at(-1)}`;

/** The verdict: how bad, and why, in one sentence. */
export function headlineOf({ enclaves, gateway }) {
  const away = enclaves.filter(({ state }) => state !== 'ready');
  const unproven = enclaves.filter(({ attestation: { verdict } }) => verdict === 'refused');
  const unknown = enclaves.filter(({ attestation: { verdict } }) => verdict === 'unknown_build');
  if (!gateway.database) {
    return { tone: 'bad', title: 'The database does not answer', text: 'Nothing new is taken and nothing is signed until it does. What is in flight is shown as it was.' };
  }
  if (gateway.database.trouble) {
    return { tone: 'bad', title: 'The database takes no changes', text: `${gateway.database.trouble} Nothing new is taken until it does: check the disk and the rights.` };
  }
  if (away.length === enclaves.length) {
    return { tone: 'bad', title: 'No enclave is ready', text: 'Nothing can be signed until one is. The reason and what to do are below.' };
  }
  if (away.length > 0) {
    const states = [...new Set(away.map(({ state }) => state))];
    return { tone: 'bad', title: `${names(away.map(({ id }) => id))} ${away.length === 1 ? 'is' : 'are'} ${states.join(' or ')}`, text: `Signings that need ${away.length === 1 ? 'it' : 'them'} wait and go on once ${away.length === 1 ? 'it is' : 'they are'} back; the others are signed.` };
  }
  if (unproven.length > 0) {
    return { tone: 'bad', title: `${names(unproven.map(({ id }) => id))} did not prove what ${unproven.length === 1 ? 'it is' : 'they are'}`, text: 'Clients refuse such an enclave. Look at its build below.' };
  }
  if (unknown.length > 0) {
    return { tone: 'warn', title: `${names(unknown.map(({ id }) => id))} ${unknown.length === 1 ? 'runs' : 'run'} an unknown build`, text: 'The attestation is genuine, but the build is none of the releases configured here.' };
  }
  const attested = enclaves.every(({ attestation: { verdict } }) => verdict === 'release');
  return { tone: 'good', title: `All ${count(enclaves.length)} enclaves are ready${attested ? ' and attested' : ''}`, text: null };
}

function quiet({ signings, groups, last_hour: hour }) {
  const failed = sum(hour.minutes, 'failed');
  const parts = [
    signings.waiting > 0 ? `${plural(signings.waiting, 'signing waits', 'signings wait')} for people` : signings.running > 0 ? `${plural(signings.running, 'signing is', 'signings are')} under way` : 'No signing waits',
    groups.joining > 0 ? `${plural(groups.joining, 'group waits', 'groups wait')} for members` : null,
    failed > 0 ? `${plural(failed, 'signing')} failed in the last hour` : 'no signing failed in the last hour',
  ].filter(part => part);
  return `${parts.join('; ')}.`;
}

const tile = (name, value, note, picture, tone) => el('div', { class: 'tile', 'data-tone': tone }, el('dt', null, name), el('dd', { class: 'value' }, value), el('dd', { class: 'note' }, note), picture ? el('dd', { class: 'picture' }, picture) : null);

export function showStatus(root, state) {
  const { enclaves, signings, last_hour: hour, gateway: { kms } } = state;
  const { minutes, total } = hour;
  const { tone, title, text } = headlineOf(state);
  const [signed, failed, own] = [sum(minutes, 'signed'), sum(minutes, 'failed'), sum(minutes, 'key_signatures')];
  const ready = enclaves.filter(({ state: word }) => word === 'ready').length;
  show(root,
    el('div', { class: 'verdict', 'data-tone': tone }, el('span', { class: 'lamp', 'aria-hidden': 'true' }), el('div', null, el('h1', { id: 'headline-title' }, title), el('p', null, text ?? quiet(state)))),
    el('dl', { class: 'tiles' },
      tile('Enclaves ready', `${ready} of ${enclaves.length}`, `${enclaves.filter(({ attestation: { verdict } }) => verdict === 'release').length} of a known build`, null, ready === enclaves.length ? null : 'bad'),
      tile('Signed in the last hour', count(signed), own > 0 ? `and ${plural(own, 'signature')} with own keys` : failed > 0 ? plural(failed, 'failure') : 'no failure', signed > 0 ? spark(minutes.map(minute => minute.signed), 'signed') : null),
      tile('Time to sign', total ? milliseconds(total.p50) : '–', total ? `99 of 100 up to ${milliseconds(total.p99)}` : 'nothing signed in the last hour', total ? spark(minutes.map(minute => minute.p50 ?? null), 'p50') : null),
      tile('In flight', atMost(signings.running + signings.waiting, signings.counted_to), signings.waiting > 0 ? `${atMost(signings.waiting, signings.counted_to)} waiting for approval` : signings.running > 0 ? 'under way' : 'nothing waits'),
      tile('KMS calls', count(kms.calls), `${dollars(kms.calls_usd)} since the last starts`)));
}
