// What the browser runs: bundled, served, and called by browser.ts.
import { AttestationPolicy, Invitation, KeyMeldClient, KeyMeldError, MemberKey, Profile, contentOf, formatReference, parseReference, wiping } from '@keymeld/client';
import { IndexedDbStore } from '@keymeld/client/browser';

let client: KeyMeldClient;

const page = {
  async open(gateway: string, root: string): Promise<number> {
    const store = await IndexedDbStore.open('keymeld');
    const passphrase = new TextEncoder().encode('a passphrase');
    const profile = (await store.names()).length === 0 ? await Profile.create(store, passphrase) : await Profile.open(store, passphrase);
    client = KeyMeldClient.connect(gateway, AttestationPolicy.development(root), profile);
    return (await client.groups.list()).length;
  },

  async verify(): Promise<{ number: number; mode: string; pcr0: string | undefined }> {
    const { number, mode, pcrs } = await client.enclaves.verify(0);
    return { number, mode, pcr0: pcrs.get(0) };
  },

  async reaches(): Promise<string> {
    return await client.enclaves.list().then(() => 'reached', (error: unknown) => (error instanceof KeyMeldError ? error.code : String(error)));
  },

  async distrusts(gateway: string, root: string): Promise<string> {
    const stranger = KeyMeldClient.connect(gateway, AttestationPolicy.development(root), Profile.inMemory());
    return await stranger.enclaves.verify(0).then(() => 'trusted', (error: unknown) => (error instanceof KeyMeldError ? error.code : String(error)));
  },

  async join(letter: string): Promise<string> {
    return await wiping(await wiping(Invitation.parse(letter), (invitation) => client.groups.inspect(invitation)), async (offer) => {
      await wiping(MemberKey.generate(), (key) => client.groups.join(offer, key));
      return offer.group;
    });
  },

  async formed(group: string): Promise<string> {
    return (await client.groups.waitUntilFormed(group as never, { timeout: 300_000 })).fingerprint;
  },

  async approve(reference: string): Promise<string[]> {
    const review = await client.signings.review(parseReference(reference));
    await client.signings.approve(review);
    return review.items.map(({ content }) => (content.kind === 'shown' ? new TextDecoder().decode(content.data) : content.kind));
  },

  async cosign(reference: string): Promise<readonly string[]> {
    return (await client.coSigner.sign(parseReference(reference))).signatures;
  },

  async request(group: string, content: string): Promise<string> {
    return formatReference(await client.signings.request(await client.groups.load(group as never), [contentOf(content)]));
  },

  async wait(reference: string): Promise<readonly string[]> {
    const states: string[] = [];
    for await (const event of client.signings.watch(parseReference(reference))) {
      states.push(event.state);
    }
    return [...(await client.signings.wait(parseReference(reference), { timeout: 300_000 })).signatures, ...states.slice(-1)];
  },
};

export type Page = typeof page;

Object.assign(globalThis, { page });
