// RFC 9052, RFC 8949: the envelope and its payload, as the hypervisor may write them and not otherwise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { p384 } from '@noble/curves/nist.js';
import { parseCoseSign1 } from '#dist/attestation/coseSign1.js';
import { parseDocument } from '#dist/attestation/document.js';
import { LenientCborReader } from '#dist/attestation/lenientCbor.js';
import { AttestationPolicy } from '#dist/attestation/policy.js';
import { verifyRelease } from '#dist/attestation/release.js';
import { toBase64 } from '#dist/bytes/base64.js';
import { concat, utf8 } from '#dist/bytes/bytes.js';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { codeOf, failureOf } from '../support/refusal.js';
import { cborBytes, cborPcrs, cborText, mockDocument, spkiOf, stranger } from '../support/mockNitro.js';

const header = fromHex('a1013822');
const envelope = (write: (encoder: CborEncoder) => CborEncoder): Uint8Array => write(new CborEncoder()).toBytes();
const signature = new Uint8Array(96);

test('an envelope has four parts, an empty unprotected header and a signature of 96 bytes', () => {
  const good = envelope((encoder) => encoder.array(4).bytes(header).map(0).bytes(Uint8Array.of(0xa0)).bytes(signature));
  assert.equal(toHex(parseCoseSign1(good).payload), 'a0');
  // The same of indefinite length, which the hypervisor may choose.
  assert.equal(toHex(parseCoseSign1(concat(Uint8Array.of(0x9f), envelope((encoder) => encoder.bytes(header)), Uint8Array.of(0xbf, 0xff), cborBytes(Uint8Array.of(0xa0)), cborBytes(signature), Uint8Array.of(0xff))).payload), 'a0');
  for (const bad of [
    envelope((encoder) => encoder.array(3).bytes(header).map(0).bytes(Uint8Array.of(0xa0))),
    envelope((encoder) => encoder.array(5).bytes(header).map(0).bytes(Uint8Array.of(0xa0)).bytes(signature).bytes(signature)),
    envelope((encoder) => encoder.array(4).bytes(header).map(1).number(1).number(2).bytes(Uint8Array.of(0xa0)).bytes(signature)),
    envelope((encoder) => encoder.array(4).bytes(header).map(0).bytes(Uint8Array.of(0xa0)).bytes(new Uint8Array(95))),
    envelope((encoder) => encoder.array(4).bytes(header).map(0).bytes(Uint8Array.of(0xa0)).bytes(new Uint8Array(97))),
    envelope((encoder) => encoder.array(4).bytes(header).array(0).bytes(Uint8Array.of(0xa0)).bytes(signature)),
    envelope((encoder) => encoder.map(4).bytes(header).map(0).bytes(Uint8Array.of(0xa0)).bytes(signature)),
    concat(good, Uint8Array.of(0)),
  ]) {
    assert.equal(failureOf(() => parseCoseSign1(bad)), 'Encoding');
  }
});

test('what is cut short, of another type or a string in pieces is refused', () => {
  const failing = (hex: string, read: (reader: LenientCborReader) => unknown): void => assert.equal(failureOf(() => read(new LenientCborReader(fromHex(hex)))), 'Encoding', hex);
  for (const hex of ['', '58', '5803', '430102', '5f', '60', '20', '5a00000001']) {
    failing(hex, (reader) => reader.bytes());
  }
  for (const hex of ['', '61', '61ff', '7f', '40']) {
    failing(hex, (reader) => reader.text());
  }
  for (const hex of ['', '18', '1f', '1c', '40', '20']) {
    failing(hex, (reader) => reader.unsigned());
  }
  for (const hex of ['', '81', '9f', '9a7fffffff', 'a0', '9c']) {
    failing(hex, (reader) => reader.array(() => reader.unsigned()));
  }
  for (const hex of ['', 'a1', 'bf', 'ba7fffffff', '80']) {
    failing(hex, (reader) => reader.map(() => reader.unsigned()));
  }
  for (const hex of ['8181818100', '8181818181', 'ff', 'fc', '', '5f4101ff', 'a1', '81']) {
    failing(hex, (reader) => reader.skip(4));
  }
  for (const hex of ['1b0000000000000001', '3903e7', '43010203', '6161', '8101', 'bf0102ff', 'c101', 'f6', 'f4', 'fb3ff0000000000000']) {
    const reader = new LenientCborReader(fromHex(hex));
    reader.skip(4);
    assert.ok(reader.isAtEnd, hex);
  }
});

test('a payload with a key or a register twice, or a field of another type, is refused', () => {
  const twice = mockDocument({ payload: (payload) => concat(Uint8Array.of(0xaa), payload.slice(1), cborText('digest'), cborText('SHA384')) });
  assert.equal(failureOf(() => parseDocument(twice.document)), 'Encoding');
  const long = mockDocument({ payload: (payload) => concat(Uint8Array.of(0xaa), payload.slice(1), fromHex('7806'), utf8('digest'), cborText('SHA384')) });
  assert.equal(failureOf(() => parseDocument(long.document)), 'Encoding');
  const registers = cborPcrs(new Map([0, 1, 2].map((index) => [index, new Uint8Array(48).fill(1)])));
  const again = mockDocument({ fields: (fields) => fields.set('pcrs', concat(Uint8Array.of(0xa4), registers.slice(1), fromHex('02'), cborBytes(new Uint8Array(48)))) });
  assert.equal(failureOf(() => parseDocument(again.document)), 'Encoding');
  for (const name of ['module_id', 'digest', 'timestamp', 'pcrs', 'certificate', 'cabundle', 'public_key', 'user_data', 'nonce']) {
    assert.equal(failureOf(() => parseDocument(mockDocument({ fields: (fields) => fields.set(name, Uint8Array.of(0xf5)) }).document)), 'Encoding', name);
  }
  for (const name of ['certificate', 'public_key', 'user_data', 'nonce']) {
    assert.equal(failureOf(() => parseDocument(mockDocument({ fields: (fields) => fields.set(name, cborBytes(new Uint8Array(1025))) }).document)), 'Field', name);
  }
});

test('a release is one that the releaser signed, and has every member it should have and no other', () => {
  const manifest = {
    Type: 'keymeld-release/1', Version: '1.0.0', Created: '2026-11-26T04:00:00Z',
    Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: '01'.repeat(48), PCR1: '02'.repeat(48), PCR2: '03'.repeat(48) },
    KmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1', ConfigurationDigest: '04'.repeat(32),
  };
  const pem = (secret: Uint8Array): string => `-----BEGIN PUBLIC KEY-----\n${toBase64(spkiOf(secret))}\n-----END PUBLIC KEY-----\n`;
  const sign = (json: unknown, secret = stranger) => {
    const bytes = utf8(typeof json === 'string' ? json : JSON.stringify(json));
    return { manifest: bytes, signature: p384.sign(bytes, secret, { prehash: true, lowS: false, format: 'der' }) };
  };
  const release = verifyRelease(sign(manifest), pem(stranger));
  assert.deepEqual([release.pcr0, release.kmsKeyArn, release.configurationDigest], [manifest.Measurements.PCR0, manifest.KmsKeyArn, manifest.ConfigurationDigest]);
  assert.equal(AttestationPolicy.productionSigned(pem(stranger), [sign(manifest)]).releases?.length, 1);
  const good = sign(manifest);
  const refused = (signed: typeof good, key = pem(stranger)) => codeOf(() => verifyRelease(signed, key));
  assert.equal(refused(sign(manifest, p384.utils.randomSecretKey())), 'release_invalid');
  assert.equal(refused({ ...good, manifest: concat(good.manifest, utf8(' ')) }), 'release_invalid');
  assert.equal(refused({ ...good, signature: new Uint8Array(0) }), 'release_invalid');
  assert.equal(refused(sign(JSON.stringify(manifest) + ' '.repeat(16 * 1024))), 'release_invalid');
  assert.equal(refused(good, `-----BEGIN PUBLIC KEY-----\n${toBase64(new Uint8Array(120))}\n-----END PUBLIC KEY-----\n`), 'release_invalid');
  for (const bad of ['{', '[]', 'null', { ...manifest, More: 1 }, { ...manifest, Type: 'keymeld-release/2' }, { ...manifest, KmsKeyArn: 1 }, { ...manifest, KmsKeyArn: 'alias/x' },
    { ...manifest, Measurements: { ...manifest.Measurements, PCR3: '' } }, { ...manifest, Measurements: { ...manifest.Measurements, HashAlgorithm: 'Sha256' } },
    { ...manifest, Measurements: { ...manifest.Measurements, PCR0: '00'.repeat(48) } }, { ...manifest, Measurements: undefined }]) {
    assert.equal(refused(sign(bad)), 'release_invalid', JSON.stringify(bad));
  }
});
