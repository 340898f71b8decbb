// What a client would write itself is held to the same rules as what it reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { parseIdentity } from '#dist/statements/identity.js';
import { keyKind } from '#dist/statements/keyStatement.js';
import { manifestKind } from '#dist/statements/manifest.js';
import { registrationKind } from '#dist/statements/registration.js';
import { approvalKind, cancelKind, eraseKind, keyEraseKind } from '#dist/statements/shortStatements.js';
import { signingRequestKind } from '#dist/statements/signingRequest.js';
import { singleSignKind } from '#dist/statements/singleSign.js';
import type { StatementKind } from '#dist/statements/signed.js';
import { codeOf } from '../support/refusal.js';
import { Vectors } from '../support/vectors.js';

const all = Vectors.own();
const cases: readonly (readonly [StatementKind<never>, string])[] = [
  [manifestKind, 'manifest.statement'], [signingRequestKind, 'signing.request'], [approvalKind, 'signing.approve'], [cancelKind, 'signing.cancel'], [eraseKind, 'erase.0'],
  [keyKind, 'single_key.key'], [keyEraseKind, 'single_key.erase'], [singleSignKind, 'single_key.sign.0.statement'],
] as never;

test('a time that is none is never written', () => {
  for (const [kind, path] of cases) {
    const value: object = kind.parse(all.bytes(`${path}.bytes`));
    for (const created of [-1, 1.5, Number.NaN, 2 ** 53]) {
      assert.equal(codeOf(() => kind.encode({ ...value, created } as never)), 'statement_invalid', path);
    }
  }
  const manifest = manifestKind.parse(all.bytes('manifest.statement.bytes'));
  for (const change of [{ joinBy: -1 }, { signUntil: 0.5 }, { enclaves: manifest.enclaves.map((one) => ({ ...one, epoch: -1 })) }, { enclaves: manifest.enclaves.map((one) => ({ ...one, id: 2 ** 31 })) }]) {
    assert.equal(codeOf(() => manifestKind.encode({ ...manifest, ...change })), 'statement_invalid');
  }
});

test('a manifest without enclaves or members, and a registration with a member key of another size, are never written', () => {
  const manifest = manifestKind.parse(all.bytes('manifest.statement.bytes'));
  const [subset] = manifest.subsets;
  const approvals = { ...manifest.approvals, threshold: 0.5 };
  for (const change of [{ enclaves: [] }, { participants: [], subsets: [], approvals: { members: [], threshold: 0 }, unattended: true }, { subsets: [{ ...subset, members: [0] }] }, { approvals }]) {
    assert.equal(codeOf(() => manifestKind.encode({ ...manifest, ...change } as never)), 'statement_invalid');
  }
  const registration = registrationKind.parse(all.bytes('registrations.0.statement.bytes'));
  assert.equal(codeOf(() => registrationKind.encode({ ...registration, memberKey: registration.memberKey.slice(1) })), 'statement_invalid');
  const many = { ...manifest, subsets: Array.from({ length: 201 }, (_, i) => ({ id: i.toString(16).padStart(32, '0') as never, members: [0, 1] })) };
  assert.equal(codeOf(() => manifestKind.encode(many)), 'limit_exceeded');
});

test('a single key is not kept at home, and an envelope is there exactly when it was imported', () => {
  const key = keyKind.parse(all.bytes('single_key.key.bytes'));
  for (const change of [{ source: 'home' as const }, { source: 'made' as const }, { envelope: undefined }]) {
    assert.equal(codeOf(() => keyKind.encode({ ...key, ...change })), 'statement_invalid');
  }
});

test('an identity has ascending epochs', () => {
  const keys = [SecretKey.generate(), SecretKey.generate()];
  const identity = (...epochs: readonly number[]): Uint8Array => {
    const encoder = new CborEncoder().map(10).key('v').number(1).key('id').number(0).key('kms').text('arn').key('boot').hex('00'.repeat(16)).key('keys').array(epochs.length);
    epochs.forEach((epoch, i) => encoder.map(3).key('key').hex(keys[i]?.publicKey ?? '').key('sign').hex(keys[i]?.xOnlyKey ?? '').key('epoch').number(epoch));
    encoder.key('mode').text('development').key('config').hex('00'.repeat(32)).key('purpose').text('identity').key('software').text('s').key('protocols').array(1).number(1);
    return encoder.toBytes();
  };
  assert.deepEqual(parseIdentity(identity(1, 2)).keys.map((one) => one.epoch), [1, 2]);
  assert.equal(codeOf(() => parseIdentity(identity(2, 1))), 'statement_invalid');
  assert.equal(codeOf(() => parseIdentity(identity(1, 1))), 'statement_invalid');
});
