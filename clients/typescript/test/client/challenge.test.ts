// protocol.md section 6, "Adaptors": several points for one item, each with a proof.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '#dist/bytes/bytes.js';
import { toHex } from '#dist/bytes/hex.js';
import { AdaptorChallenge, signingIdOf } from '#dist/client/adaptorChallenge.js';
import type { Group } from '#dist/client/group.js';
import { Curve, keyOf, pointOf } from '#dist/crypto/publicKeys.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { codeOf } from '../support/refusal.js';

const group = { rosterHash: '11'.repeat(32) } as unknown as Group;
const secrets = [SecretKey.generate(), SecretKey.generate(), SecretKey.generate()];
const points = secrets.map((secret) => secret.publicKey);

test('a challenge survives being written down, and is complete with every proof in any order', () => {
  const challenge = AdaptorChallenge.create(group, points);
  const read = AdaptorChallenge.parse(` ${challenge.toString()}\n`);
  assert.deepEqual([read.roster, read.signing, read.item, read.points, read.sum], [challenge.roster, challenge.signing, challenge.item, points, challenge.sum]);
  const proofs = secrets.map((secret) => read.prove(secret));
  const adaptor = challenge.complete([...proofs].reverse());
  assert.deepEqual(adaptor.points, points.map((point, index) => ({ point, proof: at(proofs, index) })));
  assert.equal(adaptor.point, keyOf(points.map(pointOf).reduce((sum, point) => sum.add(point), Curve.ZERO)));
  assert.equal(SecretKey.sum(secrets)?.publicKey, adaptor.point);
  assert.equal(codeOf(() => challenge.complete(proofs.slice(1))), 'adaptor_invalid');
  assert.equal(codeOf(() => challenge.complete([...proofs, SecretKey.generate().signSchnorr(new Uint8Array(32))])), 'adaptor_invalid');
  assert.equal(codeOf(() => challenge.prove(SecretKey.generate())), 'adaptor_mismatch');
  // A proof is for one request and item.
  assert.equal(codeOf(() => AdaptorChallenge.create(group, points).complete(proofs)), 'adaptor_invalid');
});

test('points that are too few, too many, equal, negated or cancel each other make none', () => {
  const negated = keyOf(pointOf(at(points, 0)).negate());
  const cancelling = keyOf(pointOf(at(points, 0)).add(pointOf(at(points, 1))).negate());
  const many = Array.from({ length: 17 }, () => SecretKey.generate().publicKey);
  for (const bad of [[], [at(points, 0)], many, [at(points, 0), at(points, 0)], [at(points, 0), negated], [at(points, 0), at(points, 1), cancelling]]) {
    assert.equal(codeOf(() => AdaptorChallenge.create(group, bad)), 'adaptor_invalid');
  }
});

test('a line that is damaged is refused', () => {
  const line = AdaptorChallenge.create(group, points).toString();
  for (const bad of ['', 'keymeldpoints1.', line.slice(0, -5), line.replace('keymeldpoints1', 'keymeldpoints2'), `${line}AAAA`, `${line.slice(0, 110)}${'_'.repeat(line.length - 110)}`]) {
    assert.equal(codeOf(() => AdaptorChallenge.parse(bad)), 'adaptor_invalid', bad);
  }
});

test('the challenges of a request are made together, one for each item', () => {
  const done = (challenge: AdaptorChallenge) => challenge.complete(secrets.map((secret) => challenge.prove(secret)));
  const first = AdaptorChallenge.create(group, points);
  const second = AdaptorChallenge.create(group, points, first);
  assert.equal(signingIdOf(group, [done(first), done(second)]), first.signing);
  assert.equal(signingIdOf(group, []), undefined);
  for (const bad of [[done(first), done(first)], [done(first), done(AdaptorChallenge.create(group, points))]]) {
    assert.equal(codeOf(() => signingIdOf(group, bad)), 'adaptor_invalid');
  }
  const elsewhere = { rosterHash: '22'.repeat(32) } as unknown as Group;
  assert.equal(codeOf(() => signingIdOf(elsewhere, [done(first)])), 'adaptor_invalid');
  assert.equal(codeOf(() => AdaptorChallenge.create(elsewhere, points, first)), 'adaptor_invalid');
  const secret = toHex(secrets[0]?.export() ?? assert.fail());
  assert.ok(!JSON.stringify({ first, secrets }).includes(secret));
});
