// protocol.md section 6, "A home node": every check of an enclave, every nonce rule. The group, its members' keys and the enclaves' blobs are those of the project's vectors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '#dist/bytes/bytes.js';
import { toBase64 } from '#dist/bytes/base64.js';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { Group } from '#dist/client/group.js';
import { verifyManifest } from '#dist/client/groupOffer.js';
import { type AttemptCommand, nextAttempt, untouched } from '#dist/cosigning/attempts.js';
import { HomeNode } from '#dist/cosigning/homeNode.js';
import { extraInput } from '#dist/cosigning/nonceContext.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { aad, purposes } from '#dist/groups/aad.js';
import { Roster } from '#dist/groups/roster.js';
import { SessionSecret } from '#dist/groups/sessionSecret.js';
import { toSignedJson } from '#dist/http/answers.js';
import { parsePublicNonce } from '#dist/musig/aggregateNonce.js';
import { SecretNonce, nonceScalars, publicNonceOf } from '#dist/musig/secretNonce.js';
import { GroupRecords } from '#dist/profile/groupRecords.js';
import { Profile } from '#dist/profile/profile.js';
import { secretNames } from '#dist/profile/secretNames.js';
import { openRound1Set } from '#dist/signing/round1Set.js';
import { type RoundBlob, round1SetHash, signRound } from '#dist/signing/roundBlob.js';
import { RoundPairs } from '#dist/signing/roundPairs.js';
import { messageOf, verifyRequest } from '#dist/signing/verifiedRequest.js';
import { parseRound1 } from '#dist/statements/roundEntries.js';
import { approvalKind } from '#dist/statements/shortStatements.js';
import { type SignedStatement, signStatement } from '#dist/statements/signed.js';
import { codeOfAsync } from '../support/refusal.js';
import { Vectors } from '../support/vectors.js';

const all = Vectors.own();
const home = 3;
const session = SessionSecret.import(all.bytes('manifest.session_secret'));
const registrations = all.list('registrations').map((one) => one.statement('statement'));
const roster = Roster.verify(verifyManifest(all.statement('manifest.statement')), all.bytes('manifest.terms.wire'), session, registrations);
const shown = { statement: all.statement('signing.request'), items: all.bytes('signing.items.wire'), approvals: decisions('approve') };
const request = verifyRequest(roster, shown.statement, shown.items, session);
const digest = request.request.digest;
const member = all.secret(`registrations.${home}.proof.secret`);
const [enclave0, enclave1, vectorHome] = all.list('signing.rounds.round1').map((one): RoundBlob => ({
  attempt: 1, node: { kind: one.number('node.0') === 0 ? 'enclave' : 'home', index: one.number('node.1') }, boot: one.id('boot'), tau: undefined, blob: one.bytes('wire'), signature: one.signature('signed.signature'),
})) as [RoundBlob, RoundBlob, RoundBlob];

/** By every member but those named. */
function decisions(decision: 'approve' | 'reject', ...but: readonly number[]): SignedStatement[] {
  return roster.members.filter(({ index }) => !but.includes(index)).map(({ index, registration }) => signStatement(
    approvalKind, { request: all.hash('signing.request.digest'), user: registration.value.user, decision, created: 1 }, all.secret(`registrations.${index}.statement.signatures.1.secret`)).statement);
}

async function newNode(now = request.request.value.created): Promise<HomeNode> {
  const profile = Profile.inMemory();
  const records = new GroupRecords(profile);
  const registration = roster.members[home]?.registration ?? assert.fail();
  const record = {
    version: 1, gateway: 'https://keymeld.example/', group: roster.manifestHash, isCreator: false, manifest: toSignedJson(all.statement('manifest.statement')), terms: toBase64(all.bytes('manifest.terms.wire')),
    place: home, registration: toSignedJson(registration.statement),
  };
  await records.update(roster.manifestHash, () => record);
  await profile.putSecret(secretNames.session(roster.manifestHash), session.export());
  await profile.putSecret(secretNames.member(roster.manifestHash, member.publicKey), member.export());
  const auth = all.secret(`registrations.${home}.statement.signatures.1.secret`);
  await profile.putSecret(secretNames.authorisation(roster.manifestHash, auth.xOnlyKey), auth.export());
  return new HomeNode(records, new Group(record, roster), () => now);
}

const openNonces = (blob: RoundBlob): Uint8Array[] =>
  parseRound1(session.decrypt(roster.manifestHash, purposes.round1, aad.round1(roster.rosterHash, digest, blob.attempt, blob.node), blob.blob) ?? assert.fail()).map((entry) => entry.nonce);

/** Another blob that enclave 0 really signed. */
function otherSet(own: RoundBlob): RoundBlob[] {
  const plaintext = session.decrypt(roster.manifestHash, purposes.round1, aad.round1(roster.rosterHash, digest, 1, enclave0.node), enclave0.blob) ?? assert.fail();
  const blob = session.encrypt(roster.manifestHash, purposes.round1, aad.round1(roster.rosterHash, digest, 1, enclave0.node), plaintext);
  return [signRound(purposes.round1, roster.rosterHash, digest, { ...enclave0, blob }, all.secret('enclaves.0.statement_secret')), enclave1, own];
}

test('nonces, sets and partial signatures are those of the vectors', () => {
  const pairs = new RoundPairs(request);
  assert.deepEqual(request.nodes.map((_, node) => pairs.ofNode(node).length), [3, 4, 1]);
  const set = [enclave0, enclave1, vectorHome];
  assert.equal(round1SetHash(set), all.hash('signing.rounds.tau'));
  for (const one of all.list('signing.rounds.nonces')) {
    const [place, signer] = [one.number('item'), one.number('signer')];
    const [item, keys, key] = [at(request.items, place), at(request.keys, place), all.secret(`registrations.${signer}.proof.secret`)];
    const node = at(roster.members, signer).enclave ?? 2;
    const scalars = nonceScalars(one.bytes('randomness'), { key: fromHex(key.publicKey), secret: key.export(), aggregate: fromHex(keys.outputKey), message: messageOf(item), extra: one.bytes('extra_input') });
    assert.equal(toHex(publicNonceOf(scalars)), one.text('public_nonce'));
    const [signing] = openRound1Set(request, pairs, session, set, at(request.nodes, node)).filter((_, index) => at(pairs.all, at(pairs.ofNode(node), index)).item === place && at(pairs.all, at(pairs.ofNode(node), index)).signer === signer);
    const partial = signing?.sign(SecretNonce.adopt(scalars, key.publicKey, keys, messageOf(item)), key) ?? assert.fail();
    assert.ok(all.text(`signing.rounds.round2.${node}.plaintext`).includes(toHex(partial)), `item ${place}, signer ${signer}`);
  }
});

test('every use of a nonce has an extra input of its own', () => {
  const context = { request: digest, attempt: 1, boot: vectorHome.boot, item: 0, signer: 1, subset: undefined, chain: digest, adaptor: undefined };
  const id = '00'.repeat(16) as never;
  const others = [{}, { request: '00'.repeat(32) as never }, { attempt: 2 }, { boot: id }, { item: 1 }, { item: 256 }, { signer: 0 }, { signer: 256 }, { subset: id }, { chain: '00'.repeat(32) as never }, { adaptor: member.publicKey }];
  assert.equal(new Set(others.map((change) => toHex(extraInput({ ...context, ...change })))).size, others.length);
});

test('it opens and signs, says the same again, and never answers another set', async () => {
  const node = await newNode();
  const round1 = await node.open(shown, 1);
  assert.deepEqual(await node.open(shown, 1), round1);
  const set = [enclave0, enclave1, round1];
  const round2 = await node.sign(digest, 1, set, shown.approvals);
  assert.equal(round2.tau, round1SetHash(set));
  const plaintext = session.decrypt(roster.manifestHash, purposes.round2, aad.round2(roster.rosterHash, digest, 1, node.node, round1SetHash(set)), round2.blob) ?? assert.fail();
  const signing = openRound1Set(request, new RoundPairs(request), session, set, node.node)[0] ?? assert.fail();
  assert.ok(signing.verifies(plaintext.slice(-32), parsePublicNonce(at(openNonces(round1), 0)) ?? assert.fail(), member.publicKey));
  assert.deepEqual(await node.sign(digest, 1, set, shown.approvals), round2);
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, otherSet(round1), shown.approvals)), 'nonce_already_used');
  // The way on is a higher attempt, with fresh nonces; the lower one is over.
  const next = await node.open(shown, 2);
  assert.notDeepEqual(openNonces(next), openNonces(round1));
  assert.equal(await codeOfAsync(() => node.open(shown, 1)), 'attempt_stale');
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, set, shown.approvals)), 'nonce_already_used');
  assert.equal(await codeOfAsync(() => node.sign(digest, 3, set, shown.approvals)), 'not_loaded');
  assert.equal(await codeOfAsync(() => newNode().then((other) => other.sign(digest, 1, set, shown.approvals))), 'not_loaded');
});

test('of two sets at once one is answered', async () => {
  const node = await newNode();
  const round1 = await node.open(shown, 1);
  const answers = await Promise.allSettled([node.sign(digest, 1, [enclave0, enclave1, round1], shown.approvals), node.sign(digest, 1, otherSet(round1), shown.approvals)]);
  assert.deepEqual(answers.map((answer) => answer.status), ['fulfilled', 'rejected']);
});

test('a set that is not what every node said is a relay fault, and the honest one is still signed', async () => {
  const node = await newNode();
  const round1 = await node.open(shown, 1);
  const good = [enclave0, enclave1, round1];
  const bad: readonly RoundBlob[][] = [
    [], [enclave0, enclave1], [enclave1, enclave0, round1], [...good, round1], [enclave0, enclave1, vectorHome], [enclave0, { ...enclave1, attempt: 2 }, round1],
    [enclave0, { ...enclave1, boot: '00'.repeat(16) as never }, round1], [{ ...enclave0, blob: enclave0.blob.map((byte, i) => (i === 30 ? byte ^ 1 : byte)) }, enclave1, round1],
    [enclave0, { ...enclave1, tau: digest }, round1], [enclave0, enclave1, { ...round1, boot: '00'.repeat(16) as never }], [{ ...enclave0, signature: SecretKey.generate().signSchnorr(fromHex(digest)) }, enclave1, round1],
  ];
  for (const [index, set] of bad.entries()) {
    assert.equal(await codeOfAsync(() => node.sign(digest, 1, set, shown.approvals)), 'relay_fault', `set ${index}`);
  }
  assert.equal((await node.sign(digest, 1, good, shown.approvals)).attempt, 1);
});

test('nothing is opened or signed without approvals, after a reject, out of time, or for other items', async () => {
  const node = await newNode();
  const approver = at(roster.manifest.value.approvals.members, 0);
  const few = decisions('approve', ...roster.manifest.value.approvals.members.filter((one) => one !== request.request.value.by));
  assert.equal(await codeOfAsync(() => node.open({ ...shown, approvals: few }, 1)), 'approvals_missing');
  assert.equal(await codeOfAsync(() => node.open({ ...shown, items: Uint8Array.of(1) }, 1)), 'items_invalid');
  const { created, expires } = request.request.value;
  for (const [now, code] of [[created - 120_001, 'not_yet_valid'], [expires + 1, 'expired']] as const) {
    assert.equal(await codeOfAsync(() => newNode(now).then((late) => late.open(shown, 1))), code);
  }
  const round1 = await node.open(shown, 1);
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, [enclave0, enclave1, round1], few)), 'approvals_missing');
  const rejected = decisions('reject').filter((_, index) => index === approver);
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, [enclave0, enclave1, round1], [...shown.approvals, ...rejected])), 'rejected');
  // For good: it does not come back when the reject is withheld.
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, [enclave0, enclave1, round1], shown.approvals)), 'rejected');
  assert.equal(await codeOfAsync(() => node.open(shown, 2)), 'rejected');
});

test('what is over is wiped, and what was wiped signs nothing', async () => {
  const node = await newNode();
  const round1 = await node.open(shown, 1);
  await node.burn(digest);
  assert.equal(await codeOfAsync(() => node.sign(digest, 1, [enclave0, enclave1, round1], shown.approvals)), 'nonce_already_used');
  assert.equal(await codeOfAsync(() => node.open(shown, 1)), 'attempt_stale');
  for (let attempt = 2; attempt <= 16; attempt++) {
    await node.open(shown, attempt);
  }
  assert.equal(await codeOfAsync(() => node.open(shown, 17)), 'attempts_exhausted');
  node.wipe();
  assert.equal(await codeOfAsync(() => node.sign(digest, 16, [enclave0, enclave1, round1], shown.approvals)), 'not_loaded');
});

test('whatever is asked in whatever order, the nonces of an attempt are used for one set, and attempts only rise', () => {
  const taus = ['11', '22'].map((digits) => digits.repeat(32) as never);
  const commands: AttemptCommand[] = [{ kind: 'burn' }, { kind: 'reject' }, ...[1, 2, 3].flatMap((attempt): AttemptCommand[] => [{ kind: 'open', attempt }, ...taus.map((tau): AttemptCommand => ({ kind: 'sign', attempt, tau }))])];
  let explored = 0;
  const explore = (state: typeof untouched, held: number | undefined, used: ReadonlySet<number>, highest: number, depth: number): void => {
    explored++;
    if (depth === 0) {
      return;
    }
    for (const command of commands) {
      const next = nextAttempt(state, command);
      let [nowHeld, nowUsed, nowHighest] = [held, used, highest];
      if (next.action === 'use-nonces') {
        assert.ok(command.kind === 'sign' && held === command.attempt && !used.has(command.attempt));
        [nowHeld, nowUsed] = [undefined, new Set([...used, command.attempt])];
      } else if (next.action === 'hold-fresh-nonces') {
        assert.ok(command.kind === 'open' && command.attempt > highest);
        [nowHeld, nowHighest] = [command.attempt, command.attempt];
      } else if (next.action === 'wipe') {
        nowHeld = undefined;
      } else if (next.action === 'repeat-round2') {
        assert.ok(command.kind === 'sign' && used.has(command.attempt) && state.kind === 'answered' && state.tau === command.tau);
      } else {
        assert.equal(next.state, state);
      }
      explore(next.state as typeof untouched, nowHeld, nowUsed, nowHighest, depth - 1);
    }
  };
  explore(untouched, undefined, new Set(), 0, 4);
  assert.equal(explored, 1 + 11 + 11 ** 2 + 11 ** 3 + 11 ** 4);
});
