// X.690 section 10: one encoding of each value, and another is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificate } from '#dist/attestation/certificate.js';
import { DerError, DerReader, booleanOf, inside, only, smallIntegerOf, timeOf } from '#dist/attestation/der.js';
import { AttestationRoot, fromPem } from '#dist/attestation/root.js';
import { concat, utf8 } from '#dist/bytes/bytes.js';
import { fromHex } from '#dist/bytes/hex.js';
import { toBase64 } from '#dist/bytes/base64.js';
import { p384 } from '@noble/curves/nist.js';
import { failureOf } from '../support/refusal.js';
import { certificate, der, stranger } from '../support/mockNitro.js';

const read = (hex: string) => new DerReader(fromHex(hex)).readAny();

test('lengths are definite, in their shortest form, and inside of what is there', () => {
  assert.equal(read('0500').contents.length, 0);
  assert.equal(read(`048180${'00'.repeat(128)}`).contents.length, 128);
  assert.equal(read(`04820100${'00'.repeat(256)}`).contents.length, 256);
  for (const bad of ['', '04', '0401', '0480', `04817f${'00'.repeat(127)}`, `048200ff${'00'.repeat(255)}`, '0484000000010000', '1f0100', '3f0100']) {
    assert.throws(() => read(bad), DerError, bad);
  }
  assert.throws(() => only(fromHex('050005'), 0x05), DerError);
  assert.throws(() => only(fromHex('0500'), 0x04), DerError);
  const list = inside(only(fromHex('30050101ff0500'), 0x30));
  assert.equal(list.optional(0x02), undefined);
  assert.equal(booleanOf(list.read(0x01)), true);
  assert.throws(() => list.end(), DerError);
  assert.throws(() => list.read(0x04), DerError);
});

test('booleans, integers and times have one form', () => {
  assert.equal(booleanOf(read('010100')), false);
  for (const bad of ['010101', '0100', '0102ffff']) {
    assert.throws(() => booleanOf(read(bad)), DerError, bad);
  }
  assert.deepEqual(['020100', '02017f', '02020080', '02020100'].map((hex) => smallIntegerOf(read(hex))), [0, 127, 128, 256]);
  for (const bad of ['0200', '020180', '0202007f', '02050100000000']) {
    assert.throws(() => smallIntegerOf(read(bad)), DerError, bad);
  }
  const time = (tag: number, text: string) => timeOf(new DerReader(der(tag, utf8(text))).readAny());
  assert.equal(time(0x17, '261126080000Z'), Date.UTC(2026, 10, 26, 8));
  assert.equal(time(0x17, '491028142805Z'), Date.UTC(2049, 9, 28, 14, 28, 5));
  assert.equal(time(0x17, '500101000000Z'), Date.UTC(1950, 0, 1));
  assert.equal(time(0x18, '20501231235959Z'), Date.UTC(2050, 11, 31, 23, 59, 59));
  for (const [tag, text] of [[0x17, '20261126080000Z'], [0x18, '261126080000Z'], [0x17, '2611260800Z'], [0x17, '261126080000+0000'], [0x17, '261326080000Z'], [0x17, '260230080000Z'], [0x18, '20261126080060Z'],
    [0x04, '261126080000Z'], [0x17, '26112608000 Z']] as const) {
    assert.throws(() => time(tag, text), DerError, text);
  }
});

test('a certificate is one certificate, of version 3, with a signature of whole bytes and one key usage', () => {
  const good = certificate(stranger, { secret: stranger, name: 'root' }, { subject: 'root', isAuthority: true, usage: 0x04 });
  assert.equal(parseCertificate(good).keyUsage?.keyCertSign, true);
  const wrong = (bytes: Uint8Array) => failureOf(() => parseCertificate(bytes));
  assert.equal(wrong(concat(good, Uint8Array.of(0))), 'Certificate');
  assert.equal(wrong(good.slice(0, -1)), 'Certificate');
  assert.equal(wrong(utf8('-----BEGIN CERTIFICATE-----')), 'Certificate');
  const outer = inside(only(good, 0x30));
  const [tbs, algorithm, signature] = [outer.readAny(), outer.readAny(), outer.readAny()];
  assert.equal(wrong(der(0x30, tbs.encoded, algorithm.encoded, der(0x03, Uint8Array.of(1), signature.contents.slice(1)))), 'Certificate');
  assert.equal(wrong(der(0x30, tbs.encoded, algorithm.encoded, signature.encoded, Uint8Array.of(5, 0))), 'Certificate');
  const usage = (value: Uint8Array) => certificate(stranger, { secret: stranger, name: 'root' }, { subject: 'root', usageBits: value });
  for (const bad of [der(0x03, Uint8Array.of(0)), der(0x03, Uint8Array.of(8, 4)), der(0x03, Uint8Array.of(0, 4, 0, 0)), der(0x04, Uint8Array.of(0, 4)), concat(der(0x03, Uint8Array.of(0, 4)), Uint8Array.of(0))]) {
    assert.equal(wrong(usage(bad)), 'Certificate');
  }
  assert.equal(parseCertificate(usage(der(0x03, Uint8Array.of(2, 0x84)))).keyUsage?.digitalSignature, true);
});

test('a root is one P-384 authority, in one PEM block or DER', () => {
  const root = certificate(stranger, { secret: stranger, name: 'root' }, { subject: 'root', isAuthority: true });
  const pem = `-----BEGIN CERTIFICATE-----\n${toBase64(root).replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
  assert.equal(AttestationRoot.development(pem).fingerprint, AttestationRoot.development(root).fingerprint);
  for (const bad of ['', pem + pem, pem.replaceAll('CERTIFICATE', 'PUBLIC KEY'), pem.replace('BEGIN CERTIFICATE', 'BEGIN PUBLIC KEY'), pem.replace('M', '!')]) {
    assert.throws(() => fromPem(bad, 'CERTIFICATE'), TypeError);
  }
  const leaf = certificate(stranger, { secret: stranger, name: 'root' }, { subject: 'root' });
  assert.equal(failureOf(() => AttestationRoot.development(leaf)), 'CertificateConstraints');
  const offCurve = certificate(stranger, { secret: stranger, name: 'root' }, { subject: 'root', isAuthority: true, spki: spkiWith(new Uint8Array(96).fill(1)) });
  assert.equal(failureOf(() => AttestationRoot.development(offCurve)), 'CertificateAlgorithm');
});

/** A SubjectPublicKeyInfo of P-384 whose point is none. */
function spkiWith(point: Uint8Array): Uint8Array {
  const algorithm = der(0x30, der(0x06, fromHex('2a8648ce3d0201')), der(0x06, fromHex('2b81040022')));
  assert.equal(p384.utils.isValidPublicKey(concat(Uint8Array.of(4), point), false), false);
  return der(0x30, algorithm, der(0x03, Uint8Array.of(0, 4), point));
}
