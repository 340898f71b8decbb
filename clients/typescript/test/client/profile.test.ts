import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '#dist/bytes/hex.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { checkPins } from '#dist/profile/records.js';
import { Profile } from '#dist/profile/profile.js';
import { PinBook } from '#dist/profile/pinBook.js';
import { MemoryStore, type Store } from '#dist/profile/store.js';
import { FileStore } from '#dist/node/fileStore.js';
import { codeOfAsync } from '../support/refusal.js';

const passphrase = new TextEncoder().encode('correct horse');
const name = 'key/00/authorisation';

async function* stores(): AsyncGenerator<Store> {
  yield new MemoryStore();
  const folder = await mkdtemp(join(tmpdir(), 'keymeld-store-'));
  yield await FileStore.open(join(folder, 'profile'));
  await rm(folder, { recursive: true });
}

test('a profile is opened with its passphrase and no other, and keeps what it was given', async () => {
  for await (const store of stores()) {
    const profile = await Profile.create(store, passphrase);
    const key = SecretKey.generate();
    const secret = key.export();
    await profile.putSecret(name, secret);
    assert.ok(secret.every((byte) => byte === 0));
    assert.equal(await codeOfAsync(() => Profile.create(store, passphrase)), 'profile_invalid');
    assert.equal(await codeOfAsync(() => Profile.open(store, new TextEncoder().encode('wrong'))), 'passphrase_wrong');
    assert.equal(await codeOfAsync(() => Profile.open(store, new Uint8Array(0))), 'passphrase_wrong');
    const again = await Profile.open(store, passphrase);
    assert.equal((await again.findKey(name))?.publicKey, key.publicKey);
    assert.deepEqual(await again.secretNames('key/'), [name]);
    for (const entry of await store.names()) {
      assert.ok(!toHex((await store.get(entry)) ?? assert.fail()).includes(toHex(key.export())), entry);
    }
    await again.removeSecrets((one) => one === name);
    assert.equal(await again.findSecret(name), undefined);
  }
  assert.equal(await codeOfAsync(() => Profile.open(new MemoryStore(), passphrase)), 'profile_invalid');
});

test('an entry that was changed, cut or put in the place of another is refused', async () => {
  const store = new MemoryStore();
  const profile = await Profile.create(store, passphrase);
  await profile.putSecret('a', new Uint8Array(32).fill(1));
  await profile.putSecret('b', new Uint8Array(32).fill(2));
  const wire = (await store.get('secret/a')) ?? assert.fail();
  const header = (await store.get('profile')) ?? assert.fail();
  for (const bad of [wire.slice(0, -1), Uint8Array.from(wire, (byte, i) => (i === 20 ? byte ^ 1 : byte)), (await store.get('secret/b')) ?? assert.fail(), new Uint8Array(0)]) {
    await store.put('secret/a', bad);
    assert.equal(await codeOfAsync(() => profile.findSecret('a')), 'profile_invalid');
  }
  await store.put('profile', header.slice(1));
  assert.equal(await codeOfAsync(() => Profile.open(store, passphrase)), 'profile_invalid');
  await store.put('profile', new TextEncoder().encode(new TextDecoder().decode(header).replace('600000', '1')));
  assert.equal(await codeOfAsync(() => Profile.open(store, passphrase)), 'profile_invalid');
});

test('updates of one record come one after the other', async () => {
  const profile = Profile.inMemory();
  const pin = (enclave: number) => ({ kmsKeyArn: 'arn', enclave, epoch: 1, key: `02${'11'.repeat(32)}` as never });
  await Promise.all(Array.from({ length: 20 }, (_, enclave) => profile.update('pins', checkPins, (pins = []) => [...pins, pin(enclave)])));
  assert.equal((await profile.find('pins', checkPins))?.length, 20);
  await assert.rejects(() => profile.update('pins', checkPins, () => assert.fail('on the way')));
  assert.equal((await profile.find('pins', checkPins))?.length, 20);
});

test('an enclave with a lower epoch or another key of the same epoch is not the one that was pinned', async () => {
  const book = new PinBook(Profile.inMemory());
  const enclave = (epochs: readonly (readonly [number, string])[]) => {
    const keys = epochs.map(([epoch, fill]) => ({ epoch, key: `02${fill.repeat(32)}` as never, sign: fill.repeat(32) as never }));
    return { number: 1, mode: 'production' as const, kmsKeyArn: 'arn', software: '', epochs: keys, newest: keys.at(-1) ?? assert.fail(), pcrs: new Map(), attestedAt: 0 };
  };
  await book.check(enclave([[1, '11'], [2, '22']]));
  await book.check(enclave([[1, '11'], [2, '22']]));
  await book.check(enclave([[2, '22'], [3, '33']]));
  assert.equal(await codeOfAsync(() => book.check(enclave([[1, '11'], [2, '22']]))), 'enclave_changed');
  assert.equal(await codeOfAsync(() => book.check(enclave([[3, '44']]))), 'enclave_changed');
  assert.equal(await codeOfAsync(() => book.check(enclave([[3, '44'], [4, '55']]))), 'enclave_changed');
  assert.deepEqual((await book.read()).map((pin) => pin.epoch), [3]);
  await book.accept(enclave([[1, '66']]));
  await book.check(enclave([[1, '66']]));
  assert.ok((await book.knows('arn', 1)) && !(await book.knows('arn', 2)) && !(await book.knows('other', 1)));
});

test('files are their owner’s only, and names with slashes stay apart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keymeld-store-'));
  const store = await FileStore.open(join(folder, 'profile'));
  await store.put('a/../b', Uint8Array.of(1));
  await store.put('a%2Fb', Uint8Array.of(2));
  await store.put('a/b', Uint8Array.of(3));
  assert.deepEqual([...(await store.names())].sort(), ['a%2Fb', 'a/../b', 'a/b']);
  assert.deepEqual(await store.get('a/b'), Uint8Array.of(3));
  const [file = ''] = await readdir(join(folder, 'profile'));
  assert.equal((await stat(join(folder, 'profile', file))).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'profile'))).mode & 0o777, 0o700);
  await store.remove('a/b');
  await store.remove('never there');
  assert.equal(await store.get('a/b'), undefined);
  await rm(folder, { recursive: true });
});
