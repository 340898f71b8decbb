// AWS Nitro Enclaves, attestation_process.md section 3.2.2: the fields of a document and their bounds.
import { toHex } from '../bytes/hex.js';
import { AttestationError } from './attestationError.js';
import { type CoseSign1, parseCoseSign1 } from './coseSign1.js';
import { LenientCborReader, malformed } from './lenientCbor.js';

const maxSize = 16 * 1024;
const maxField = 1024;
const maxBundle = 8;
const registerSize = 48;
const maxModuleId = 128;
const maxSkippedDepth = 4;
const maxTimestamp = 253_402_300_799_999; // year 9999

export interface AttestationDocument {
  readonly envelope: CoseSign1;
  readonly moduleId: string;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** The registers it reports, by index, in lower-case hex. */
  readonly pcrs: ReadonlyMap<number, string>;
  readonly certificate: Uint8Array;
  readonly caBundle: readonly Uint8Array[];
  readonly publicKey: Uint8Array | undefined;
  readonly userData: Uint8Array | undefined;
  readonly nonce: Uint8Array | undefined;
}

interface Fields {
  moduleId?: string;
  digest?: string;
  timestamp?: number;
  pcrs?: ReadonlyMap<number, string>;
  certificate?: Uint8Array;
  caBundle?: readonly Uint8Array[];
  publicKey?: Uint8Array | undefined;
  userData?: Uint8Array | undefined;
  nonce?: Uint8Array | undefined;
}

export function parseDocument(bytes: Uint8Array): AttestationDocument {
  if (bytes.length === 0 || bytes.length > maxSize) {
    throw new AttestationError('Size', `An attestation document has 1 to ${maxSize} bytes; this one has ${bytes.length}.`);
  }
  const envelope = parseCoseSign1(bytes);
  const reader = new LenientCborReader(envelope.payload);
  const fields: Fields = {};
  const seen = new Set<string>();
  reader.map(() => {
    const name = reader.text();
    if (seen.has(name)) {
      malformed('it has a key twice');
    }
    seen.add(name);
    readField(reader, name, fields);
  });
  if (!reader.isAtEnd) {
    malformed('bytes follow its payload');
  }
  if (fields.digest !== undefined && fields.digest !== 'SHA384') {
    throw invalid('digest', 'is not SHA384');
  }
  const present = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) {
      throw new AttestationError('Field', `The attestation document has no ${name}.`);
    }
    return value;
  };
  present('digest', fields.digest);
  return {
    envelope,
    moduleId: present('module_id', fields.moduleId),
    timestamp: present('timestamp', fields.timestamp),
    pcrs: present('pcrs', fields.pcrs),
    certificate: present('certificate', fields.certificate),
    caBundle: present('cabundle', fields.caBundle),
    publicKey: fields.publicKey,
    userData: fields.userData,
    nonce: fields.nonce,
  };
}

function readField(reader: LenientCborReader, name: string, fields: Fields): void {
  switch (name) {
    case 'module_id':
      fields.moduleId = sized(name, reader.text(), 1, maxModuleId);
      break;
    case 'digest':
      fields.digest = reader.text();
      break;
    case 'timestamp':
      fields.timestamp = readTimestamp(reader);
      break;
    case 'pcrs':
      fields.pcrs = readPcrs(reader);
      break;
    case 'certificate':
      fields.certificate = sized(name, reader.bytes(), 1, maxField);
      break;
    case 'cabundle':
      fields.caBundle = readBundle(reader);
      break;
    case 'public_key':
      fields.publicKey = readOptional(reader, name, 1);
      break;
    case 'user_data':
      fields.userData = readOptional(reader, name, 0);
      break;
    case 'nonce':
      fields.nonce = readOptional(reader, name, 0);
      break;
    case 'nitrotpm_pcrs':
      throw new AttestationError('Product', "The document is a NitroTPM's, not an enclave's.");
    default:
      reader.skip(maxSkippedDepth);
      break;
  }
}

function readTimestamp(reader: LenientCborReader): number {
  const value = reader.unsigned();
  if (value === 0 || value > maxTimestamp) {
    throw invalid('timestamp', 'is out of range');
  }
  return value;
}

function readPcrs(reader: LenientCborReader): Map<number, string> {
  const registers = new Map<number, string>();
  reader.map(() => {
    const index = reader.unsigned();
    const value = reader.bytes();
    // The process allows 32 and 64 bytes too, for digests other than SHA384, which are refused as such.
    if (index > 31 || value.length !== registerSize) {
      throw invalid('pcrs', `has an index over 31 or a value of other than ${registerSize} bytes`);
    }
    if (registers.has(index)) {
      malformed('it has a key twice');
    }
    registers.set(index, toHex(value));
  });
  if (![0, 1, 2].every((index) => registers.has(index))) {
    throw invalid('pcrs', 'lacks PCR0, PCR1 or PCR2');
  }
  return registers;
}

function readBundle(reader: LenientCborReader): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  reader.array(() => {
    if (certificates.length === maxBundle) {
      throw invalid('cabundle', `has more than ${maxBundle} certificates`);
    }
    certificates.push(sized('cabundle', reader.bytes(), 1, maxField));
  });
  if (certificates.length === 0) {
    throw invalid('cabundle', 'is empty');
  }
  return certificates;
}

const readOptional = (reader: LenientCborReader, name: string, least: number): Uint8Array | undefined =>
  reader.tryNull() ? undefined : sized(name, reader.bytes(), least, maxField);

function sized<T extends { readonly length: number }>(name: string, value: T, least: number, most: number): T {
  if (value.length < least || value.length > most) {
    throw invalid(name, `does not have ${least} to ${most} bytes`);
  }
  return value;
}

const invalid = (field: string, what: string): AttestationError => new AttestationError('Field', `The attestation document's ${field} ${what}.`);
