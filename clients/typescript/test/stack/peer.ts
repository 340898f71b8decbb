// A person whose client this one is, as a process: one JSON object a line in each direction, {op, ...} → {...} or {error, code}. The other side are C# clients.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  AttestationPolicy, type Hash32, Invitation, KeyMeldClient, KeyMeldError, MemberKey, Profile, type SigningContent, contentOf, contentOfHash, formatReference, fromHex,
  parseReference, verifySchnorr, wiping,
} from '@keymeld/client';
import { FileStore } from '@keymeld/client/node';

type Request = Readonly<Record<string, unknown>>;

let client: KeyMeldClient;

const group = (request: Request): Hash32 => request['group'] as Hash32;
const reference = (request: Request) => parseReference(String(request['reference']));
const memberKey = (request: Request): MemberKey => (request['made'] === true ? MemberKey.madeByEnclave() : MemberKey.generate());

const operations: Readonly<Record<string, (request: Request) => Promise<object>>> = {
  async open(request) {
    const policy = AttestationPolicy.development(await readFile(String(request['root']), 'utf8'));
    const store = await FileStore.open(String(request['folder']));
    const passphrase = new TextEncoder().encode('a passphrase');
    const profile = (await store.names()).length === 0 ? await Profile.create(store, passphrase) : await Profile.open(store, passphrase);
    client = KeyMeldClient.connect(String(request['gateway']), policy, profile);
    return {};
  },

  async create(request) {
    const created = await client.groups.create({
      label: 'together',
      participants: [{ place: 'own' }, ...Array.from({ length: Number(request['invited']) }, (_, i) => ({ place: 'invited' as const, name: `guest ${i}` }))],
      subsets: [{ members: [0, 1] }],
    });
    await wiping(memberKey(request), (key) => client.groups.join(created.id, key));
    const invitations = created.invitations.map((issued) => issued.invitation.reveal());
    created.wipe();
    return { group: created.id, invitations };
  },

  async join(request) {
    const offer = await wiping(Invitation.parse(String(request['invitation'])), (invitation) => client.groups.inspect(invitation));
    return await wiping(offer, async () => {
      await wiping(memberKey(request), (key) => client.groups.join(offer, key));
      return { group: offer.group, label: offer.label, threshold: offer.threshold };
    });
  },

  async formed(request) {
    const formed = await client.groups.waitUntilFormed(group(request), { timeout: 60_000 });
    return {
      roster: formed.rosterHash, fingerprint: formed.fingerprint, address: formed.address('regtest'), outputKeys: [formed.outputKey, ...formed.subsets.map((subset) => subset.outputKey)],
    };
  },

  async request(request) {
    const loaded = await client.groups.load(group(request));
    const subset = request['subset'] === true ? loaded.subsets[0]?.id : undefined;
    const contents = (request['contents'] as readonly string[]).map((content): SigningContent => contentOf(content, { subset }));
    const hashes = ((request['hashes'] ?? []) as readonly string[]).map((hash) => contentOfHash(fromHex(hash)));
    return { reference: formatReference(await client.signings.request(loaded, [...contents, ...hashes])) };
  },

  async approve(request) {
    const review = await client.signings.review(reference(request));
    const shown = review.items.map(({ content }) => (content.kind === 'shown' ? new TextDecoder().decode(content.data) : content.kind));
    await (request['opaque'] === true ? client.signings.approveOpaque(review) : client.signings.approve(review));
    return { shown, requestedBy: review.requestedBy, awaited: review.awaited.votes };
  },

  async reject(request) {
    return { state: (await client.signings.reject(reference(request))).state };
  },

  async wait(request) {
    const outcome = await client.signings.wait(reference(request), { timeout: 60_000 });
    const items = outcome.items ?? [];
    const verified = items.every((item) => item.kind === 'signed' && verifySchnorr(item.outputKey, fromHex(item.message), item.signature));
    return { state: outcome.state, signatures: items.flatMap((item) => (item.kind === 'signed' ? [item.signature] : [])), verified };
  },

  async watch(request) {
    const states: string[] = [];
    for await (const event of client.signings.watch(reference(request))) {
      states.push(event.state);
    }
    return { states };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  let answer: object;
  try {
    answer = (await operations[String(request['op'])]?.(request)) ?? { error: 'no such operation' };
  } catch (error) {
    answer = request['refused'] === true && error instanceof KeyMeldError ? { refusal: error.code } : { error: String(error), code: error instanceof KeyMeldError ? error.code : undefined };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

