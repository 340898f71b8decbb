// BIP-327, BIP-340, BIP-341: the vectors of the standards.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { taprootAddress } from '#dist/bitcoin/address.js';
import { fromHex, toHex } from '#dist/bytes/hex.js';
import { KeyAggregation, TweakError } from '#dist/crypto/keyAggregation.js';
import { parsePublicKey, parseXOnlyKey, verifySchnorr } from '#dist/crypto/publicKeys.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { leafHash, leavesOf, treeRoot } from '#dist/groups/scriptTrees.js';
import { tapTweak, taprootKey } from '#dist/groups/tweaking.js';
import type { ScriptTree } from '#dist/statements/scriptTree.js';
import { Vectors, sharedText, sharedVectorsMissing } from '../support/vectors.js';

interface Wallet {
  readonly given: { readonly internalPubkey: string; readonly scriptTree: WalletTree | null };
  readonly intermediary: { readonly leafHashes?: readonly string[]; readonly merkleRoot: string | null; readonly tweak: string; readonly tweakedPubkey: string };
  readonly expected: { readonly bip350Address: string };
}

type WalletTree = { readonly script: string; readonly leafVersion: number } | readonly [WalletTree, WalletTree];

describe('vectors of the standards', { skip: sharedVectorsMissing }, () => {
  test('BIP-340 signatures verify or do not, and are made to the same bytes', () => {
    const rows = sharedText('bip340/test-vectors.csv').trim().split(/\r?\n/).slice(1).map((row) => row.split(',').map((cell) => cell.toLowerCase()));
    assert.equal(rows.length, 19);
    for (const [, secret = '', key = '', aux = '', message = '', signature = '', result] of rows.filter((row) => row[4]?.length === 64)) {
      const parsed = parseXOnlyKey(key);
      assert.equal(parsed !== undefined && verifySchnorr(parsed, fromHex(message), signature as never), result === 'true');
      if (secret !== '') {
        assert.equal(SecretKey.tryImport(fromHex(secret))?.signSchnorr(fromHex(message), fromHex(aux)), signature);
      }
    }
  });

  test('BIP-327 keys are sorted and aggregated', () => {
    const sort = Vectors.shared('bip327/key_sort_vectors.json');
    assert.deepEqual(KeyAggregation.sort((sort.at('pubkeys').value as string[]).map(lower) as never[]), (sort.at('sorted_pubkeys').value as string[]).map(lower));
    const vectors = Vectors.shared('bip327/key_agg_vectors.json');
    const keys = (vectors.at('pubkeys').value as string[]).map(lower);
    const tweaks = (vectors.at('tweaks').value as string[]).map(lower);
    const valid = vectors.list('valid_test_cases');
    assert.equal(valid.length, 4);
    for (const one of valid) {
      const some = (one.at('key_indices').value as number[]).map((index) => parsePublicKey(keys[index] ?? '') ?? assert.fail());
      assert.equal(KeyAggregation.aggregate(some).outputKey, lower(one.text('expected')));
    }
    const failing = vectors.list('error_test_cases');
    assert.equal(failing.length, 5);
    for (const one of failing) {
      const some = (one.at('key_indices').value as number[]).map((index) => parsePublicKey(keys[index] ?? ''));
      if (!some.includes(undefined)) {
        const applied = (one.at('tweak_indices').value as number[]).map((index) => fromHex(tweaks[index] ?? ''));
        const isXOnly = one.at('is_xonly').value as boolean[];
        assert.throws(() => applied.reduce((sum, tweak, i) => (isXOnly[i] === true ? sum.withXOnlyTweak(tweak) : sum.withPlainTweak(tweak)), KeyAggregation.aggregate(some as never[])), TweakError);
      }
    }
  });

  test('BIP-341 script trees lead to their roots, output keys and addresses', () => {
    const cases = Vectors.shared('bip341/wallet-test-vectors.json').at('scriptPubKey').value as readonly Wallet[];
    assert.equal(cases.length, 7);
    for (const { given, intermediary, expected } of cases) {
      const tree = given.scriptTree === null ? undefined : treeOf(given.scriptTree);
      const root = tree === undefined ? undefined : treeRoot(tree);
      assert.equal(root === undefined ? null : toHex(root), intermediary.merkleRoot);
      assert.deepEqual(tree === undefined ? undefined : leavesOf(tree).map((leaf) => toHex(leafHash(leaf))), intermediary.leafHashes);
      const internal = parseXOnlyKey(given.internalPubkey) ?? assert.fail();
      const tweak = tapTweak(internal, root);
      assert.equal(toHex(tweak), intermediary.tweak);
      assert.equal(taprootKey(internal, root), intermediary.tweakedPubkey);
      assert.equal(taprootAddress(taprootKey(internal, root), 'mainnet'), expected.bip350Address);
    }
  });
});

const lower = (text: string): string => text.toLowerCase();

function treeOf(tree: WalletTree): ScriptTree {
  return 'script' in tree ? { leaf: tree.leafVersion, script: fromHex(tree.script) } : [treeOf(tree[0]), treeOf(tree[1])];
}
