// vectors/protocol/keymeld-v1.json: one fixed-key example of every statement, hash, aad, envelope and ciphertext, made by the C# implementation.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '#dist/bytes/hex.js';
import { verifyManifest } from '#dist/client/groupOffer.js';
import { decryptWire, encryptWire } from '#dist/crypto/aesGcmWire.js';
import { open, seal } from '#dist/crypto/hpke.js';
import { aad } from '#dist/groups/aad.js';
import { Invitation } from '#dist/groups/invitation.js';
import { receiptDigest, verifyReceipts } from '#dist/groups/receipt.js';
import { Roster } from '#dist/groups/roster.js';
import { SessionSecret } from '#dist/groups/sessionSecret.js';
import { authorize } from '#dist/http/authorization.js';
import { keyBinding, sealKey } from '#dist/keys/keyAdding.js';
import { openMadeKey } from '#dist/keys/madeKeyAnswer.js';
import { readDecision } from '#dist/signing/approvalRule.js';
import { openResult } from '#dist/signing/signedResult.js';
import { verifyRequest } from '#dist/signing/verifiedRequest.js';
import { identityUserData, parseIdentity } from '#dist/statements/identity.js';
import { keyKind } from '#dist/statements/keyStatement.js';
import { readStatement } from '#dist/statements/signed.js';
import { singleSignKind } from '#dist/statements/singleSign.js';
import { kindOf } from '../support/kinds.js';
import { Vectors } from '../support/vectors.js';

const all = Vectors.own();
const session = (): SessionSecret => SessionSecret.import(all.bytes('manifest.session_secret'));
const roster = (): Roster => Roster.verify(verifyManifest(all.statement('manifest.statement')), all.bytes('manifest.terms.wire'), session(),
  all.list('registrations').map((one) => one.statement('statement')));
const request = () => verifyRequest(roster(), all.statement('signing.request'), all.bytes('signing.items.wire'), session());

describe("the project's own vectors", () => {
  test('every statement verifies, is encoded to the same bytes and signed to the same signatures', () => {
    const cases = all.find((one) => one.has('type') && one.has('signatures'));
    assert.equal(cases.length, 20);
    for (const one of cases) {
      const kind = kindOf(one.text('type')) ?? assert.fail(one.text('type'));
      const signed = one.list('signatures');
      const statement = { statement: one.bytes('bytes'), signatures: signed.map((each) => each.signature('signature')) };
      const verified = readStatement(kind, statement).verify('statement_invalid', ...signed.map((each) => each.xOnly('public')));
      assert.deepEqual([verified.digest, verified.hash, toHex(kind.encode(verified.value))], [one.text('digest'), one.text('sha256'), one.text('bytes')]);
      signed.forEach((each) => assert.equal(each.secret('secret').signSchnorr(one.bytes('digest'), each.bytes('aux')), each.text('signature')));
    }
  });

  test('every envelope is sealed to the same bytes and opens', () => {
    const cases = all.find((one) => one.has('ephemeral_secret'));
    assert.equal(cases.length, 12);
    for (const one of cases) {
      const [purpose, bound, plaintext] = [one.text('purpose'), one.bytes('aad'), one.bytes('plaintext')];
      assert.equal(toHex(seal(one.publicKey('recipient_public'), purpose, bound, plaintext, one.secret('ephemeral_secret'))), one.text('wire'));
      assert.equal(toHex(open(one.secret('recipient_secret'), purpose, bound, one.bytes('wire')) ?? assert.fail()), one.text('plaintext'));
    }
  });

  test('every other ciphertext is encrypted to the same bytes and opens', () => {
    const cases = all.find((one) => one.has('nonce') && one.has('key') && one.has('wire'));
    assert.ok(cases.length >= 20);
    for (const one of cases) {
      assert.equal(toHex(encryptWire(one.bytes('key'), one.bytes('aad'), one.bytes('plaintext'), one.bytes('nonce'))), one.text('wire'));
      assert.equal(toHex(decryptWire(one.bytes('key'), one.bytes('aad'), one.bytes('wire')) ?? assert.fail()), one.text('plaintext'));
    }
  });

  test('identities are read, and hash to the user data of their attestation', () => {
    for (const one of all.list('enclaves')) {
      const { keys } = parseIdentity(one.bytes('identity'));
      assert.deepEqual([keys.at(-1)?.key, keys.at(-1)?.sign], [one.text('identity_public'), one.text('statement_public')]);
      assert.equal(toHex(identityUserData(one.bytes('identity'))), one.text('user_data'));
    }
  });

  test('the roster and its receipts verify', () => {
    const group = roster();
    assert.deepEqual([group.rosterHash, group.fingerprint, group.outputKeysHash], [all.text('roster.hash'), all.text('roster.fingerprint'), all.text('roster.output_keys_hash')]);
    assert.deepEqual(group.outputKeys, all.at('roster.output_keys').value);
    verifyReceipts(group, all.list('roster.receipts').map((one, enclave) => ({ enclave, signature: one.signature('signature') })));
    assert.equal(receiptDigest(group.rosterHash, 0, group.outputKeysHash).length, 32);
  });

  test('the request opens, decisions are read, and the result is verified item by item', () => {
    const verified = request();
    assert.equal(readDecision(verified.roster, verified.request.digest, all.statement('signing.approve')).approved, true);
    assert.equal(readDecision(verified.roster, verified.request.digest, all.statement('signing.reject')).approved, false);
    const result = all.at('signing.rounds.result');
    const results = openResult(verified, session(), {
      attempt: 1, node: { kind: 'enclave', index: result.number('node.1') }, boot: result.id('boot'), tau: all.hash('signing.rounds.tau'), blob: result.bytes('wire'),
      signature: result.signature('signed.signature'),
    });
    assert.deepEqual(results.map((one) => (one.kind === 'completed' ? one.signature : one.kind === 'presigned' ? one.preSignature : one.error)), all.at('signing.rounds.signatures').value);
  });

  test('single keys are bound, sealed and answered as they should be', () => {
    const key = keyKind.parse(all.bytes('single_key.key.bytes'));
    assert.equal(toHex(keyBinding(key)), all.text('single_key.kb'));
    const plaintext = all.bytes('single_key.import.plaintext');
    const secret = new Vectors({ secret: toHex(plaintext.slice(0, 32)) }).secret('secret');
    assert.equal(toHex(sealKey(key, secret, plaintext.slice(32), all.secret('single_key.import.ephemeral_secret'))), all.text('single_key.import.wire'));
    assert.equal(openMadeKey(plaintext.slice(32), keyBinding(key), all.bytes('single_key.answer.wire')).key, secret.publicKey);
    const signs = all.list('single_key.sign');
    assert.equal(signs.length, 4);
    for (const one of signs) {
      const statement = singleSignKind.parse(one.bytes('statement.bytes'));
      assert.equal(toHex(aad.singleSign(statement.key, statement.request)), one.text('blob.aad'));
    }
  });

  test('headers and invitations are written as they should be', () => {
    assert.equal(all.list('http').length, 3);
    for (const one of all.list('http')) {
      const call = { method: one.text('method'), authority: one.text('authority'), target: one.text('target'), body: one.bytes('body'), timestamp: one.number('ts') };
      assert.equal(authorize(call, one.secret('signed.secret'), one.id('nonce'), one.bytes('signed.aux')), one.text('header'));
    }
    assert.equal(all.list('invitations').length, 2);
    for (const one of all.list('invitations')) {
      const admission = one.has('admission') ? one.bytes('admission') : undefined;
      assert.equal(Invitation.create(one.text('gateway'), one.hash('manifest'), one.id('user'), admission, one.bytes('secret')).reveal(), one.text('text'));
      const read = Invitation.parse(`  ${one.text('text')}\n`);
      assert.deepEqual([read.gateway, read.manifest, read.user], [one.text('gateway'), one.text('manifest'), one.text('user')]);
      assert.deepEqual([toHex(read.exportSecret()), read.exportAdmission() && toHex(read.exportAdmission() ?? assert.fail())], [one.text('secret'), admission && toHex(admission)]);
    }
  });
});
