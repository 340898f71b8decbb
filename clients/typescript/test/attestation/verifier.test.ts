// K14 to K18 and G01 of docs/threat-model.md, on this client's side: one failure for each check, and nothing that passes with a bit changed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { p256 } from '@noble/curves/nist.js';
import type { AttestationFailure } from '#dist/attestation/attestationError.js';
import { AttestationPolicy } from '#dist/attestation/policy.js';
import { AttestationRoot } from '#dist/attestation/root.js';
import { verifyAttestation, verifyOrigin } from '#dist/attestation/verifier.js';
import { concat } from '#dist/bytes/bytes.js';
import { toHex } from '#dist/bytes/hex.js';
import { failureOf } from '../support/refusal.js';
import {
  type MockOptions, authorityKeyId, cborBytes, cborNumber, cborPcrs, cborText, criticalExtension, mockDocument, nameConstraints, nonce, now, secondUsage, spkiOf, stranger, subjectKeyId, userData,
} from '../support/mockNitro.js';
import { Vectors, sharedBytes, sharedVectorsMissing } from '../support/vectors.js';

const expected = { nonce, userData };
const day = 24 * 60 * 60 * 1000;

function refused(options: MockOptions, at = now): AttestationFailure {
  const { document, root } = mockDocument(options);
  return failureOf(() => verifyAttestation(document, root, expected, at));
}

const withField = (name: string, value: Uint8Array): MockOptions => ({ fields: (fields) => fields.set(name, value) });
const without = (name: string): MockOptions => ({ fields: (fields) => fields.delete(name) });
const registers = (change: (all: Map<number, Uint8Array>) => void): MockOptions => {
  const all = new Map([0, 1, 2].map((index) => [index, new Uint8Array(48).fill(9)] as const));
  change(all);
  return withField('pcrs', cborPcrs(all));
};

describe('attestation documents', () => {
  test('a fresh document for this nonce and these user data is taken, with and without its tag', () => {
    const named = { root: { extra: [subjectKeyId(1)] }, middle: { extra: [authorityKeyId(1), subjectKeyId(2)] }, leaf: { extra: [authorityKeyId(2)] } };
    for (const options of [{}, { tag: 18 }, named]) {
      const { document, root } = mockDocument(options);
      const attested = verifyAttestation(document, root, expected, now);
      assert.deepEqual([attested.timestamp, attested.pcrs.get(0)], [now, '01'.repeat(48)]);
    }
  });

  test('unknown fields and more registers are taken', () => {
    const more = mockDocument({ fields: (fields) => fields.set('new', cborText('field')).set('pcrs', cborPcrs(new Map([0, 1, 2, 31].map((index) => [index, new Uint8Array(48).fill(5)])))) });
    assert.equal(verifyAttestation(more.document, more.root, expected, now).pcrs.size, 4);
  });

  test('what is asked of the fields is required', () => {
    const cases: readonly [MockOptions, AttestationFailure][] = [
      [withField('nonce', cborBytes(new Uint8Array(32))), 'Nonce'],
      [withField('nonce', Uint8Array.of(0xf6)), 'Nonce'],
      [without('nonce'), 'Nonce'],
      [withField('user_data', cborBytes(new Uint8Array(32))), 'UserData'],
      [without('user_data'), 'UserData'],
      [withField('public_key', cborBytes(new Uint8Array(1))), 'PublicKey'],
      [withField('public_key', cborBytes(new Uint8Array(0))), 'Field'],
      [withField('digest', cborText('SHA256')), 'Field'],
      [without('digest'), 'Field'],
      [withField('timestamp', cborNumber(0)), 'Field'],
      [without('timestamp'), 'Field'],
      [without('module_id'), 'Field'],
      [withField('module_id', cborText('')), 'Field'],
      [withField('module_id', cborText('i-0123456789abcdef0-tpm0123456789abcdef')), 'Product'],
      [withField('module_id', cborText('i-0123456789ABCDEF0-enc0123456789abcdef')), 'Product'],
      [{ fields: (fields) => fields.set('nitrotpm_pcrs', Uint8Array.of(0xa0)) }, 'Product'],
      [registers((all) => all.delete(2)), 'Field'],
      [registers((all) => all.set(32, new Uint8Array(48))), 'Field'],
      [registers((all) => all.set(3, new Uint8Array(47))), 'Field'],
      [registers((all) => all.set(0, new Uint8Array(48))), 'DebugMode'],
      [registers((all) => all.set(1, new Uint8Array(48))), 'DebugMode'],
      [registers((all) => all.set(2, new Uint8Array(48))), 'DebugMode'],
      [withField('cabundle', Uint8Array.of(0x80)), 'Field'],
      [{ bundle: (bundle) => [...bundle, ...Array.from({ length: 7 }, () => bundle[1] ?? assert.fail())] }, 'Field'],
      [{ fields: (fields) => fields.set('deep', Uint8Array.of(0x81, 0x81, 0x81, 0x81, 0x00)) }, 'Encoding'],
      [{ payload: (payload) => concat(payload, Uint8Array.of(0)) }, 'Encoding'],
      [{ protectedHeader: Uint8Array.of(0xa1, 0x01, 0x26) }, 'Algorithm'],
      [{ tag: 17 }, 'Encoding'],
      [{ signer: stranger }, 'Signature'],
    ];
    cases.forEach(([options, failure], index) => assert.equal(refused(options), failure, `case ${index}`));
  });

  test('a document is fresh for five minutes, either way', () => {
    const { document, root } = mockDocument();
    for (const at of [now - 300_000, now + 300_000]) {
      assert.equal(verifyAttestation(document, root, expected, at).timestamp, now);
    }
    assert.equal(failureOf(() => verifyAttestation(document, root, expected, now + 300_001)), 'Stale');
    assert.equal(failureOf(() => verifyAttestation(document, root, expected, now - 300_001)), 'FromTheFuture');
  });

  test('every certificate has to say what its place demands', () => {
    const other = { spki: p256Spki() };
    const cases: readonly [MockOptions, AttestationFailure][] = [
      [{ leaf: { isAuthority: true } }, 'CertificateConstraints'],
      [{ leaf: { usage: 0x84 } }, 'CertificateConstraints'],
      [{ leaf: { usage: 0x40 } }, 'CertificateConstraints'],
      [{ leaf: { noConstraints: true } }, 'CertificateConstraints'],
      [{ leaf: { constraintsCritical: false } }, 'CertificateConstraints'],
      [{ middle: { isAuthority: false, usage: 0x04 } }, 'CertificateConstraints'],
      [{ middle: { pathLength: undefined } }, 'CertificateConstraints'],
      [{ middle: { usage: 0x80 } }, 'CertificateConstraints'],
      [{ middle: { usageCritical: false } }, 'CertificateConstraints'],
      [{ middle: { constraintsCritical: false } }, 'CertificateConstraints'],
      [{ root: { pathLength: 0 } }, 'CertificateConstraints'],
      [{ leaf: { weakHash: true } }, 'CertificateAlgorithm'],
      [{ middle: { weakHash: true } }, 'CertificateAlgorithm'],
      [{ leaf: other }, 'CertificateAlgorithm'],
      [{ middle: other }, 'CertificateAlgorithm'],
      [{ leaf: { notAfter: now - 1000 } }, 'CertificateTime'],
      [{ leaf: { notBefore: now + 1000 } }, 'CertificateTime'],
      [{ middle: { notAfter: now - 1000 } }, 'CertificateTime'],
      [{ root: { notAfter: now - 1000 } }, 'CertificateTime'],
      [{ leaf: { version: 1 } }, 'Certificate'],
      [{ leaf: { extra: [secondUsage] } }, 'Certificate'],
      [{ leaf: { extra: [criticalExtension] } }, 'Chain'],
      [{ middle: { extra: [nameConstraints] } }, 'Chain'],
      [{ middle: { extra: [subjectKeyId(1)] }, leaf: { extra: [authorityKeyId(2)] } }, 'Chain'],
      [{ root: { extra: [subjectKeyId(1)] }, middle: { extra: [authorityKeyId(2)] } }, 'Chain'],
      [{ leaf: { issuer: 'somebody' } }, 'Chain'],
      [{ middle: { issuer: 'somebody' } }, 'Chain'],
      [{ middle: { spki: spkiOf(stranger) } }, 'Chain'],
      [{ leaf: { spki: spkiOf(stranger) } }, 'Signature'],
      [{ bundle: (bundle) => bundle.slice(0, 1) }, 'Chain'],
      [{ bundle: (bundle) => bundle.slice(1) }, 'Root'],
      [{ bundle: (bundle) => [...bundle].reverse() }, 'Root'],
      [{ bundle: (bundle) => [...bundle, bundle[1] ?? assert.fail()] }, 'CertificateConstraints'],
      [{ fields: (fields) => fields.set('certificate', cborBytes(Uint8Array.of(0x30, 0x00))) }, 'Certificate'],
    ];
    cases.forEach(([options, failure], index) => assert.equal(refused(options), failure, `case ${index}`));
  });

  test('another root that is called the same is another root', () => {
    const { document } = mockDocument();
    const { root } = mockDocument({ root: { notAfter: now + 2 * day } });
    assert.equal(failureOf(() => verifyAttestation(document, root, expected, now)), 'Root');
  });

  test('a document with any one byte changed, cut or followed by another is refused', () => {
    const { document, root } = mockDocument();
    const wrong = (bytes: Uint8Array) => failureOf(() => verifyAttestation(bytes, root, expected, now));
    for (let at = 0; at < document.length; at += 7) {
      const changed = document.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << at % 8);
      wrong(changed);
    }
    for (let length = 0; length < document.length; length += 97) {
      wrong(document.slice(0, length));
    }
    assert.equal(wrong(concat(document, Uint8Array.of(0))), 'Encoding');
    assert.equal(wrong(new Uint8Array(16 * 1024 + 1)), 'Size');
    assert.equal(verifyAttestation(document, root, expected, now).timestamp, now);
  });

  test('policies trust the releases they name, and nothing by default', () => {
    const { document, root, rootDer } = mockDocument();
    const attested = verifyAttestation(document, root, expected, now);
    const release = { pcr0: '01'.repeat(48), pcr1: '02'.repeat(48), pcr2: '03'.repeat(48), kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1' };
    const config = '0a'.repeat(32);
    AttestationPolicy.development(rootDer, [release]).requireRelease(attested, release.kmsKeyArn, config);
    for (const change of [{ pcr0: '04'.repeat(48) }, { pcr1: '04'.repeat(48) }, { pcr2: '04'.repeat(48) }, { kmsKeyArn: `${release.kmsKeyArn}2` }, { configurationDigest: '0b'.repeat(32) }]) {
      const policy = AttestationPolicy.development(rootDer, [{ ...release, ...change }]);
      assert.equal(failureOf(() => policy.requireRelease(attested, release.kmsKeyArn, config)), 'Release');
    }
    for (const bad of [{ pcr0: '00'.repeat(48) }, { pcr1: 'AA'.repeat(48) }, { pcr2: '01' }, { kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:alias/x' }, { configurationDigest: '0' }]) {
      assert.throws(() => AttestationPolicy.production([{ ...release, ...bad }]), TypeError);
    }
    assert.throws(() => AttestationPolicy.production([]), TypeError);
    assert.throws(() => AttestationPolicy.development(AttestationRoot.awsNitroG1().certificate.encoded), TypeError);
  });
});

describe('real attestation documents', { skip: sharedVectorsMissing }, () => {
  const all = sharedVectorsMissing === false ? Vectors.shared('attestation/expected.json') : new Vectors({});
  const names = Object.keys(all.value as object);
  const of = (name: string): Vectors => new Vectors((all.value as Readonly<Record<string, unknown>>)[name]);
  const aws = AttestationRoot.awsNitroG1();

  test('the embedded root is the one AWS publishes', () => assert.equal(toHex(sharedBytes('attestation/aws_nitro_root_G1.der')), toHex(aws.certificate.encoded)));

  test('each is valid at its own time, a bad signature and a debug enclave never, and none is valid now', () => {
    assert.equal(names.length, 5);
    for (const name of names) {
      const [bytes, own] = [sharedBytes(`attestation/${name}`), of(name).number('timestamp_ms')];
      if (/BADSIG|debug/.test(name)) {
        assert.equal(failureOf(() => verifyOrigin(bytes, aws, own)), name.includes('debug') ? 'DebugMode' : 'Signature');
      } else {
        const document = verifyOrigin(bytes, aws, own);
        assert.equal(document.moduleId, of(name).text('module_id'));
        Object.entries(of(name).at('pcrs').value as object).forEach(([index, value]) => assert.equal(document.pcrs.get(Number(index)), value));
        assert.equal(document.userData === undefined ? null : toHex(document.userData), of(name).at('user_data_hex').value);
      }
      assert.equal(failureOf(() => verifyOrigin(bytes, aws, Date.now())), 'CertificateTime');
    }
  });
});

function p256Spki(): Uint8Array {
  const head = Uint8Array.of(0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00);
  return concat(head, p256.getPublicKey(p256.utils.randomSecretKey(), false));
}
