// The real gateway with a liar in front of it: what it answers is changed on the way to the client. Run by tests/KeyMeld.IntegrationTests with
// KEYMELD_GATEWAY and KEYMELD_ROOT; the rows are those of docs/threat-model.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { AttestationPolicy, type ClientOptions, type Group, type Hash32, KeyMeldClient, MemberKey, Profile, contentOf, contentOfHash, wiping } from '@keymeld/client';
import { codeOfAsync } from '../support/refusal.js';

type Json = Record<string, unknown>;
type Lie = (path: string, answer: Json) => Json;

const gateway = process.env['KEYMELD_GATEWAY'] ?? assert.fail('KEYMELD_GATEWAY');
const policy = AttestationPolicy.development(readFileSync(process.env['KEYMELD_ROOT'] ?? assert.fail('KEYMELD_ROOT'), 'utf8'));
const silent = { approval: false, acceptUnattended: true };

/** Changes answers, and counts what is posted. */
class Liar {
  lie: Lie | undefined;
  posts = 0;

  readonly fetch: NonNullable<ClientOptions['fetch']> = async (input, init) => {
    this.posts += init?.method === 'POST' ? 1 : 0;
    const response = await fetch(input, init);
    if (this.lie === undefined || response.headers.get('content-type')?.startsWith('application/json') !== true) {
      return response;
    }
    const answer = this.lie(new URL(String(input instanceof Request ? input.url : input)).pathname, (await response.json()) as Json);
    return new Response(JSON.stringify(answer), { status: response.status, headers: { 'content-type': 'application/json' } });
  };
}

const liar = new Liar();
const victim = KeyMeldClient.connect(gateway, policy, Profile.inMemory(), { fetch: liar.fetch });
const honest = KeyMeldClient.connect(gateway, policy, Profile.inMemory());

/** Flips one bit of a base64 text. */
function flip(text: unknown): string {
  const bytes = Buffer.from(String(text), 'base64');
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** The same object with one member, named by a path, changed. */
function changed(answer: Json, path: readonly (string | number)[], change: (value: unknown) => unknown): Json {
  const copy = structuredClone(answer);
  let at = copy as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) {
    at = at[name] as Record<string | number, unknown>;
  }
  const last = path.at(-1) ?? '';
  at[last] = change(at[last]);
  return copy;
}

async function lying<T>(lie: Lie, run: () => Promise<T>): Promise<T> {
  liar.lie = lie;
  try {
    return await run();
  } finally {
    liar.lie = undefined;
  }
}

async function together(): Promise<Hash32> {
  const created = await honest.groups.create({ participants: [{ place: 'own' }, { place: 'invited' }] });
  await wiping(MemberKey.generate(), (key) => honest.groups.join(created.id, key));
  const offer = await victim.groups.inspect(created.invitations[0]?.invitation ?? assert.fail());
  await wiping(MemberKey.generate(), (key) => victim.groups.join(offer, key));
  await honest.groups.waitUntilFormed(created.id, { timeout: 300_000 });
  return created.id;
}

async function alone(): Promise<Group> {
  const created = await victim.groups.create({ participants: [{ place: 'own' }], unattended: true });
  await wiping(MemberKey.generate(), (key) => victim.groups.join(created.id, key, silent));
  return await victim.groups.waitUntilFormed(created.id, { timeout: 300_000 });
}

describe('a lying gateway', () => {
  after(() => assert.equal(liar.lie, undefined));

  test('G01: a replayed identity of a real enclave is refused, and nothing is posted', async () => {
    let first: Json | undefined;
    await lying((path, answer) => (path.endsWith('/identity') ? (first ??= answer) : answer), async () => {
      await victim.enclaves.verify(0);
      assert.equal(await codeOfAsync(() => victim.enclaves.verify(0)), 'attestation_invalid');
      assert.equal(await codeOfAsync(() => victim.groups.create({ participants: [{ place: 'own' }], enclaves: [0] })), 'attestation_invalid');
    });
    assert.equal(liar.posts, 0);
  });

  test('G01: every changed byte of an identity or its attestation is refused, and so is another enclave in its place', async () => {
    for (const member of ['identity', 'attestation']) {
      const code = await lying((path, answer) => (path.endsWith('/identity') ? changed(answer, [member], flip) : answer), () => codeOfAsync(() => victim.enclaves.verify(0)));
      assert.equal(code, 'attestation_invalid', member);
    }
    const redirected = KeyMeldClient.connect(gateway, policy, Profile.inMemory(), {
      fetch: (input, init) => fetch(String(input).replace('/enclaves/0/', '/enclaves/1/'), init),
    });
    assert.equal(await codeOfAsync(() => redirected.enclaves.verify(0)), 'attestation_invalid');
    assert.equal((await victim.enclaves.verify(0)).number, 0);
  });

  test('G01: another root, and a production policy, trust none of these enclaves', async () => {
    const release = { pcr0: '1'.repeat(96), pcr1: '1'.repeat(96), pcr2: '1'.repeat(96), kmsKeyArn: 'arn:aws:kms:us-west-2:000000000000:key/1' };
    for (const other of [AttestationPolicy.development(policy.root.certificate.encoded, [release])]) {
      const stranger = KeyMeldClient.connect(gateway, other, Profile.inMemory());
      assert.equal(await codeOfAsync(() => stranger.enclaves.verify(0)), 'attestation_invalid');
    }
    assert.equal(await codeOfAsync(() => KeyMeldClient.connect(gateway, AttestationPolicy.production([release]), Profile.inMemory()).enclaves.verify(0)), 'attestation_invalid');
    const { pcrs, kmsKeyArn } = await victim.enclaves.verify(0);
    const own = { pcr0: pcrs.get(0) ?? '', pcr1: pcrs.get(1) ?? '', pcr2: pcrs.get(2) ?? '', kmsKeyArn };
    const exact = AttestationPolicy.development(policy.root.certificate.encoded, [release, own]);
    assert.equal((await KeyMeldClient.connect(gateway, exact, Profile.inMemory()).enclaves.verify(0)).number, 0);
    for (const wrong of [{ ...own, pcr2: '2'.repeat(96) }, { ...own, kmsKeyArn: release.kmsKeyArn }, { ...own, configurationDigest: '3'.repeat(64) }]) {
      const another = KeyMeldClient.connect(gateway, AttestationPolicy.development(policy.root.certificate.encoded, [wrong]), Profile.inMemory());
      assert.equal(await codeOfAsync(() => another.enclaves.verify(0)), 'attestation_invalid');
    }
  });

  test('G04, G18: changed manifests, terms, registrations, rosters and receipts of a real group are refused', async () => {
    const group = await together();
    const lies: readonly [path: readonly (string | number)[], change: (value: unknown, answer: Json) => unknown, code: string][] = [
      [['manifest', 'statement'], flip, 'manifest_invalid'],
      [['group'], () => '00'.repeat(32), 'gateway_response_invalid'],
      [['registrations', 0, 'statement'], flip, 'statement_invalid|registration_invalid'],
      [['registrations', 0, 'signatures', 1], () => '11'.repeat(64), 'registration_invalid'],
      [['registrations', 0], (_, answer) => (answer['registrations'] as unknown[])[1], 'registration_invalid|slot_taken'],
      [['registrations', 1], (_, answer) => (answer['registrations'] as unknown[])[0], 'slot_taken'],
      [['registrations', 0], () => null, 'gateway_response_invalid'],
      [['receipts', 0, 'signature'], (_, answer) => ((answer['receipts'] as Json[])[1] ?? {})['signature'], 'receipt_invalid'],
      [['receipts', 0, 'enclave'], () => 1, 'receipt_invalid'],
      [['receipts'], (value) => (value as unknown[]).slice(1), 'receipt_invalid'],
      [['state'], () => 'fine', 'gateway_response_invalid'],
    ];
    for (const [path, change, code] of lies) {
      const lie: Lie = (target, answer) => (target.startsWith('/api/v1/keygen/') ? changed(answer, path, (value) => change(value, answer)) : answer);
      assert.match(await lying(lie, () => codeOfAsync(() => victim.groups.verify(group))), new RegExp(`^(${code})$`), path.join('.'));
    }
    // The honest one goes on, and what was verified stays: another roster is refused for ever.
    const verified = await victim.groups.waitUntilFormed(group);
    assert.ok(verified.matchesRoster((await honest.groups.load(group)).rosterHash));
  });

  test('G11: changed results, requests and states of a real signing are refused; the honest answer verifies', async () => {
    const group = await alone();
    const reference = await victim.signings.request(group, [contentOf('a'), contentOf('b')]);
    const { signatures } = await victim.signings.wait(reference, { timeout: 300_000 });
    const other = await victim.signings.request(group, [contentOf('c'), contentOf('d')]);
    await victim.signings.wait(other, { timeout: 300_000 });
    const foreign: Json[] = [];
    await lying((_, answer) => (foreign.push(answer), answer), () => victim.signings.status(other));
    const shown = foreign.find((answer) => answer['result'] !== undefined) ?? assert.fail();
    const lies: readonly [path: readonly (string | number)[], change: (value: unknown) => unknown, code: string][] = [
      [['result', 'blob'], flip, 'relay_fault'],
      [['result', 'signature'], () => '22'.repeat(64), 'relay_fault'],
      [['result', 'attempt'], (value) => Number(value) + 1, 'relay_fault'],
      [['result', 'tau'], () => '33'.repeat(32), 'relay_fault'],
      [['result', 'tau'], () => null, 'relay_fault'],
      [['result', 'boot'], () => '44'.repeat(16), 'relay_fault'],
      [['result', 'node'], () => [0, 15], 'relay_fault'],
      [['result', 'node'], () => [1, 0], 'relay_fault'],
      [['result', 'node'], () => [2, 0], 'gateway_response_invalid'],
      [['result'], () => shown['result'], 'relay_fault'],
      [['items'], flip, 'items_invalid'],
      [['items'], () => shown['items'], 'items_invalid'],
      [['request', 'statement'], flip, 'statement_invalid|request_invalid|roster_mismatch'],
      [['request', 'signatures', 0], () => '55'.repeat(64), 'request_invalid'],
      [['request'], () => shown['request'], 'items_invalid|request_invalid'],
      [['id'], () => other.request, 'gateway_response_invalid'],
      [['attempts'], () => -1, 'gateway_response_invalid'],
    ];
    for (const [path, change, code] of lies) {
      const lie: Lie = (target, answer) => (target.startsWith('/api/v1/signing/') ? changed(answer, path, change) : answer);
      assert.match(await lying(lie, () => codeOfAsync(() => victim.signings.status(reference))), new RegExp(`^(${code})$`), path.join('.'));
    }
    const withheld = await lying((target, answer) => (target.startsWith('/api/v1/signing/') ? { ...answer, result: undefined } : answer), () => victim.signings.status(reference));
    assert.equal(withheld.isSigned, false);
    assert.throws(() => withheld.signatures, { code: 'gateway_response_invalid' });
    assert.deepEqual((await victim.signings.status(reference)).signatures, signatures);
  });

  test('G12: nothing is approved unseen, and a member who rejected does not approve after', async () => {
    const group = await together();
    const formed = await honest.groups.load(group);
    await victim.groups.waitUntilFormed(group);
    const reference = await honest.signings.request(formed, [contentOf('shown'), contentOfHash(new Uint8Array(32))]);
    const review = await victim.signings.review(reference);
    assert.deepEqual(review.items.map((item) => item.content.kind), ['shown', 'opaque']);
    const before = liar.posts;
    assert.equal(await codeOfAsync(() => victim.signings.approve(review)), 'opaque_message');
    assert.equal(review.match(new TextEncoder().encode('something else')), 0);
    assert.equal(liar.posts, before);
    assert.equal((await victim.signings.reject(reference)).state, 'rejected');
    assert.equal(await codeOfAsync(() => victim.signings.approveOpaque(review)), 'rejected');
    assert.equal(await codeOfAsync(async () => (await honest.signings.wait(reference)).requireSigned()), 'rejected');
  });

  test('a key answer that is not the enclave’s own, and a signature that is another message’s, are refused', async () => {
    assert.equal(await lying((path, answer) => (path === '/api/v1/keys' ? changed(answer, ['answer'], flip) : answer), () => codeOfAsync(() => victim.keys.make())), 'gateway_response_invalid');
    const key = await victim.keys.make();
    const message = new Uint8Array(32).fill(7);
    const answers: Json[] = [];
    await lying((path, answer) => (path.endsWith('/sign') ? (answers.push(answer), answer) : answer), () => victim.keys.signBip340(key, message));
    assert.equal(await lying((path, answer) => (path.endsWith('/sign') ? answers[0] ?? answer : answer), () => codeOfAsync(() => victim.keys.signBip340(key, message))), 'gateway_response_invalid');
    assert.equal((await victim.keys.signBip340(key, message)).length, 128);
  });
});
