// ../shared/vectors/protocol: made by an implementation independent of this one and of the C# one, from the text of protocol.md alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { decryptWire, encryptWire } from '#dist/crypto/aesGcmWire.js';
import { deriveLabelled } from '#dist/crypto/derivation.js';
import { sha256Hex, taggedHex } from '#dist/crypto/hashes.js';
import { open, seal } from '#dist/crypto/hpke.js';
import { KeyAggregation } from '#dist/crypto/keyAggregation.js';
import { parsePublicKey, parseSignature, parseXOnlyKey, verifySchnorr } from '#dist/crypto/publicKeys.js';
import { SessionSecret } from '#dist/groups/sessionSecret.js';
import { memberBinding, openMemberKey, proofDigest } from '#dist/groups/memberKey.js';
import { receiptDigest, verifyReceipts } from '#dist/groups/receipt.js';
import { Roster } from '#dist/groups/roster.js';
import { treeRoot } from '#dist/groups/scriptTrees.js';
import { KeyMeldError } from '#dist/errors/keyMeldError.js';
import { authorize, callDigest } from '#dist/http/authorization.js';
import { awaitedBy, readDecision } from '#dist/signing/approvalRule.js';
import { adapt, extract } from '#dist/signing/preSignature.js';
import { openResult } from '#dist/signing/signedResult.js';
import { roundDigest } from '#dist/signing/roundBlob.js';
import { adaptorProofDigest, verifyRequest } from '#dist/signing/verifiedRequest.js';
import { verifyManifest } from '#dist/client/groupOffer.js';
import { identityUserData } from '#dist/statements/identity.js';
import { registrationKind } from '#dist/statements/registration.js';
import { readStatement, statementDigest } from '#dist/statements/signed.js';
import { parseItems } from '#dist/statements/signingItems.js';
import { singleSignKind } from '#dist/statements/singleSign.js';
import { encodeValue, kindOf, notForClients, recode } from '../support/kinds.js';
import { codeOf } from '../support/refusal.js';
import { Vectors, sharedVectorsMissing } from '../support/vectors.js';

describe('protocol vectors', { skip: sharedVectorsMissing }, () => {
  const all = sharedVectorsMissing === false ? Vectors.shared('protocol/v1.json') : new Vectors({});
  const session = (): SessionSecret => SessionSecret.import(all.bytes('manifest.session_secret'));
  const roster = (): Roster => Roster.verify(verifyManifest(all.statement('manifest.statement')), all.bytes('manifest.encrypted_terms.wire'), session(),
    all.list('registrations').map((one) => one.statement('statement')));
  const request = () => verifyRequest(roster(), all.statement('signing.request'), all.bytes('signing.items.wire'), session());
  const mustFail = (kind: string, count: number): Vectors[] => {
    const cases = all.list('must_fail').filter((one) => one.text('kind') === kind);
    assert.equal(cases.length, count);
    return cases;
  };

  test('every tag hashes the empty string as it should', () => {
    const cases = all.list('tagged_hash');
    assert.equal(cases.length, 20);
    cases.forEach((one) => assert.equal(taggedHex(one.text('tag'), one.bytes('input')), one.text('output')));
  });

  test('single values are encoded deterministically', () => {
    const cases = all.list('cbor').filter((one) => !(Number(one.at('value').value) > Number.MAX_SAFE_INTEGER));
    assert.equal(cases.length, 19); // all but 2^63 - 1, which no member of the protocol can be
    cases.forEach((one) => assert.equal(toHex(encodeValue(new CborEncoder(), one.at('value').value).toBytes()), one.text('bytes')));
    assert.throws(() => new CborEncoder().number(2 ** 53), RangeError);
  });

  test('every accepted structure is taken, and encoded again to the same bytes', () => {
    const cases = all.list('accepted').filter((one) => !notForClients.includes(one.text('type')));
    assert.equal(cases.length, 13);
    for (const one of cases) {
      const again = recode[one.text('type')]?.(one.bytes('bytes'));
      assert.equal(again === undefined ? undefined : toHex(again), ['identity', 'result'].includes(one.text('type')) ? undefined : one.text('bytes'), one.text('type'));
    }
  });

  test('whatever is taken is encoded to the same bytes: there is one encoding of each value', () => {
    let taken = 0;
    for (const one of all.list('accepted').filter((each) => recode[each.text('type')]?.(each.bytes('bytes')) !== undefined)) {
      const bytes = one.bytes('bytes');
      for (let i = 0; i < bytes.length; i++) {
        const changed = Uint8Array.from(bytes, (byte, at) => (at === i ? byte ^ ([0x01, 0x20, 0x80, 0xff][i & 3] ?? 0) : byte));
        const again = reencoded(one.text('type'), changed);
        assert.ok(again === undefined || again === toHex(changed), `${one.text('type')} with byte ${i} changed`);
        taken += again === undefined ? 0 : 1;
      }
    }
    assert.ok(taken > 300);
  });

  test('every refused structure is refused with a code', () => {
    const cases = all.list('refused').filter((one) => !notForClients.includes(one.text('type')));
    assert.equal(cases.length, 741 - 5);
    for (const one of cases) {
      const read = recode[one.text('type')];
      assert.ok(read !== undefined, one.text('type'));
      assert.match(codeOf(() => read(one.bytes('bytes'))), /^(statement_invalid|limit_exceeded)$/, `${one.text('type')}: ${one.text('case')}`);
    }
  });

  test('every statement verifies under its keys and no others, and signs to the same signature', () => {
    const cases = all.find((one) => one.has('type') && one.has('signatures') && one.has('digest'));
    assert.equal(cases.length, 21);
    for (const one of cases) {
      const kind = kindOf(one.text('type'));
      assert.ok(kind !== undefined);
      const statement = { statement: one.bytes('bytes'), signatures: one.list('signatures').map((signed) => signed.signature('signature')) };
      const keys = one.list('signatures').map((signed) => signed.xOnly('public'));
      const verified = readStatement(kind, statement).verify('statement_invalid', ...keys);
      assert.deepEqual([verified.digest, verified.hash], [one.text('digest'), one.text('sha256')]);
      assert.equal(toHex(kind.encode(verified.value)), one.text('bytes'));
      for (const signed of one.list('signatures')) {
        assert.equal(signed.secret('secret').signSchnorr(one.bytes('digest'), signed.bytes('aux')), signed.text('signature'));
      }
      const stranger = all.secret('and_adaptor.sum_secret').xOnlyKey;
      for (const wrong of [[], [...keys, ...keys], keys.map(() => stranger)]) {
        assert.equal(codeOf(() => readStatement(kind, statement).verify('statement_invalid', ...wrong)), 'statement_invalid');
      }
      assert.equal(codeOf(() => readStatement(kind, { ...statement, signatures: [] }).verify('statement_invalid')), 'statement_invalid');
    }
  });

  test('every signature that must not verify does not', () => {
    for (const one of mustFail('signature', 10)) {
      const [key, signature] = [parseXOnlyKey(one.text('public')), parseSignature(one.text('signature'))];
      const verifies = key !== undefined && signature !== undefined && verifySchnorr(key, fromHex(statementDigest(one.text('type'), one.bytes('bytes'))), signature);
      assert.ok(!verifies, one.text('case'));
    }
  });

  test('every registration that must fail does', () => {
    const { admission } = verifyManifest(all.statement('manifest.statement')).value.participants[0] ?? assert.fail();
    for (const one of mustFail('registration', 3)) {
      const read = readStatement(registrationKind, { statement: one.bytes('statement'), signatures: one.list('signatures').map((signature) => signature.value as never) });
      assert.equal(codeOf(() => read.verify('registration_invalid', admission, read.value.auth)), 'registration_invalid', one.text('case'));
    }
  });

  test('every envelope opens, seals again to the same bytes, and those that must not open do not', () => {
    const cases = all.find((one) => one.has('ephemeral_secret') && one.has('wire'));
    assert.equal(cases.length, 11);
    for (const one of cases) {
      const [purpose, aad, plaintext] = [one.text('purpose'), one.bytes('aad'), one.bytes('plaintext')];
      assert.equal(toHex(seal(one.publicKey('recipient_public'), purpose, aad, plaintext, one.secret('ephemeral_secret'))), one.text('wire'));
      assert.equal(toHex(open(one.secret('recipient_secret'), purpose, aad, one.bytes('wire')) ?? assert.fail(one.text('comment'))), one.text('plaintext'));
      if (one.has('aad_parts')) {
        assert.equal(toHex(encodeValue(new CborEncoder(), one.at('aad_parts').value).toBytes()), one.text('aad'));
      }
    }
    for (const one of mustFail('hpke', 15)) {
      assert.equal(open(one.secret('recipient_secret'), one.text('purpose'), one.bytes('aad'), one.bytes('wire')), undefined, one.text('case'));
    }
  });

  test('every session ciphertext opens under its own key, and those that must not open do not', () => {
    const cases = all.find((one) => one.has('session_secret') && one.has('manifest_hash') && one.has('wire') && !one.has('case'));
    assert.equal(cases.length, 13);
    for (const one of cases) {
      const [secret, manifest, purpose, aad] = [SessionSecret.import(one.bytes('session_secret')), one.hash('manifest_hash'), one.text('purpose'), one.bytes('aad')];
      const key = secret.deriveKey(manifest, purpose, aad);
      assert.equal(toHex(key), one.text('key'));
      assert.equal(toHex(encryptWire(key, aad, one.bytes('plaintext'), one.bytes('nonce'))), one.text('wire'));
      assert.equal(toHex(secret.decrypt(manifest, purpose, aad, one.bytes('wire')) ?? assert.fail(one.text('comment'))), one.text('plaintext'));
    }
    for (const one of mustFail('session', 13)) {
      const opened = SessionSecret.import(one.bytes('session_secret')).decrypt(one.hash('manifest_hash'), one.text('purpose'), one.bytes('aad'), one.bytes('wire'));
      assert.equal(opened, undefined, one.text('case'));
    }
  });

  test('answers of enclaves open under the response secret', () => {
    const cases = all.find((one) => one.has('response_secret') && one.has('info_text'));
    assert.equal(cases.length, 7);
    for (const one of cases) {
      const key = deriveLabelled(one.bytes('response_secret'), one.text('info_text'));
      assert.equal(toHex(key), one.text('key'));
      assert.equal(toHex(decryptWire(key, one.bytes('aad'), one.bytes('wire')) ?? assert.fail()), one.text('plaintext'));
    }
  });

  test('identities hash to the user data of their attestation', () => {
    assert.equal(all.list('enclaves').length, 2);
    all.list('enclaves').forEach((one) => assert.equal(toHex(identityUserData(one.bytes('identity'))), one.text('user_data')));
  });

  test('registrations bind, prove and open as they should', () => {
    const manifest = verifyManifest(all.statement('manifest.statement'));
    assert.equal(manifest.digest, all.text('manifest.manifest_hash'));
    all.list('registrations').forEach((one, place) => {
      const registration = registrationKind.parse(one.bytes('statement.bytes'));
      const binding = memberBinding(registration, manifest.value.participants[place]?.enclave);
      assert.equal(toHex(binding), one.text('B'));
      const member = openMemberKey(session(), manifest.digest, binding, registration.memberKey);
      assert.deepEqual([member.key, member.proof], [one.text('member_public'), one.text('pop')]);
      assert.equal(toHex(proofDigest(binding, member.key)), one.text('pop_digest'));
    });
  });

  test('the roster, its fingerprint, all keys and receipts are what they should be', () => {
    const group = roster();
    assert.deepEqual([group.rosterHash, group.fingerprint, group.outputKeysHash], [all.text('roster.roster_hash'), all.text('roster.fingerprint'), all.text('roster.output_keys_hash')]);
    assert.deepEqual(group.outputKeys, all.list('roster.output_keys').map((one) => one.text('key')));
    const sorted = KeyAggregation.sort(group.members.map((member) => member.key));
    assert.deepEqual(sorted, all.at('roster.sorted_member_keys').value);
    assert.ok(all.text('roster.aggregate_untweaked').endsWith(KeyAggregation.aggregate(sorted).outputKey));
    const receipts = all.list('roster.receipts').map((one) => ({ enclave: one.number('enclave'), signature: one.signature('signature') }));
    receipts.forEach((one, index) => assert.equal(toHex(receiptDigest(group.rosterHash, one.enclave, group.outputKeysHash)), all.text(`roster.receipts.${index}.digest`)));
    verifyReceipts(group, receipts);
    assert.equal(toHex(treeRoot(treeOf(all.at('manifest.taproot.tree').value))), all.text('manifest.taproot.root'));
  });

  test('the request opens, its approvals count, and its result holds what was signed', () => {
    const verified = request();
    assert.equal(verified.request.digest, all.text('signing.D'));
    const decided = all.list('signing.approvals').map((_, index) => readDecision(verified.roster, verified.request.digest, all.statement(`signing.approvals.${index}`)));
    assert.deepEqual(decided.map((one) => one.approved), all.list('signing.approvals').map((one) => one.text('fields.decision') === 'approve'));
    assert.ok(awaitedBy(verified, []).votes > 0);
    const items = all.list('rounds.items');
    assert.equal(items.length, 5);
    items.forEach((one, index) => assert.equal(verified.keys[index]?.outputKey, one.text('output_key').slice(-64)));
    const results = openResult(verified, session(), resultBlob(all));
    assert.equal(results.length, 5);
    const made = results.map((one) => (one.kind === 'completed' ? one.signature : one.kind === 'presigned' ? one.preSignature : one.error));
    assert.deepEqual(made, items.map((one) => one.text('signature')));
    items.forEach((one, index) => {
      const item = verified.items[index] ?? assert.fail();
      if (item.adaptor !== undefined) {
        const preSigned = { outputKey: verified.keys[index]?.outputKey ?? assert.fail(), message: item.message, point: item.adaptor, preSignature: one.signature('signature') };
        const secret = extract(preSigned, one.signature('adapted'));
        assert.equal(secret.publicKey, item.adaptor);
        assert.equal(adapt(preSigned, secret), one.text('adapted'));
        assert.equal(codeOf(() => adapt(preSigned, all.secret('registrations.0.member_secret'))), 'adaptor_mismatch');
        assert.equal(codeOf(() => adapt({ ...preSigned, message: '00'.repeat(32) as never }, secret)), 'presignature_invalid');
        assert.equal(codeOf(() => extract(preSigned, preSigned.preSignature)), 'adaptor_mismatch');
      }
    });
    assert.equal(toHex(roundDigest('result', verified.roster.rosterHash, verified.request.digest, resultBlob(all))), all.text('rounds.result.blob_digest'));
  });

  test('adaptor points are proved, and every proof that must not do does not', () => {
    const points = all.list('and_adaptor.points').map((one) => parsePublicKey(String(one.value)) ?? assert.fail());
    all.list('and_adaptor.proofs').forEach((one, index) => {
      const digest = adaptorProofDigest(all.hash('and_adaptor.roster'), all.id('and_adaptor.signing'), all.id('and_adaptor.item'), index, points);
      assert.equal(toHex(digest), one.text('digest'));
    });
    for (const one of mustFail('points', 6)) {
      assert.ok(!pointsHold(one), one.text('case'));
    }
  });

  test('Authorization headers are signed as they should be, and those that must not verify do not', () => {
    const calls = all.list('http');
    assert.equal(calls.length, 3);
    for (const one of calls) {
      const nonce = one.id('nonce');
      assert.equal(toHex(callDigest(call(one), nonce)), one.text('digest'));
      assert.equal(authorize(call(one), one.secret('secret'), nonce, one.bytes('aux')), one.text('header'));
    }
    const failing = mustFail('http', 5).filter((one) => {
      const [, key, nonce, signature] = /^KeyMeld key=([0-9a-f]{64}),ts=\d+,nonce=([0-9a-f]{32}),sig=([0-9a-f]{128})$/.exec(one.text('header')) ?? [];
      return key === undefined || !verifySchnorr(key as never, callDigest(call(one), nonce as never), signature as never);
    });
    assert.equal(failing.length, 5);
  });

  test('hashes of sealed blobs are those the statements name', () => {
    for (const one of all.list('single_key.sign')) {
      assert.equal(singleSignKind.parse(one.bytes('statement.bytes')).sealed, sha256Hex(one.bytes('blob.wire')));
    }
  });
});

/** What a structure is encoded to again; undefined when it is refused, which only ever happens with a code. */
function reencoded(type: string, bytes: Uint8Array): string | undefined {
  try {
    return toHex(recode[type]?.(bytes) ?? assert.fail());
  } catch (error) {
    assert.ok(error instanceof KeyMeldError && (error.code === 'statement_invalid' || error.code === 'limit_exceeded'), String(error));
    return undefined;
  }
}

const call = (one: Vectors) => ({ method: one.text('method'), authority: one.text('authority'), target: one.text('target'), body: one.bytes('body'), timestamp: one.number('ts') });

const resultBlob = (all: Vectors) => ({
  attempt: all.number('rounds.attempt'),
  node: { kind: 'enclave' as const, index: all.number('rounds.result.node.1') },
  boot: all.id('rounds.result.boot'),
  tau: all.hash('rounds.result.tau'),
  blob: all.bytes('rounds.result.wire'),
  signature: all.signature('rounds.result.signature'),
});

function pointsHold(one: Vectors): boolean {
  try {
    const [item] = parseItems(Uint8Array.from([0x81, ...one.bytes('item')]));
    const points = (item?.points ?? []).map((point) => point.point);
    return item !== undefined && (item.points ?? []).every((point, index) =>
      verifySchnorr(point.point.slice(2) as never, adaptorProofDigest(one.hash('roster'), one.id('signing'), item.item, index, points), point.proof));
  } catch {
    return false;
  }
}

type JsonTree = { leaf: number; script: string } | [JsonTree, JsonTree];

function treeOf(value: unknown): never {
  const tree = value as JsonTree;
  const read = Array.isArray(tree) ? [treeOf(tree[0]), treeOf(tree[1])] : { leaf: tree.leaf, script: fromHex(tree.script.replace(/^h'|'$/g, '')) };
  return read as never;
}
