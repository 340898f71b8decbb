// A taproot key spend built, hashed, finalised and checked by @scure/btc-signer; only the signature comes from the group.
import * as btc from '@scure/btc-signer';
import { schnorr } from '@noble/curves/secp256k1.js';
import { hex, bytes, serve } from './lines.mjs';

const previous = { txid: '11'.repeat(32), index: 1, amount: 100_000n };
const fee = 1_000n;

// p2tr with an internal key applies BIP-86's tweak itself: that the address comes out equal shows that both sides mean the same.
const payment = (internalKey) => btc.p2tr(bytes(internalKey), undefined, btc.NETWORK);

function build(internalKey) {
  const { script } = payment(internalKey);
  const tx = new btc.Transaction();
  tx.addInput({ txid: previous.txid, index: previous.index, witnessUtxo: { script, amount: previous.amount }, tapInternalKey: bytes(internalKey) });
  tx.addOutput({ script, amount: previous.amount - fee });
  return { tx, script };
}

const sighash = (tx, script) => tx.preimageWitnessV1(0, [script], btc.SigHash.DEFAULT, [previous.amount]);

await serve({
  address: ({ internalKey }) => ({ address: payment(internalKey).address, output: hex(payment(internalKey).tweakedPubkey) }),

  sighash: ({ internalKey }) => {
    const { tx, script } = build(internalKey);
    return { message: hex(sighash(tx, script)) };
  },

  finalise: ({ internalKey, signature }) => {
    const { tx, script } = build(internalKey);
    tx.updateInput(0, { tapKeySig: bytes(signature) }, true);
    tx.finalize();
    // What would be broadcast, read again: its only witness is a signature under the output key, over the hash of what was read.
    const sent = btc.Transaction.fromRaw(tx.extract());
    const [witness, ...more] = sent.getInput(0).finalScriptWitness;
    const valid = more.length === 0 && witness.length === 64 && schnorr.verify(witness, sighash(sent, script), script.slice(2));
    return { valid, id: sent.id, weight: sent.weight, outputs: sent.outputsLength };
  },
});
