// BIP-327: nonces, partial signatures and tweaks of the standard's vectors; the rounds of the protocol's own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, concat } from '#dist/bytes/bytes.js';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { KeyAggregation } from '#dist/crypto/keyAggregation.js';
import { type PublicKey, Curve, keyOf, numberOf, order, parsePublicKey, pointOf, scalarBytes, verifySchnorr } from '#dist/crypto/publicKeys.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { AggregateNonce, parsePublicNonce } from '#dist/musig/aggregateNonce.js';
import { SecretNonce, nonceScalars, publicNonceOf } from '#dist/musig/secretNonce.js';
import { SigningSession } from '#dist/musig/signingSession.js';
import { adapt, nonceParity } from '#dist/signing/preSignature.js';
import { taggedHash as tagged } from '#dist/crypto/hashes.js';
import { codeOf } from '../support/refusal.js';
import { Vectors, sharedVectorsMissing } from '../support/vectors.js';

const hexes = (vectors: Vectors, name: string): Uint8Array[] => (vectors.at(name).value as string[]).map((text) => fromHex(text.toLowerCase()));
const indices = (vectors: Vectors, name: string): number[] => vectors.at(name).value as number[];
const bytesAt = (vectors: Vectors, name: string): Uint8Array => fromHex(vectors.text(name).toLowerCase());
const optional = (vectors: Vectors, name: string): Uint8Array | undefined => (vectors.at(name).value === null ? undefined : bytesAt(vectors, name));
const keyFrom = (bytes: Uint8Array): PublicKey => parsePublicKey(toHex(bytes)) ?? assert.fail('no key');

/** A nonce of two points as they are given: what the BIP aggregates. */
function aggregated(bytes: Uint8Array): AggregateNonce {
  const point = (part: Uint8Array) => (part.every((byte) => byte === 0) ? Curve.ZERO : pointOf(keyFrom(part)));
  return new AggregateNonce(point(bytes.slice(0, 33)), point(bytes.slice(33)));
}

describe('BIP-327', { skip: sharedVectorsMissing }, () => {
  test('nonces are generated from randomness and everything that is known', () => {
    const cases = Vectors.shared('bip327/nonce_gen_vectors.json').list('test_cases');
    assert.equal(cases.length, 4);
    for (const one of cases) {
      const scalars = nonceScalars(bytesAt(one, 'rand_'), {
        key: bytesAt(one, 'pk'), secret: optional(one, 'sk'), aggregate: optional(one, 'aggpk'), message: optional(one, 'msg'), extra: optional(one, 'extra_in'),
      });
      assert.equal(toHex(concat(scalars, bytesAt(one, 'pk'))), one.text('expected_secnonce').toLowerCase());
      assert.equal(toHex(publicNonceOf(scalars)), one.text('expected_pubnonce').toLowerCase());
    }
  });

  test('nonces are aggregated, and what is no nonce is none', () => {
    const vectors = Vectors.shared('bip327/nonce_agg_vectors.json');
    const nonces = hexes(vectors, 'pnonces').map(parsePublicNonce);
    const valid = vectors.list('valid_test_cases');
    assert.equal(valid.length, 2);
    for (const one of valid) {
      const some = indices(one, 'pnonce_indices').map((index) => nonces[index] ?? assert.fail());
      assert.equal(toHex(AggregateNonce.aggregate(some).toBytes()), one.text('expected').toLowerCase());
    }
    const failing = vectors.list('error_test_cases');
    assert.equal(failing.length, 3);
    for (const one of failing) {
      assert.equal(nonces[at(indices(one, 'pnonce_indices'), one.number('error.signer'))], undefined);
    }
  });

  test('partial signatures are made to the same bytes, and verify or do not', () => {
    const vectors = Vectors.shared('bip327/sign_verify_vectors.json');
    const [keys, nonces, sums, messages] = ['pubkeys', 'pnonces', 'aggnonces', 'msgs'].map((name) => hexes(vectors, name));
    const secret = SecretKey.tryImport(bytesAt(vectors, 'sk')) ?? assert.fail();
    const scalars = at(hexes(vectors, 'secnonces'), 0).slice(0, 64);
    const valid = vectors.list('valid_test_cases');
    assert.equal(valid.length, 6);
    for (const one of valid) {
      const message = at(messages ?? [], one.number('msg_index'));
      const group = KeyAggregation.aggregate(indices(one, 'key_indices').map((index) => keyFrom(at(keys ?? [], index))));
      const session = new SigningSession(aggregated(at(sums ?? [], one.number('aggnonce_index'))), message, group);
      const nonce = SecretNonce.adopt(scalars, secret.publicKey, group, message);
      const partial = session.sign(nonce, secret);
      assert.equal(toHex(partial), one.text('expected').toLowerCase());
      assert.equal(codeOf(() => session.sign(nonce, secret)), 'nonce_already_used');
      const own = parsePublicNonce(at(nonces ?? [], at(indices(one, 'nonce_indices'), one.number('signer_index')))) ?? assert.fail();
      assert.ok(session.verifies(partial, own, secret.publicKey));
      assert.ok(!session.verifies(scalarBytes(order - numberOf(partial)), own, secret.publicKey));
      assert.ok(!session.verifies(new Uint8Array(32).fill(0xff), own, secret.publicKey));
    }
    // A key that is not among the signers' signs nothing.
    const others = KeyAggregation.aggregate([keyFrom(at(keys ?? [], 1)), keyFrom(at(keys ?? [], 2))]);
    assert.throws(() => SecretNonce.generate(secret, others, new Uint8Array(32), new Uint8Array(32)), RangeError);
    const stranger = SecretNonce.adopt(scalars, secret.publicKey, others, new Uint8Array(32));
    assert.throws(() => new SigningSession(aggregated(at(sums ?? [], 0)), new Uint8Array(32), others).sign(stranger, secret), RangeError);
  });

  test('tweaks of the key are signed for', () => {
    const vectors = Vectors.shared('bip327/tweak_vectors.json');
    const [keys, tweaks] = ['pubkeys', 'tweaks'].map((name) => hexes(vectors, name));
    const [message, secret] = [bytesAt(vectors, 'msg'), SecretKey.tryImport(bytesAt(vectors, 'sk')) ?? assert.fail()];
    const cases = vectors.list('valid_test_cases');
    assert.equal(cases.length, 5);
    for (const one of cases) {
      const isXOnly = one.at('is_xonly').value as boolean[];
      const group = indices(one, 'tweak_indices').map((index) => at(tweaks ?? [], index))
        .reduce((sum, tweak, i) => (isXOnly[i] === true ? sum.withXOnlyTweak(tweak) : sum.withPlainTweak(tweak)), KeyAggregation.aggregate(indices(one, 'key_indices').map((index) => keyFrom(at(keys ?? [], index)))));
      const nonce = SecretNonce.adopt(bytesAt(vectors, 'secnonce').slice(0, 64), secret.publicKey, group, message);
      assert.equal(toHex(new SigningSession(aggregated(bytesAt(vectors, 'aggnonce')), message, group).sign(nonce, secret)), one.text('expected').toLowerCase());
    }
  });
});

test('a nonce is good for one signature of what it was made for, and never shown', () => {
  const [alice, bob] = [SecretKey.generate(), SecretKey.generate()];
  const group = KeyAggregation.aggregate([alice.publicKey, bob.publicKey]);
  const [message, extra] = [new Uint8Array(32).fill(1), new Uint8Array(32)];
  const draw = (of: SecretKey) => SecretNonce.generate(of, group, message, extra);
  const [first, again] = [draw(alice), draw(alice)];
  assert.notDeepEqual(first.publicNonce, again.publicNonce); // equal inputs, fresh randomness
  const sum = AggregateNonce.aggregate([first, draw(bob)].map((nonce) => parsePublicNonce(nonce.publicNonce) ?? assert.fail()));
  for (const [wrong, key] of [[new SigningSession(sum, new Uint8Array(32), group), alice], [new SigningSession(sum, message, group.withPlainTweak(extra.map(() => 1))), alice], [new SigningSession(sum, message, group), bob]] as const) {
    const nonce = draw(alice);
    assert.throws(() => wrong.sign(nonce, key), RangeError);
    assert.equal(codeOf(() => wrong.sign(nonce, alice)), 'nonce_already_used');
  }
  again.wipe();
  assert.equal(codeOf(() => new SigningSession(sum, message, group).sign(again, alice)), 'nonce_already_used');
  assert.deepEqual([String(first), JSON.stringify({ first })], ['SecretNonce', '{"first":"SecretNonce"}']);
});

test('two signers make signatures and pre-signatures of any parity', () => {
  for (let i = 0; i < 12; i++) {
    const [signers, t] = [[SecretKey.generate(), SecretKey.generate(), SecretKey.generate()], SecretKey.generate()];
    const sorted = KeyAggregation.aggregate(KeyAggregation.sort(signers.map((one) => one.publicKey)));
    const group = i % 3 === 0 ? sorted : sorted.withXOnlyTweak(scalarBytes(BigInt(1 + i)));
    const message = new Uint8Array(32).fill(i);
    const nonces = signers.map((one) => SecretNonce.generate(one, group, message, new Uint8Array(32)));
    const plain = AggregateNonce.aggregate(nonces.map((nonce) => parsePublicNonce(nonce.publicNonce) ?? assert.fail()));
    const sum = i % 2 === 0 ? plain : plain.withAdaptor(t.publicKey);
    const session = new SigningSession(sum, message, group);
    const partials = signers.map((one, index) => numberOf(session.sign(at(nonces, index), one)));
    // What an enclave does in Combine, by the BIP: the last tweak goes into the sum.
    const tacc = group === sorted ? 0n : BigInt(1 + i);
    const key = group.aggregate.startsWith('02') ? 1n : order - 1n;
    const coefficient = numberOf(tagged('MuSig/noncecoef', sum.toBytes(), fromHex(group.outputKey), message)) % order;
    const nonce = keyOf(sum.first.add(sum.second.multiplyUnsafe(coefficient)));
    const challenge = numberOf(tagged('BIP0340/challenge', fromHex(nonce.slice(2)), fromHex(group.outputKey), message)) % order;
    const response = (partials.reduce((total, value) => total + value, 0n) + challenge * key * tacc) % order;
    const made = (nonce.slice(2) + toHex(scalarBytes(response))) as never;
    if (i % 2 === 0) {
      assert.ok(verifySchnorr(group.outputKey, message, made), `signature ${i}`);
    } else {
      const preSigned = { outputKey: group.outputKey, message: toHex(message) as never, point: t.publicKey, preSignature: made };
      assert.notEqual(nonceParity(preSigned), undefined);
      assert.ok(verifySchnorr(group.outputKey, message, adapt(preSigned, t)));
    }
  }
});
