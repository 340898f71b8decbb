// RFC 4648, RFC 8949: one text for each byte string, one byte string for each value.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBase64, parseBase64Url, toBase64, toBase64Url } from '#dist/bytes/base64.js';
import { equalBytes, utf8 } from '#dist/bytes/bytes.js';
import { parseHex, toHex } from '#dist/bytes/hex.js';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { StrictCborReader } from '#dist/cbor/reader.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { wiping } from '#dist/crypto/secrets.js';
import { codeOf } from '../support/refusal.js';

test('base64 is that of the platform for every length, and strict', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff);
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
    assert.equal(toBase64Url(bytes), Buffer.from(bytes).toString('base64url'));
    assert.deepEqual([parseBase64(toBase64(bytes)), parseBase64Url(toBase64Url(bytes))], [bytes, bytes]);
  }
  for (const bad of ['A', 'AA', 'AAA', 'AA=', 'AB==', 'AAB=', 'AAAA=', '====', 'AA\n==', ' AAA', 'AA-_', 'A===']) {
    assert.equal(parseBase64(bad), undefined, bad);
  }
  for (const bad of ['A', 'AB', 'AAB', 'AA==', 'AA+/', 'AAA ']) {
    assert.equal(parseBase64Url(bad), undefined, bad);
  }
});

test('hex is lower case and of the right length', () => {
  assert.deepEqual(parseHex('00ff'), Uint8Array.of(0, 255));
  for (const bad of ['0', '0F', 'zz', ' 00', '00 ']) {
    assert.equal(parseHex(bad), undefined, bad);
  }
  assert.equal(parseHex('00', 2), undefined);
  assert.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)) && !equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)) && !equalBytes(Uint8Array.of(1), Uint8Array.of(2)));
});

test('numbers and texts have one encoding, and another is refused', () => {
  for (const value of [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const reader = new StrictCborReader(new CborEncoder().number(value).toBytes(), 'number', 100);
    assert.equal(reader.time(), value);
    reader.end();
  }
  for (const bad of ['1800', '190000', '1a0000ffff', '1b00000000ffffffff', '1b0020000000000000', '1bffffffffffffffff', '20', '1f', '18', '1c', 'f90000']) {
    assert.equal(codeOf(() => new StrictCborReader(parseHex(bad) ?? assert.fail(), 'number', 100).time()), 'statement_invalid', bad);
  }
  for (const bad of ['61ff', '5f', '7f', '6261', '62c328', '9b00ffffffffffffff', '7bffffffffffffffff']) {
    assert.equal(codeOf(() => new StrictCborReader(parseHex(bad) ?? assert.fail(), 'text', 100).text(10)), 'statement_invalid', bad);
  }
  assert.throws(() => utf8('\ud800'), RangeError);
  assert.throws(() => new CborEncoder().number(-1), RangeError);
  assert.throws(() => new CborEncoder().number(1.5), RangeError);
});

test('a wiped secret is gone, and cannot be used or shown', async () => {
  const key = SecretKey.generate();
  assert.ok(!JSON.stringify({ key }).includes(toHex(key.export())));
  const bytes = key.export();
  wiping(bytes, (secret) => assert.ok(secret.some((byte) => byte !== 0)));
  assert.ok(bytes.every((byte) => byte === 0));
  await wiping(key, async (secret) => await Promise.resolve(secret.publicKey));
  assert.throws(() => key.export(), /wiped/);
  assert.throws(() => key.signSchnorr(new Uint8Array(32)), /wiped/);
  const thrown = Uint8Array.of(1);
  assert.throws(() => wiping(thrown, () => assert.fail('on the way')));
  assert.equal(thrown[0], 0);
  for (const bad of [new Uint8Array(32), new Uint8Array(31).fill(1), new Uint8Array(32).fill(255)]) {
    assert.equal(SecretKey.tryImport(bad), undefined);
  }
});
