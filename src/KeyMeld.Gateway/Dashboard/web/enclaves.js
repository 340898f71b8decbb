import { el, show } from './dom.js';
import { count, dollars, kmsKey, plural, prose, ticking } from './format.js';

const words = { ready: 'Ready', locked: 'Locked', unreachable: 'Unreachable' };
const verdicts = {
  release: { word: 'Attested', tone: 'good' },
  unknown_build: { word: 'Unknown build', tone: 'warn' },
  refused: { word: 'Not attested', tone: 'bad' },
  unchecked: { word: 'Not checked', tone: 'plain' },
};

export const toneOf = state => ({ ready: 'good', locked: 'bad', unreachable: 'bad' })[state] ?? 'plain';

const fact = (name, ...value) => el('div', { class: 'fact' }, el('dt', null, name), el('dd', null, value));

function trouble({ reason, detail, advice }) {
  return el('div', { class: 'callout', 'data-tone': 'bad' },
    el('p', null, el('code', null, reason), detail ? ` ${detail}` : ''),
    el('p', { class: 'advice' }, el('strong', null, 'What to do: '), prose(advice)));
}

function build({ verdict, release, detail, checked }) {
  const { word, tone } = verdicts[verdict];
  return [
    el('span', { class: 'tag', 'data-tone': tone }, word), ' ',
    release ? el('span', null, release) : el('span', { class: 'muted' }, detail),
    checked ? el('span', { class: 'muted nowrap' }, ' · checked ', ticking(checked, 'ago')) : null,
  ];
}

function measurements(enclave) {
  const { pcr0, pcr1, pcr2 } = enclave.attestation;
  if (!pcr0 && !enclave.key) {
    return null;
  }
  const line = (name, value) => (value ? fact(name, el('code', { class: 'long' }, value)) : null);
  return el('details', null, el('summary', null, 'Measurements and identity', el('span', { class: 'hidden' }, ` of enclave ${enclave.id}`)),
    el('dl', { class: 'facts' }, line('PCR0', pcr0), line('PCR1', pcr1), line('PCR2', pcr2), line('Identity key (public)', enclave.key), line('KMS key', enclave.kms_key_id), line('Software', enclave.software)));
}

function card(enclave) {
  const { use } = enclave;
  return el('li', { class: 'card enclave', 'data-key': enclave.id, 'data-tone': toneOf(enclave.state) },
    el('div', { class: 'card-head' },
      el('h3', null, `Enclave ${enclave.id}`),
      el('span', { class: 'state', 'data-tone': toneOf(enclave.state) }, el('span', { class: 'dot', 'aria-hidden': 'true' }), words[enclave.state] ?? enclave.state)),
    enclave.reason ? trouble(enclave) : null,
    el('dl', { class: 'facts' },
      fact('Build', build(enclave.attestation)),
      enclave.epoch ? fact('Key epoch', `${enclave.epoch}`, enclave.epochs > 1 ? el('span', { class: 'muted' }, ` and ${plural(enclave.epochs - 1, 'older one')}`) : null) : null,
      enclave.kms_key_id ? fact('Sealed under', kmsKey(enclave.kms_key_id)) : null,
      use ? fact('KMS calls', count(use.kms_calls), el('span', { class: 'muted' }, ` since its start · ${dollars(use.kms_usd)}`)) : null,
      use ? fact('Groups loaded', count(use.groups_loaded)) : null,
      use ? fact('Nonces', `${count(use.nonces_issued)} made`, el('span', { class: 'muted' }, ` · ${count(use.nonces_used)} used once · ${count(use.nonces_burnt)} wiped unused`)) : null,
      use && use.nonce_reuse_refused > 0 ? fact('Nonce reuse refused', el('span', { class: 'tag', 'data-tone': 'bad' }, plural(use.nonce_reuse_refused, 'time'))) : null),
    measurements(enclave));
}

export function showEnclaves(root, enclaves) {
  show(root, el('h2', { id: 'enclaves-title' }, 'Enclaves'), el('ul', { class: 'cards' }, enclaves.map(card)));
}
