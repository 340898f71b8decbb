// protocol.md section 6, "Adaptors": pre-signatures whose final nonce has an even and an odd y, made here by a single signer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { sha256Hex, taggedHash } from '#dist/crypto/hashes.js';
import { keyOf, order, pointOf, verifySchnorr } from '#dist/crypto/publicKeys.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { type PreSigned, adapt, extract, nonceParity } from '#dist/signing/preSignature.js';
import { codeOf } from '../support/refusal.js';

const valueOf = (key: SecretKey): bigint => BigInt(`0x${toHex(key.export())}`);
const hexOf = (value: bigint): string => (((value % order) + order) % order).toString(16).padStart(64, '0');

function preSign(signer: SecretKey, adaptor: SecretKey, message = sha256Hex(Uint8Array.of(1))): PreSigned {
  const nonce = SecretKey.generate();
  const final = keyOf(pointOf(nonce.publicKey).add(pointOf(adaptor.publicKey)));
  const secret = signer.publicKey.startsWith('02') ? valueOf(signer) : order - valueOf(signer);
  const challenge = BigInt(`0x${toHex(taggedHash('BIP0340/challenge', fromHex(final.slice(2)), fromHex(signer.xOnlyKey), fromHex(message)))}`);
  const response = final.startsWith('02') ? valueOf(nonce) + challenge * secret : challenge * secret - valueOf(nonce);
  return { outputKey: signer.xOnlyKey, message, point: adaptor.publicKey, preSignature: (final.slice(2) + hexOf(response)) as never };
}

test('a pre-signature of either parity is completed by the secret, and the signature gives the secret away', () => {
  const parities = new Set<string>();
  for (let i = 0; i < 40 && parities.size < 2; i++) {
    const [signer, adaptor] = [SecretKey.generate(), SecretKey.generate()];
    const made = preSign(signer, adaptor);
    parities.add(nonceParity(made) ?? assert.fail());
    const completed = adapt(made, adaptor);
    assert.ok(verifySchnorr(made.outputKey, fromHex(made.message), completed));
    assert.ok(!verifySchnorr(made.outputKey, fromHex(made.message), made.preSignature));
    assert.equal(toHex(extract(made, completed).export()), toHex(adaptor.export()));
    assert.equal(codeOf(() => adapt(made, signer)), 'adaptor_mismatch');
    assert.equal(codeOf(() => extract(made, signer.signSchnorr(fromHex(made.message)))), 'adaptor_mismatch');
  }
  assert.equal(parities.size, 2);
});

test('a pre-signature of anything else does not verify', () => {
  const [signer, adaptor, other] = [SecretKey.generate(), SecretKey.generate(), SecretKey.generate()];
  const made = preSign(signer, adaptor);
  const wrong: readonly Partial<PreSigned>[] = [
    { outputKey: other.xOnlyKey }, { message: sha256Hex() }, { point: other.publicKey }, { preSignature: signer.signSchnorr(fromHex(made.message)) },
    { preSignature: (made.preSignature.slice(0, 64) + order.toString(16)) as never }, { preSignature: ('ff'.repeat(32) + made.preSignature.slice(64)) as never },
  ];
  wrong.forEach((change, index) => assert.equal(nonceParity({ ...made, ...change }), undefined, `change ${index}`));
  assert.equal(codeOf(() => adapt({ ...made, message: sha256Hex() }, adaptor)), 'presignature_invalid');
});
