// BIP-340 and ECDSA signatures of @noble/curves, and its verdict on ours.
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { hex, bytes, serve } from './lines.mjs';

const secret = secp256k1.utils.randomSecretKey();
const raw = { prehash: false, lowS: true };

await serve({
  keys: () => ({ xonly: hex(schnorr.getPublicKey(secret)), compressed: hex(secp256k1.getPublicKey(secret, true)) }),
  signSchnorr: ({ message }) => ({ signature: hex(schnorr.sign(bytes(message), secret)) }),
  verifySchnorr: ({ key, message, signature }) => ({ valid: schnorr.verify(bytes(signature), bytes(message), bytes(key)) }),
  signEcdsa: ({ message }) => ({ signature: hex(secp256k1.sign(bytes(message), secret, raw)) }),
  verifyEcdsa: ({ key, message, signature }) => ({ valid: secp256k1.verify(bytes(signature), bytes(message), bytes(key), raw) }),
  // RFC 6979: the same key and message give the same signature everywhere.
  signEcdsaWith: ({ secret: given, message }) => ({ signature: hex(secp256k1.sign(bytes(message), bytes(given), raw)) }),
});
