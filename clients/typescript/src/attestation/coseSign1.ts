// RFC 9052 section 4.2: COSE_Sign1 with ES384, as the Nitro hypervisor signs attestation documents.
import { equalBytes } from '../bytes/bytes.js';
import { CborEncoder } from '../cbor/encoder.js';
import { AttestationError } from './attestationError.js';
import { LenientCborReader, malformed } from './lenientCbor.js';
import { type P384Key, verifyEs384 } from './p384.js';

const protectedHeader = Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
const sign1Tag = 18;
const signatureSize = 96;

export interface CoseSign1 {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export function parseCoseSign1(bytes: Uint8Array): CoseSign1 {
  const reader = new LenientCborReader(bytes);
  if (reader.major === 6 && reader.tag() !== sign1Tag) {
    malformed("its tag is not COSE_Sign1's");
  }
  const parts: Uint8Array[] = [];
  let place = 0;
  reader.array(() => {
    if (place === 1) {
      reader.map(() => malformed('the unprotected header is not empty'));
    } else if (place < 4) {
      parts.push(reader.bytes());
    } else {
      malformed('a COSE_Sign1 is an array of four');
    }
    place++;
  });
  const [header, payload, signature] = parts;
  if (place !== 4 || header === undefined || payload === undefined || signature === undefined) {
    return malformed('a COSE_Sign1 is an array of four');
  }
  if (!equalBytes(header, protectedHeader)) {
    throw new AttestationError('Algorithm', "The attestation document's protected header is not exactly ES384.");
  }
  if (!reader.isAtEnd) {
    malformed('bytes follow it');
  }
  if (signature.length !== signatureSize) {
    malformed(`an ES384 signature has ${signatureSize} bytes`);
  }
  return { payload, signature };
}

export const isSignedBy = (envelope: CoseSign1, key: P384Key): boolean => verifyEs384(key, signatureStructure(envelope.payload), envelope.signature);

/** What is signed: Sig_structure of RFC 9052 section 4.4. */
export const signatureStructure = (payload: Uint8Array): Uint8Array =>
  new CborEncoder(payload.length + 64).array(4).text('Signature1').bytes(protectedHeader).bytes(new Uint8Array(0)).bytes(payload).toBytes();
