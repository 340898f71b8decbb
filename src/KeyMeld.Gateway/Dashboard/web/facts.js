import { el, show } from './dom.js';
import { bytes, count, day, dollars, kmsKey, now, plural, ticking } from './format.js';

const fact = (name, ...value) => el('div', { class: 'fact' }, el('dt', null, name), el('dd', null, value));
const soon = 14 * 24 * 60 * 60 * 1000;

function certificate(expires) {
  const tone = expires <= now() ? 'bad' : expires - now() < soon ? 'warn' : 'good';
  return [day(expires), ' ', el('span', { class: 'tag', 'data-tone': tone }, expires <= now() ? 'expired' : ticking(expires, 'left'))];
}

// A day, and some slack for who backs up once a day; the alert of deploy/grafana says the same.
const tooOld = 26 * 60 * 60 * 1000;

function backup({ made, last_backup: last }) {
  const tone = now() - (last ?? made) > tooOld ? 'warn' : 'good';
  return last ? el('span', { class: 'tag', 'data-tone': tone }, ticking(last, 'ago')) : ['none', ' ', el('span', { class: 'tag', 'data-tone': tone }, ticking(made, 'age'), ' of changes')];
}

export function showFacts(root, gateway) {
  const { database, kms } = gateway;
  show(root, el('h2', { id: 'gateway-title' }, 'Gateway'), el('div', { class: 'card' }, el('dl', { class: 'facts wide' },
    fact('Version', gateway.version, el('span', { class: 'muted' }, ` · ${gateway.mode}`)),
    fact('Running for', ticking(gateway.started, 'age')),
    fact('Address', gateway.public_url),
    fact('Gateway id', el('code', { class: 'id' }, gateway.id)),
    fact('Certificate', gateway.certificate_expires ? certificate(gateway.certificate_expires) : el('span', { class: 'muted' }, 'TLS does not end here')),
    fact('Database', database ? `${database.kind}, ${bytes(database.bytes)}` : el('span', { class: 'tag', 'data-tone': 'bad' }, 'does not answer'),
      database ? el('span', { class: 'muted' }, ` · migration ${database.migration} (${database.migration_name})`) : null),
    fact('Last backup', database ? backup(database) : el('span', { class: 'muted' }, 'the database knows')),
    fact('KMS key', kmsKey(gateway.kms_key_id), el('span', { class: 'muted' }, gateway.kms_attestation ? ' · with attestation' : ' · without attestation')),
    fact('KMS cost', `${count(kms.calls)} calls since the enclaves’ starts, ${dollars(kms.calls_usd)}`, el('span', { class: 'muted' }, ` · ${plural(kms.keys, 'key')}, ${dollars(kms.keys_usd_per_month)} a month`)),
    gateway.retired.length > 0 ? fact('Retired enclaves', gateway.retired.map(({ enclave, at }, index) => [index > 0 ? ', ' : null, `${enclave} `, el('span', { class: 'muted' }, 'since ', day(at))])) : null,
    fact('Known releases', gateway.releases > 0 ? count(gateway.releases) : el('span', { class: 'muted' }, 'none: attestation.releases names them')))));
}
