// A member that signs at home with @scure/btc-signer's MuSig2 (BIP-327). Its key and its secret nonces never leave this process; the other side carries 33-byte keys,
// 66-byte public nonces and 32-byte partial signatures, and nothing else.
import * as musig2 from '@scure/btc-signer/musig2.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { hex, bytes, serve } from './lines.mjs';

const secret = secp256k1.utils.randomSecretKey();
const own = musig2.IndividualPubkey(secret);
const nonces = new Map();

// Tweaks as BIP-327 takes them. bip86 and taproot commit to the key as it is before them (BIP-341).
function chain(keys, tweaks) {
  const values = [];
  const xonly = [];
  for (const { type, value } of tweaks) {
    if (type === 'bip86') {
      const internal = musig2.keyAggExport(musig2.keyAggregate(keys, values, xonly));
      values.push(schnorr.utils.taggedHash('TapTweak', internal));
    } else {
      values.push(bytes(value));
    }
    xonly.push(type !== 'plain');
  }
  return { values, xonly };
}

function aggregate({ keys, tweaks }) {
  const sorted = musig2.sortKeys(keys.map(bytes));
  const { values, xonly } = chain(sorted, tweaks);
  return { sorted, values, xonly, output: musig2.keyAggExport(musig2.keyAggregate(sorted, values, xonly)) };
}

// The adaptor point goes into the first aggregate nonce, so that the nonce coefficient commits to it.
function aggregateNonces(publicNonces, adaptor) {
  const sum = musig2.nonceAggregate(publicNonces);
  if (!adaptor) {
    return sum;
  }
  const point = secp256k1.Point.fromHex(adaptor);
  const first = sum.slice(0, 33);
  const folded = first.every((byte) => byte === 0) ? point : secp256k1.Point.fromBytes(first).add(point);
  return Uint8Array.from([...folded.toBytes(true), ...sum.slice(33)]);
}

await serve({
  key: () => ({ key: hex(own) }),

  prove: ({ digest }) => ({ proof: hex(schnorr.sign(bytes(digest), secret)) }),

  output: (group) => ({ output: hex(aggregate(group).output) }),

  nonce: ({ item, message, ...group }) => {
    const made = musig2.nonceGen(own, secret, aggregate(group).output, bytes(message));
    nonces.set(item, made.secret);
    return { nonce: hex(made.public) };
  },

  // Takes the nonce out before it signs with it; sign() checks its own partial signature.
  sign: ({ item, message, publicNonces, adaptor, ...group }) => {
    const nonce = nonces.get(item);
    nonces.delete(item);
    const { sorted, values, xonly } = aggregate(group);
    const session = new musig2.Session(aggregateNonces(publicNonces.map(bytes), adaptor), sorted, bytes(message), values, xonly);
    return { partial: hex(session.sign(nonce, secret)) };
  },

  verify: ({ message, signature, ...group }) => ({ valid: schnorr.verify(bytes(signature), bytes(message), aggregate(group).output) }),
});
