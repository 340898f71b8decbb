import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GroupPlan, checkPlan, planApprovals } from '#dist/client/groupPlan.js';
import { formatReference, parseReference } from '#dist/client/signingReference.js';
import { Invitation } from '#dist/groups/invitation.js';
import { TweakChain } from '#dist/statements/tweakChain.js';
import { SigningOutcome } from '#dist/client/signingOutcome.js';
import { MemberKey } from '#dist/client/memberKey.js';
import { codeOf } from '../support/refusal.js';

const two: GroupPlan = { participants: [{ place: 'own' }, { place: 'invited' }] };
const raw = new TweakChain([{ type: 'xonly', tweak: '11'.repeat(32) as never }]);

test('a plan that contradicts itself is refused before anything is drawn', () => {
  checkPlan(two);
  const bad: readonly Partial<GroupPlan>[] = [
    { participants: [] }, { participants: [{ place: 'own' }, { place: 'own' }] }, { participants: Array.from({ length: 101 }, () => ({ place: 'invited' as const })) },
    { label: 'a\u202eb' }, { subsets: [{ members: [0] }] }, { subsets: [{ members: [0, 0] }] }, { subsets: [{ members: [0, 2] }] }, { threshold: 3 }, { threshold: 0 }, { approvers: [0], threshold: 2 },
    { approvers: [2] }, { unattended: true, threshold: 1 }, { enclaves: [1, 1] }, { participants: [{ place: 'own', atHome: true, enclave: 0 }] }, { participants: [{ place: 'own', enclave: 2 }], enclaves: [0] },
  ];
  bad.forEach((change, index) => assert.equal(codeOf(() => checkPlan({ ...two, ...change })), 'manifest_invalid', `plan ${index}`));
  assert.equal(codeOf(() => checkPlan({ ...two, tweaks: raw })), 'unsupported');
  assert.equal(codeOf(() => checkPlan({ ...two, subsets: [{ members: [0, 1], tweaks: raw }] })), 'unsupported');
  checkPlan({ ...two, tweaks: raw, allowRawTweaks: true });
  assert.deepEqual(planApprovals(two), { members: [0, 1], threshold: 2 });
  assert.deepEqual(planApprovals({ ...two, approvers: [1, 0, 1], threshold: 1 }), { members: [0, 1], threshold: 1 });
  assert.deepEqual(planApprovals({ ...two, unattended: true }), { members: [0, 1], threshold: 0 });
});

test('a chain has at most eight tweaks, and what ends an output is last', () => {
  assert.equal(codeOf(() => new TweakChain(Array.from({ length: 9 }, () => ({ type: 'plain' as const, tweak: '11'.repeat(32) as never })))), 'statement_invalid');
  assert.equal(codeOf(() => new TweakChain([{ type: 'bip86' }, { type: 'bip86' }])), 'statement_invalid');
  assert.equal(codeOf(() => new TweakChain([{ type: 'taproot', tree: { leaf: 0xc1, script: new Uint8Array(1) } }])), 'statement_invalid');
  let deep: never = { leaf: 0xc0, script: new Uint8Array(0) } as never;
  for (let i = 0; i < 129; i++) {
    deep = [deep, { leaf: 0xc0, script: new Uint8Array(0) }] as never;
  }
  assert.equal(codeOf(() => new TweakChain([{ type: 'taproot', tree: deep }])), 'statement_invalid');
  assert.ok(raw.isRaw && !TweakChain.bip86.isRaw && !TweakChain.empty.isRaw);
});

test('references and invitations are read only as they are written', () => {
  const reference = { gateway: 'https://keymeld.example/', group: '22'.repeat(32) as never, request: '33'.repeat(32) as never };
  const line = formatReference(reference);
  assert.deepEqual(parseReference(` ${line}\n`), reference);
  for (const bad of ['', 'keymeldsign1.', line.slice(0, -1), `${line}=`, line.replace('keymeldsign1', 'keymeld1'), formatReference({ ...reference, gateway: 'https://keymeld.example/path' })]) {
    assert.equal(codeOf(() => parseReference(bad)), 'bad_request', bad);
  }
  const made = () => Invitation.create('https://keymeld.example', reference.group, '44'.repeat(16) as never, new Uint8Array(32).fill(1), new Uint8Array(32).fill(2));
  const letter = made().reveal();
  assert.ok(!JSON.stringify({ invitation: made() }).includes('0101') && !String(made()).includes(letter.slice(9, 30)));
  for (const bad of ['', 'keymeld1.', letter.slice(0, -2), `${letter}A`, letter.replace('keymeld1', 'keymeld2'), letter + ' '.repeat(4000) + 'x', letter.replace('pmF2', 'pmF3')]) {
    assert.equal(codeOf(() => Invitation.parse(bad)), 'invitation_invalid', bad);
  }
  for (const gateway of ['ftp://x', 'https://a:b@x', 'https://x/?q', 'https://x#f', 'nothing', 'https://x\u0007']) {
    assert.equal(codeOf(() => Invitation.create(gateway, reference.group, '44'.repeat(16) as never, undefined, new Uint8Array(32))), 'invitation_invalid', gateway);
  }
});

test('an outcome without verified signatures is none', () => {
  const reference = { gateway: 'https://keymeld.example/', group: '22'.repeat(32) as never, request: '33'.repeat(32) as never };
  const codes = { waiting: 'still_pending', running: 'still_pending', completed: 'gateway_response_invalid', failed: 'partial_invalid', expired: 'expired', cancelled: 'cancelled', rejected: 'rejected' } as const;
  for (const [state, code] of Object.entries(codes)) {
    const outcome = new SigningOutcome(reference, state as keyof typeof codes, 'partial_invalid', undefined);
    assert.equal(codeOf(() => outcome.signatures), code, state);
    assert.equal(outcome.isFinal, state !== 'waiting' && state !== 'running');
  }
  const failed = { kind: 'failed' as const, id: '44'.repeat(16) as never, message: '55'.repeat(32) as never, error: 'nonce_invalid', culprit: 'enclave 1 of the group' };
  assert.equal(codeOf(() => new SigningOutcome(reference, 'completed', undefined, [failed]).signatures), 'nonce_invalid');
  assert.equal(codeOf(() => new SigningOutcome(reference, 'completed', undefined, [{ ...failed, error: 'brand_new' }]).requireSigned()), 'internal');
  assert.equal(codeOf(() => MemberKey.import(new Uint8Array(32))), 'key_file_invalid');
});
