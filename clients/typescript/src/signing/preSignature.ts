// protocol.md section 6, "Adaptors": a pre-signature is r ‖ s'. With R = lift_x(r): s'·G + T = R + e·P where the final nonce has an even y, s'·G = R + e·P + T where not.
import { concat } from '../bytes/bytes.js';
import { fromHex, toHex } from '../bytes/hex.js';
import type { Hash32, PublicKey, Signature, XOnlyKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import { Curve, liftX, order, pointOf, scalar, scalarBytes, signature, verifySchnorr, xOnlyKey } from '../crypto/publicKeys.js';
import { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

/** A pre-signature with all that it is about. */
export interface PreSigned {
  readonly outputKey: XOnlyKey;
  readonly message: Hash32;
  /** Whoever learns its secret can complete it. */
  readonly point: PublicKey;
  readonly preSignature: Signature;
}

/** Which way the point enters; undefined when it is no pre-signature of this message under this key for this point. */
export function nonceParity(made: PreSigned): 'even' | 'odd' | undefined {
  const bytes = fromHex(made.preSignature);
  const [nonce, response] = [xOnlyKey(bytes.slice(0, 32)), scalar(bytes.slice(32))];
  if (nonce === undefined || response === undefined) {
    return undefined;
  }
  const challenge = BigInt(`0x${toHex(taggedHash('BIP0340/challenge', bytes.slice(0, 32), fromHex(made.outputKey), fromHex(made.message)))}`) % order;
  const left = multiply(Curve.BASE, response);
  const right = liftX(nonce).add(multiply(liftX(made.outputKey), challenge));
  const adaptor = pointOf(made.point);
  return left.add(adaptor).equals(right) ? 'even' : left.equals(right.add(adaptor)) ? 'odd' : undefined;
}

/** The signature that the pre-signature and the point's secret make; verified. */
export function adapt(made: PreSigned, secret: SecretKey): Signature {
  if (secret.publicKey !== made.point) {
    throw new KeyMeldError('adaptor_mismatch', 'The secret is not that of the adaptor point.');
  }
  const parity = parityOf(made);
  const response = responseOf(made.preSignature);
  const completed = completedWith(made, secret.useScalar((own) => (order + (parity === 'even' ? response + own : response - own)) % order));
  if (!verifySchnorr(made.outputKey, fromHex(made.message), completed)) {
    throw new KeyMeldError('presignature_invalid', 'The completed signature does not verify.');
  }
  return completed;
}

/** The point's secret, which whoever completed the pre-signature gave away; the caller wipes it. */
export function extract(made: PreSigned, completed: Signature): SecretKey {
  const parity = parityOf(made);
  const difference = responseOf(completed) - responseOf(made.preSignature);
  const value = (order + (parity === 'even' ? difference : -difference)) % order;
  const secret = wiping(scalarBytes(value), (bytes) => SecretKey.tryImport(bytes));
  if (secret?.publicKey !== made.point || !verifySchnorr(made.outputKey, fromHex(made.message), completed)) {
    secret?.wipe();
    throw new KeyMeldError('adaptor_mismatch', 'The signature was not made of this pre-signature.');
  }
  return secret;
}

function parityOf(made: PreSigned): 'even' | 'odd' {
  const parity = nonceParity(made);
  if (parity === undefined) {
    throw new KeyMeldError('presignature_invalid', 'The pre-signature does not verify for this key, message and point.');
  }
  return parity;
}

const completedWith = (made: PreSigned, response: bigint): Signature => signature(concat(fromHex(made.preSignature.slice(0, 64)), scalarBytes(response)));

const responseOf = (made: Signature): bigint => BigInt(`0x${made.slice(64)}`);

const multiply = (point: typeof Curve.BASE, by: bigint): typeof Curve.BASE => (by === 0n ? Curve.ZERO : point.multiplyUnsafe(by));
