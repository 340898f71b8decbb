// Meanings that the vectors have no bytes for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { parseResult } from '#dist/statements/signingResult.js';
import { singleSignKind } from '#dist/statements/singleSign.js';
import { parseTerms } from '#dist/statements/terms.js';
import { codeOf } from '../support/refusal.js';

const terms = (write: (encoder: CborEncoder) => CborEncoder): Uint8Array => write(new CborEncoder().map(3).key('v').number(1)).toBytes();
const id = (digit: string): string => digit.repeat(32);

test('subsets of terms are strictly ascending', () => {
  const of = (...ids: readonly string[]) => terms((encoder) => {
    encoder.key('tweaks').array(0).key('subsets').map(ids.length);
    ids.forEach((one) => encoder.hex(one).array(0));
    return encoder;
  });
  assert.equal(parseTerms(of(id('1'), id('2'))).subsets.size, 2);
  for (const bad of [of(id('2'), id('1')), of(id('1'), id('1'))]) {
    assert.equal(codeOf(() => parseTerms(bad)), 'statement_invalid');
  }
});

test('a leaf has an even version, and a tree belongs to taproot alone', () => {
  const tweak = (type: string, leaf?: number) => terms((encoder) => {
    encoder.key('tweaks').array(1).map(leaf === undefined ? 1 : 2);
    if (leaf !== undefined) {
      encoder.key('tree').map(2).key('leaf').number(leaf).key('script').bytes(new Uint8Array(0));
    }
    return encoder.key('type').text(type).key('subsets').map(0);
  });
  assert.equal(parseTerms(tweak('taproot', 0xc0)).tweaks.tweaks.length, 1);
  for (const bad of [tweak('taproot', 0xc1), tweak('taproot', 0x100), tweak('taproot'), tweak('bip86', 0xc0)]) {
    assert.equal(codeOf(() => parseTerms(bad)), 'statement_invalid');
  }
});

test('an error of a result has the form of a code', () => {
  const of = (error: string) => new CborEncoder().array(1).map(2).key('item').hex(id('1')).key('error').text(error).toBytes();
  assert.equal(parseResult(of('brand_new_1'))[0]?.kind, 'failed');
  for (const bad of ['', 'A', 'a b', '\u001b[31m', 'x'.repeat(65)]) {
    assert.equal(codeOf(() => parseResult(of(bad))), 'statement_invalid', bad);
  }
});

test('a single-sign lives longer than nothing and at most 24 hours', () => {
  const of = (expires: number) => new CborEncoder().map(7).key('v').number(1).key('key').hex(id('11')).key('sealed').hex(id('22')).key('created').number(1000).key('expires').number(expires)
    .key('request').hex(id('3')).key('algorithm').text('ecdsa').toBytes();
  assert.equal(singleSignKind.parse(of(1000 + 86_400_000)).expires, 86_401_000);
  for (const bad of [1000, 0, 1001 + 86_400_000]) {
    assert.equal(codeOf(() => singleSignKind.parse(of(bad))), 'statement_invalid');
  }
});
