// G04, G11 and G18 of docs/threat-model.md with the worst accomplices there are: other members and enclaves, whose keys the project's own vectors give away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '#dist/bytes/bytes.js';
import { fromHex } from '#dist/bytes/hex.js';
import type { Hash32 } from '#dist/bytes/ids.js';
import { CborEncoder } from '#dist/cbor/encoder.js';
import { verifyManifest } from '#dist/client/groupOffer.js';
import { sha256, sha256Hex } from '#dist/crypto/hashes.js';
import { sumOf } from '#dist/crypto/publicKeys.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { aad } from '#dist/groups/aad.js';
import { encryptMemberKey, memberBinding, proveKey } from '#dist/groups/memberKey.js';
import { type Receipt, receiptDigest, verifyReceipts } from '#dist/groups/receipt.js';
import { Roster } from '#dist/groups/roster.js';
import { SessionSecret } from '#dist/groups/sessionSecret.js';
import { readDecision } from '#dist/signing/approvalRule.js';
import { type RoundBlob, roundDigest } from '#dist/signing/roundBlob.js';
import { commitTerms } from '#dist/groups/termsEnvelope.js';
import { openResult } from '#dist/signing/signedResult.js';
import { sealItems } from '#dist/signing/sealedItems.js';
import { adaptorProofDigest, verifyRequest } from '#dist/signing/verifiedRequest.js';
import type { SigningItem } from '#dist/statements/signingItems.js';
import { checkWindow } from '#dist/signing/requestWindow.js';
import { approvalKind } from '#dist/statements/shortStatements.js';
import { manifestKind } from '#dist/statements/manifest.js';
import { type Registration, registrationKind } from '#dist/statements/registration.js';
import { type SignedStatement, signStatement } from '#dist/statements/signed.js';
import { encodeTerms } from '#dist/statements/terms.js';
import { TweakChain } from '#dist/statements/tweakChain.js';
import { signingRequestKind } from '#dist/statements/signingRequest.js';
import { codeOf } from '../support/refusal.js';
import { Vectors } from '../support/vectors.js';

const all = Vectors.own();
const session = SessionSecret.import(all.bytes('manifest.session_secret'));
const manifest = verifyManifest(all.statement('manifest.statement'));
const registrations = all.list('registrations').map((one) => one.statement('statement'));
const receipts: Receipt[] = all.list('roster.receipts').map((one, enclave) => ({ enclave, signature: one.signature('signature') }));
const rosterOf = (statements: readonly SignedStatement[]): Roster => Roster.verify(manifest, all.bytes('manifest.terms.wire'), session, statements);
const roster = rosterOf(registrations);
const replaced = <T>(list: readonly T[], index: number, entry: T): T[] => list.map((one, i) => (i === index ? entry : one));

/** Place 1's registration for another key or with anything else changed, signed by its real admission key: whoever drew that can. */
function forged(member: SecretKey, change: (registration: Registration) => Registration = (same) => same, auth = SecretKey.generate()): SignedStatement {
  const own = registrationKind.parse(at(registrations, 1).statement);
  const draft = change({ ...own, auth: auth.xOnlyKey, envelope: sha256Hex(Uint8Array.of(1)) });
  const binding = memberBinding(draft, manifest.value.participants[1]?.enclave);
  const memberKey = encryptMemberKey(session, manifest.digest, binding, proveKey(member, binding));
  return signStatement(registrationKind, { ...draft, memberKey }, all.secret('registrations.1.statement.signatures.0.secret'), auth).statement;
}

/** Every member joins another group with a fresh key. */
function rejoin(group: Hash32, enclave: number | undefined, place: number): SignedStatement {
  const [member, auth, own] = [SecretKey.generate(), SecretKey.generate(), registrationKind.parse(at(registrations, place).statement)];
  const draft = { ...own, manifest: group, auth: auth.xOnlyKey };
  const binding = memberBinding(draft, enclave);
  const registration = { ...draft, memberKey: encryptMemberKey(session, group, binding, proveKey(member, binding)) };
  return signStatement(registrationKind, registration, all.secret(`registrations.${place}.statement.signatures.0.secret`), auth).statement;
}

test('a member that was replaced makes another roster and other keys, which no enclave confirmed', () => {
  const other = rosterOf(replaced(registrations, 1, forged(SecretKey.generate())));
  assert.notEqual(other.fingerprint, roster.fingerprint);
  assert.notEqual(other.outputKeys[0], roster.outputKeys[0]);
  assert.equal(codeOf(() => verifyReceipts(other, receipts)), 'receipt_invalid');
  verifyReceipts(roster, receipts);
});

test('receipts of another roster, other keys, another enclave or twice the same are none', () => {
  const [first, second] = [at(receipts, 0), at(receipts, 1)];
  const of = (index: number): SecretKey => all.secret(`enclaves.${index}.statement_secret`);
  const signed = (enclave: number, digest: Uint8Array): Receipt => ({ enclave, signature: of(enclave).signSchnorr(digest) });
  const zero = '00'.repeat(32) as never;
  const bad: readonly Receipt[][] = [
    [], [first], [first, first], [second, { ...second, enclave: 0 }], [{ ...first, enclave: 1 }, { ...second, enclave: 0 }], [first, second, first],
    [signed(0, receiptDigest(zero, 0, roster.outputKeysHash)), second], [signed(0, receiptDigest(roster.rosterHash, 0, zero)), second], [signed(0, receiptDigest(roster.rosterHash, 1, roster.outputKeysHash)), second],
  ];
  bad.forEach((some, index) => assert.equal(codeOf(() => verifyReceipts(roster, some)), 'receipt_invalid', `receipts ${index}`));
  verifyReceipts(roster, [second, first]);
});

test('a key that serves two roles, a proof for another place, and places out of order are refused', () => {
  const taken = all.secret('registrations.0.proof.secret');
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, forged(taken)))), 'key_reused');
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, forged(SecretKey.generate(), undefined, taken)))), 'key_reused');
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, forged(all.secret('manifest.statement.signatures.0.secret'))))), 'key_reused');
  const both = SecretKey.generate();
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, forged(both, undefined, both)))), 'key_reused');
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, at(registrations, 0)))), 'slot_taken');
  assert.equal(codeOf(() => rosterOf([at(registrations, 1), at(registrations, 0), ...registrations.slice(2)])), 'registration_invalid');
  assert.equal(codeOf(() => rosterOf(registrations.slice(1))), 'group_not_formed');
  // A member key taken from another registration does not open in this place, nor is its proof for it.
  const swapped = { ...registrationKind.parse(at(registrations, 1).statement), memberKey: registrationKind.parse(at(registrations, 0).statement).memberKey };
  const statement = signStatement(registrationKind, swapped, all.secret('registrations.1.statement.signatures.0.secret'), all.secret('registrations.1.statement.signatures.1.secret')).statement;
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, statement))), 'registration_invalid');
  const elsewhere = { ...swapped, memberKey: encryptMemberKey(session, manifest.digest, memberBinding(swapped, 1), proveKey(SecretKey.generate(), Uint8Array.of(1))) };
  const unproven = signStatement(registrationKind, elsewhere, all.secret('registrations.1.statement.signatures.0.secret'), all.secret('registrations.1.statement.signatures.1.secret')).statement;
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, unproven))), 'pop_invalid');
});

test('a registration for another group, for nobody, of another place, or with a member key that is none is refused', () => {
  const member = SecretKey.generate();
  const admission = all.secret('registrations.1.statement.signatures.0.secret');
  for (const change of [{ manifest: '00'.repeat(32) as never }, { user: '00'.repeat(16) as never }]) {
    assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, forged(member, (same) => ({ ...same, ...change }))))), 'registration_invalid');
  }
  const own = registrationKind.parse(at(registrations, 1).statement);
  const { envelope: _, ...bare } = own;
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, signStatement(registrationKind, { ...bare, source: 'home' }, admission, SecretKey.generate()).statement))), 'registration_invalid');
  const atHome = registrationKind.parse(at(registrations, 3).statement);
  const hosted = signStatement(registrationKind, { ...atHome, source: 'imported', envelope: sha256Hex() }, all.secret('registrations.3.statement.signatures.0.secret'), SecretKey.generate());
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 3, hosted.statement))), 'registration_invalid');
  const auth = all.secret('registrations.1.statement.signatures.1.secret');
  const noPoint = { key: `02${'ff'.repeat(32)}` as never, proof: '00'.repeat(64) as never };
  const withMember = (key: typeof noPoint) => signStatement(registrationKind, { ...own, memberKey: encryptMemberKey(session, manifest.digest, memberBinding(own, 1), key) }, admission, auth).statement;
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, withMember(noPoint)))), 'registration_invalid');
  assert.equal(codeOf(() => rosterOf(replaced(registrations, 1, signStatement(registrationKind, own, auth, auth).statement))), 'registration_invalid');
  assert.equal(codeOf(() => SessionSecret.import(new Uint8Array(31))), 'session_secret_unreadable');
  assert.equal(codeOf(() => roster.signersOf('00'.repeat(16) as never)), 'items_invalid');
});

test('terms that are not those of the manifest, and another session secret, are refused', () => {
  const other = SessionSecret.generate();
  const terms = (secret: SessionSecret, bytes: Uint8Array) => secret.encrypt(manifest.digest, 'terms', aad.terms(), bytes);
  assert.equal(codeOf(() => Roster.verify(manifest, terms(session, Uint8Array.of(0xa0)), session, registrations)), 'terms_mismatch');
  assert.equal(codeOf(() => Roster.verify(manifest, all.bytes('manifest.terms.wire'), other, registrations)), 'terms_mismatch');
  // The creator itself commits to terms for a subset that is none of the manifest's, and to tweaks that lead to no key.
  const { tweaks } = roster.terms;
  const beyond = new TweakChain([{ type: 'plain', tweak: 'ff'.repeat(32) as never }]);
  const lost = new Map([['00'.repeat(16) as never, tweaks]]);
  for (const bytes of [encodeTerms({ tweaks, subsets: lost }), encodeTerms({ tweaks: beyond, subsets: new Map() })]) {
    const committed = signStatement(manifestKind, { ...manifest.value, terms: commitTerms(session, bytes) }, all.secret('manifest.statement.signatures.0.secret'));
    const wire = session.encrypt(committed.digest, 'terms', aad.terms(), bytes);
    const rejoined = manifest.value.participants.map((participant, place) => rejoin(committed.digest, participant.enclave, place));
    assert.equal(codeOf(() => Roster.verify(committed, wire, session, rejoined)), 'terms_mismatch');
  }
  assert.equal(codeOf(() => Roster.verify(manifest, terms(other, all.bytes('manifest.terms.plaintext')), other, registrations)), 'terms_mismatch');
});

const request = verifyRequest(roster, all.statement('signing.request'), all.bytes('signing.items.wire'), session);
const honest = all.at('signing.rounds.result');

/** A result that an enclave of the group really signed, over whatever it liked. */
function resultOf(write: (encoder: CborEncoder) => CborEncoder, by = 0, under = session, of = request): RoundBlob {
  const blob = under.encrypt(manifest.digest, 'result', aad.result(roster.rosterHash, of.request.digest), write(new CborEncoder()).toBytes());
  const round = { attempt: 1, node: { kind: 'enclave' as const, index: by }, boot: honest.id('boot'), tau: all.hash('signing.rounds.tau'), blob };
  return { ...round, signature: all.secret(`enclaves.${by}.statement_secret`).signSchnorr(roundDigest('result', roster.rosterHash, of.request.digest, round)) };
}

test('a result that an enclave itself made up is refused: every signature is verified', () => {
  const items = request.items.map((item) => item.item);
  const made = all.at('signing.rounds.signatures').value as readonly string[];
  const kindOf = (index: number): string => (request.items[index]?.adaptor === undefined ? 'signature' : 'presignature');
  const entry = (encoder: CborEncoder, index: number, signature = at(made, index), kind = kindOf(index)) => encoder.map(2).key('item').hex(at(items, index)).key(kind).hex(signature);
  const list = (write: (encoder: CborEncoder) => void, count = items.length) => (encoder: CborEncoder): CborEncoder => {
    write(encoder.array(count));
    return encoder;
  };
  const entries = (change: (encoder: CborEncoder, index: number) => unknown) => list((encoder) => items.forEach((_, index) => change(encoder, index)));
  assert.equal(openResult(request, session, resultOf(entries((encoder, index) => entry(encoder, index)), 1)).length, items.length);
  const wrong = SecretKey.generate().signSchnorr(fromHex(at(request.items, 0).message));
  const failed = (encoder: CborEncoder, index: number, node: readonly [number, number]) =>
    encoder.map(3).key('item').hex(at(items, index)).key('node').array(2).number(node[0]).number(node[1]).key('error').text('nonce_invalid');
  const cases: readonly [(encoder: CborEncoder) => CborEncoder, string][] = [
    [entries((encoder, index) => entry(encoder, index, index === 0 ? wrong : at(made, index))), 'signature_invalid'],
    [entries((encoder, index) => entry(encoder, index, at(made, items.length - 1 - index))), 'signature_invalid'],
    [entries((encoder, index) => entry(encoder, items.length - 1 - index)), 'round_blob_invalid'],
    [entries((encoder, index) => entry(encoder, index, undefined, index === 0 ? (kindOf(0) === 'signature' ? 'presignature' : 'signature') : kindOf(index))), 'round_blob_invalid'],
    [list((encoder) => entry(encoder, 0), 1), 'round_blob_invalid'],
    [entries((encoder, index) => (index === 0 ? failed(encoder, 0, [0, 7]) : entry(encoder, index))), 'round_blob_invalid'],
    [(encoder) => encoder.number(1), 'round_blob_invalid'],
  ];
  cases.forEach(([write, code], index) => assert.equal(codeOf(() => openResult(request, session, resultOf(write))), code, `result ${index}`));
  assert.equal(codeOf(() => openResult(request, session, resultOf(entries((encoder, index) => entry(encoder, index)), 0, SessionSecret.generate()))), 'round_blob_invalid');
  // It may say that an item failed, and at which node of the request.
  const [result] = openResult(request, session, resultOf(entries((encoder, index) => (index === 0 ? failed(encoder, 0, [0, 1]) : entry(encoder, index)))));
  assert.equal(result?.kind, 'failed');
});

test('a result that only somebody else signed is a relay fault and names nobody', () => {
  const good = resultOf((encoder) => encoder.array(0));
  for (const bad of [{ attempt: 2 }, { attempt: 0 }, { node: { kind: 'enclave' as const, index: 1 } }, { node: { kind: 'home' as const, index: 3 } }, { tau: undefined }, { boot: '00'.repeat(16) as never },
    { blob: Uint8Array.from(good.blob, (byte, i) => (i === 20 ? byte ^ 1 : byte)) }, { signature: SecretKey.generate().signSchnorr(sha256(good.blob)) }]) {
    assert.equal(codeOf(() => openResult(request, session, { ...good, ...bad })), 'relay_fault');
  }
});

test('a request by somebody else, for another roster or with other signers is refused', () => {
  const value = request.request.value;
  const requester = all.secret('signing.request.signatures.0.secret');
  const wire = all.bytes('signing.items.wire');
  const asked = (change: Partial<typeof value>, key = requester) => codeOf(() => verifyRequest(roster, signStatement(signingRequestKind, { ...value, ...change }, key).statement, wire, session));
  assert.equal(asked({ roster: '00'.repeat(32) as never }), 'roster_mismatch');
  assert.equal(asked({}, SecretKey.generate()), 'request_invalid');
  assert.equal(asked({ by: 99 }), 'request_invalid');
  assert.equal(asked({ items: value.items + 1 }), 'request_invalid');
  assert.equal(asked({ signers: value.signers.slice(1) }), 'request_invalid');
  assert.equal(asked({ signers: [...value.signers, 50] }), 'request_invalid');
  assert.equal(asked({ sealed: '00'.repeat(32) as never }), 'items_invalid');
  assert.equal(asked({ signing: '00'.repeat(16) as never }), 'items_invalid');
  for (const [now, code] of [[value.created - 120_001, 'not_yet_valid'], [value.expires + 1, 'expired']] as const) {
    assert.equal(codeOf(() => checkWindow({ ...manifest.value, signUntil: undefined }, value, now)), code);
  }
  assert.equal(codeOf(() => checkWindow({ ...manifest.value, signUntil: value.created }, value, value.created + 1)), 'signing_closed');
  checkWindow({ ...manifest.value, signUntil: undefined }, value, value.created - 120_000);
});

test('a point without a proof, and a request by a creator who may make none, are refused', () => {
  const value = request.request.value;
  const requester = all.secret('signing.request.signatures.0.secret');
  const ask = (items: readonly SigningItem[], of = roster, by: typeof value.by = value.by, key = requester) => {
    const sealed = sealItems(of, session, value.signing, items);
    const signers = [...new Set(items.flatMap((item) => of.signersOf(item.subset)))].sort((a, b) => a - b);
    return () => verifyRequest(of, signStatement(signingRequestKind, { ...value, by, roster: of.rosterHash, items: items.length, signers, sealed: sha256Hex(sealed) }, key).statement, sealed, session);
  };
  const points = [SecretKey.generate(), SecretKey.generate()];
  const item = { item: '11'.repeat(16) as never, message: '22'.repeat(32) as never, adaptor: sumOf(points.map((point) => point.publicKey)) };
  const digest = (index: number) => adaptorProofDigest(roster.rosterHash, value.signing, item.item, index, points.map((point) => point.publicKey));
  const proved = (...proofs: readonly SecretKey[]) => [{ ...item, points: points.map((point, index) => ({ point: point.publicKey, proof: at(proofs, index).signSchnorr(digest(index)) })) }];
  const preSigning = ask(proved(...points))();
  for (const [kind, code] of [['presignature', 'signature_invalid'], ['signature', 'round_blob_invalid']] as const) {
    const made = at(points, 0).signSchnorr(digest(0));
    const wrong = resultOf((encoder) => encoder.array(1).map(2).key('item').hex(item.item).key(kind).hex(made), 0, session, preSigning);
    assert.equal(codeOf(() => openResult(preSigning, session, wrong)), code);
  }
  assert.equal(codeOf(ask(proved(at(points, 0), at(points, 0)))), 'items_invalid');
  const plain = [{ item: item.item, message: item.message }];
  const creator = all.secret('manifest.statement.signatures.0.secret');
  assert.equal(manifest.value.creatorRequests, true);
  assert.equal(ask(plain, roster, 'creator', creator)().request.value.by, 'creator');
  const silent = signStatement(manifestKind, { ...manifest.value, creatorRequests: false }, creator);
  const terms = session.encrypt(silent.digest, 'terms', aad.terms(), all.bytes('manifest.terms.plaintext'));
  const other = Roster.verify(silent, terms, session, manifest.value.participants.map((participant, place) => rejoin(silent.digest, participant.enclave, place)));
  assert.equal(codeOf(ask(plain, other, 'creator', creator)), 'request_invalid');
});

test('an approval by nobody of the group, by another member, or for another request is none', () => {
  const user = at(roster.members, 1).registration.value.user;
  const own = all.secret('registrations.1.statement.signatures.1.secret');
  const vote = (change: object, key = own) => signStatement(approvalKind, { request: request.request.digest, user, decision: 'approve', created: 1, ...change }, key).statement;
  const read = (statement: SignedStatement) => readDecision(roster, request.request.digest, statement);
  assert.deepEqual(read(vote({})), { member: 1, approved: true, at: 1 });
  for (const bad of [vote({ request: '00'.repeat(32) }), vote({ user: '00'.repeat(16) }), vote({}, SecretKey.generate()), vote({ user: at(roster.members, 0).registration.value.user })]) {
    assert.equal(codeOf(() => read(bad)), 'approval_invalid');
  }
});
