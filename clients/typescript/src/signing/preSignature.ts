// protocol.md section 6, "Adaptors": a pre-signature is r ‖ s'. With R = lift_x(r): s'·G + T = R + e·P where the final nonce has an even y, s'·G = R + e·P + T where not.
import { fromHex, toHex } from '../bytes/hex.js';
import type { PublicKey, Signature, XOnlyKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import { Curve, liftX, order, pointOf, scalar, xOnlyKey } from '../crypto/publicKeys.js';

/** Whether whoever learns the point's secret can complete it to a signature of the message under the key. */
export function isPreSignature(key: XOnlyKey, message: Uint8Array, point: PublicKey, preSignature: Signature): boolean {
  const bytes = fromHex(preSignature);
  const [nonce, response] = [xOnlyKey(bytes.slice(0, 32)), scalar(bytes.slice(32))];
  if (nonce === undefined || response === undefined) {
    return false;
  }
  const challenge = BigInt(`0x${toHex(taggedHash('BIP0340/challenge', bytes.slice(0, 32), fromHex(key), message))}`) % order;
  const left = multiply(Curve.BASE, response);
  const right = liftX(nonce).add(multiply(liftX(key), challenge));
  const adaptor = pointOf(point);
  return left.add(adaptor).equals(right) || left.equals(right.add(adaptor));
}

const multiply = (point: typeof Curve.BASE, by: bigint): typeof Curve.BASE => (by === 0n ? Curve.ZERO : point.multiplyUnsafe(by));
