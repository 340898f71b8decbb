// Two people, one signature (MuSig2), with keys in the clear only inside attested enclaves. With a development stack running (./keymeld up):
//   npm test && node build/samples/two-of-two.js http://127.0.0.1:8090 ../../data/devkit/nsm/root.pem
import { readFile } from 'node:fs/promises';
import { AttestationPolicy, Invitation, KeyMeldClient, MemberKey, Profile, contentOf, wiping } from '@keymeld/client';

const [gateway, rootPath] = process.argv.slice(2);
if (gateway === undefined || rootPath === undefined) {
  throw new Error('usage: two-of-two.js GATEWAY-URL DEVELOPMENT-ROOT.pem');
}

// Whom to trust. In production: AttestationPolicy.production([{ pcr0, pcr1, pcr2, kmsKeyArn }]), and an https gateway.
const policy = AttestationPolicy.development(await readFile(rootPath, 'utf8'));
const alice = KeyMeldClient.connect(gateway, policy, Profile.inMemory());
const bob = KeyMeldClient.connect(gateway, policy, Profile.inMemory());

// Alice creates the group, takes her place, and hands Bob an invitation over a channel of theirs.
const created = await alice.groups.create({ label: 'savings', participants: [{ place: 'own' }, { place: 'invited', name: 'Bob' }] });
await wiping(MemberKey.generate(), (key) => alice.groups.join(created.id, key));
const letter = created.invitations[0]?.invitation.reveal() ?? '';
created.wipe();

// Bob reads what he is invited to, and joins with a key of his own.
await wiping(Invitation.parse(letter), async (invitation) => {
  await wiping(await bob.groups.inspect(invitation), async (offer) => {
    console.log(`Bob joins '${offer.label}': ${offer.threshold} of ${offer.approvers.length} must approve, keys at ${offer.manifest.enclaves.length} enclaves.`);
    await wiping(MemberKey.generate(), (key) => bob.groups.join(offer, key));
  });
});

// Each verifies the group for itself; they compare the fingerprint out of band.
const group = await alice.groups.waitUntilFormed(created.id);
const bobs = await bob.groups.waitUntilFormed(created.id);
console.log(`${group.address('regtest')}  fingerprint ${group.fingerprint}  same for both: ${bobs.matchesRoster(group.rosterHash)}`);

// Alice asks, Bob looks and approves, both get the signature, verified.
const reference = await alice.signings.request(group, [contentOf('pay ten to Carol')]);
const review = await bob.signings.review(reference);
for (const { content } of review.items) {
  console.log(content.kind === 'shown' ? `Bob sees: ${new TextDecoder().decode(content.data)}` : `Bob cannot see what this is: ${content.kind}`);
}
await bob.signings.approve(review);
const outcome = await alice.signings.wait(reference, { timeout: 60_000 });
console.log(`signature ${outcome.signatures[0]}`);
