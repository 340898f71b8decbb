// A person whose client this one is, as a process: one JSON object a line in each direction, {op, ...} → {...} or {error, code}. The other side are C# clients.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  AdaptorChallenge, AttestationPolicy, type CoSignEvent, type Hash32, Invitation, KeyMeldClient, KeyMeldError, MemberKey, Profile, SecretKey, type Signature, type SigningContent,
  type SigningOutcome, adapt, contentOf, contentOfHash, formatReference, fromHex, parseReference, toHex, verifySchnorr, wiping,
} from '@keymeld/client';
import { FileStore } from '@keymeld/client/node';

type Request = Readonly<Record<string, unknown>>;

let client: KeyMeldClient;
let secret: SecretKey;
let cosigned: Promise<SigningOutcome>;
const events: CoSignEvent[] = [];

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
      participants: [{ place: 'own', atHome: request['atHome'] === true }, ...Array.from({ length: Number(request['invited']) }, (_, i) => ({ place: 'invited' as const, name: `guest ${i}` }))],
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
      await wiping(memberKey(request), (key) => client.groups.join(offer, key, { approval: request['silent'] !== true }));
      return { group: offer.group, label: offer.label, threshold: offer.threshold };
    });
  },

  async formed(request) {
    const formed = await client.groups.waitUntilFormed(group(request), { timeout: 300_000 });
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
    const outcome = await client.signings.wait(reference(request), { timeout: 300_000 });
    const items = outcome.items ?? [];
    const verified = items.every((item) => item.kind === 'signed' && verifySchnorr(item.outputKey, fromHex(item.message), item.signature));
    return { state: outcome.state, signatures: items.flatMap((item) => (item.kind === 'signed' ? [item.signature] : [])), verified };
  },

  /** Signs at home from now on; what becomes of it is told by `cosigned`. */
  async cosign(request) {
    const sent = new Promise<void>((resolve) => {
      cosigned = client.coSigner.sign(reference(request), {
        onEvent: (event) => {
          events.push(event);
          if (event.kind === 'sent-nonces' || event.kind === 'ended') {
            resolve();
          }
        },
      });
    });
    await Promise.race([sent, cosigned]);
    return {};
  },

  async cosigned() {
    const outcome = await cosigned;
    return { state: outcome.state, signatures: outcome.signatures, events: events.map((event) => ('attempt' in event ? `${event.kind} ${event.attempt}` : event.kind)) };
  },

  async point() {
    secret = SecretKey.generate();
    return { point: secret.publicKey };
  },

  async challenge(request) {
    return { challenge: String(AdaptorChallenge.create(await client.groups.load(group(request)), request['points'] as never)) };
  },

  async prove(request) {
    return { proof: AdaptorChallenge.parse(String(request['challenge'])).prove(secret) };
  },

  async requestProven(request) {
    const adaptor = AdaptorChallenge.parse(String(request['challenge'])).complete(request['proofs'] as readonly Signature[]);
    return { reference: formatReference(await client.signings.request(await client.groups.load(group(request)), [contentOf(String(request['content']), { adaptor })])) };
  },

  /** Completes a pre-signature with all secrets, of which the others' is given. */
  async complete(request) {
    const [item] = (await client.signings.wait(reference(request), { timeout: 300_000 })).items ?? [];
    const other = SecretKey.tryImport(fromHex(String(request['secret'])));
    const all = other === undefined ? undefined : SecretKey.sum([secret, other]);
    if (item?.kind !== 'presigned' || all === undefined) {
      return { error: `there is no pre-signature: ${String(item?.kind)}` };
    }
    return { signature: adapt(item, all), own: toHex(secret.export()) };
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


// Whoever talked to it is gone, and with it what it was still waiting for: nonces that were shown and not used, too.
process.exit(0);
