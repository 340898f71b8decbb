// A hypervisor of one's own: P-384 certificates and attestation documents, with anything about them changed.
import { p384 } from '@noble/curves/nist.js';
import { signatureStructure } from '#dist/attestation/coseSign1.js';
import { AttestationRoot } from '#dist/attestation/root.js';
import { concat, utf8 } from '#dist/bytes/bytes.js';
import { CborEncoder } from '#dist/cbor/encoder.js';

export const now = Date.UTC(2026, 10, 26, 8, 0, 0);
const day = 24 * 60 * 60 * 1000;

/** One element in DER. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const body = concat(...contents);
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return concat(Uint8Array.of(tag, ...length), body);
}

const oid = (...bytes: readonly number[]): Uint8Array => der(0x06, Uint8Array.from(bytes));
const boolean = (value: boolean): Uint8Array => der(0x01, Uint8Array.of(value ? 0xff : 0));
const integer = (value: number): Uint8Array => der(0x02, Uint8Array.of(value));
const ecdsaWithSha384 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03));
const ecdsaWithSha256 = der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const time = (at: number): Uint8Array => der(0x17, utf8(new Date(at).toISOString().replace(/[-T:]|\.\d+/g, '').slice(2)));
const name = (common: string): Uint8Array => der(0x30, der(0x31, der(0x30, oid(0x55, 0x04, 0x03), der(0x0c, utf8(common)))));
const extension = (id: readonly number[], critical: boolean, value: Uint8Array): Uint8Array => der(0x30, oid(...id), ...(critical ? [boolean(true)] : []), der(0x04, value));

export interface CertificateOptions {
  readonly subject: string;
  readonly issuer?: string;
  readonly isAuthority?: boolean;
  readonly pathLength?: number | undefined;
  readonly constraintsCritical?: boolean;
  readonly noConstraints?: boolean;
  /** The first byte of the key usage bits. */
  readonly usage?: number;
  /** The whole value of the extension in place of that. */
  readonly usageBits?: Uint8Array;
  readonly usageCritical?: boolean;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly weakHash?: boolean;
  readonly version?: number;
  readonly extra?: readonly Uint8Array[];
  readonly spki?: Uint8Array;
}

export interface Authority {
  readonly secret: Uint8Array;
  readonly name: string;
}

export const spkiOf = (secret: Uint8Array): Uint8Array =>
  der(0x30, der(0x30, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01), oid(0x2b, 0x81, 0x04, 0x00, 0x22)), der(0x03, Uint8Array.of(0), p384.getPublicKey(secret, false)));

export function certificate(secret: Uint8Array, by: Authority, options: CertificateOptions): Uint8Array {
  const algorithm = options.weakHash === true ? ecdsaWithSha256 : ecdsaWithSha384;
  const constraints = der(0x30, ...(options.isAuthority === true ? [boolean(true)] : []), ...(options.pathLength === undefined ? [] : [integer(options.pathLength)]));
  const extensions = [
    ...(options.noConstraints === true ? [] : [extension([0x55, 0x1d, 0x13], options.constraintsCritical !== false, constraints)]),
    extension([0x55, 0x1d, 0x0f], options.usageCritical !== false, options.usageBits ?? der(0x03, Uint8Array.of(0, options.usage ?? (options.isAuthority === true ? 0x04 : 0x80)))),
    ...(options.extra ?? []),
  ];
  const tbs = der(0x30, der(0xa0, integer(options.version ?? 2)), integer(1), algorithm, name(options.issuer ?? by.name),
    der(0x30, time(options.notBefore ?? now - day), time(options.notAfter ?? now + day)), name(options.subject), options.spki ?? spkiOf(secret), der(0xa3, der(0x30, ...extensions)));
  return der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(0), p384.sign(tbs, by.secret, { prehash: true, lowS: false, format: 'der' })));
}

export const subjectKeyId = (id: number): Uint8Array => extension([0x55, 0x1d, 0x0e], false, der(0x04, Uint8Array.of(id)));
export const authorityKeyId = (id: number): Uint8Array => extension([0x55, 0x1d, 0x23], false, der(0x30, der(0x80, Uint8Array.of(id))));
export const criticalExtension = extension([0x2a, 0x03], true, der(0x04, Uint8Array.of(1)));
export const nameConstraints = extension([0x55, 0x1d, 0x1e], false, der(0x30));
export const secondUsage = extension([0x55, 0x1d, 0x0f], true, der(0x03, Uint8Array.of(0, 0x80)));

const secrets = { root: p384.utils.randomSecretKey(), middle: p384.utils.randomSecretKey(), leaf: p384.utils.randomSecretKey() };

export interface MockOptions {
  readonly root?: Partial<CertificateOptions>;
  readonly middle?: Partial<CertificateOptions>;
  readonly leaf?: Partial<CertificateOptions>;
  /** Changes the fields of the payload, in the order they are written. */
  readonly fields?: (fields: Map<string, Uint8Array>) => void;
  readonly payload?: (payload: Uint8Array) => Uint8Array;
  readonly protectedHeader?: Uint8Array;
  /** Signs with another key. */
  readonly signer?: Uint8Array;
  readonly tag?: number;
  readonly bundle?: (bundle: Uint8Array[]) => Uint8Array[];
}

export const nonce = new Uint8Array(32).fill(1);
export const userData = new Uint8Array(32).fill(2);

const cbor = (write: (encoder: CborEncoder) => CborEncoder): Uint8Array => write(new CborEncoder()).toBytes();
export const cborBytes = (bytes: Uint8Array): Uint8Array => cbor((encoder) => encoder.bytes(bytes));
export const cborText = (text: string): Uint8Array => cbor((encoder) => encoder.text(text));
export const cborNumber = (value: number): Uint8Array => cbor((encoder) => encoder.number(value));
export const cborPcrs = (registers: ReadonlyMap<number, Uint8Array>): Uint8Array => cbor((encoder) => {
  encoder.map(registers.size);
  registers.forEach((value, index) => encoder.number(index).bytes(value));
  return encoder;
});

/** A document as the hypervisor would make it for this nonce and these user data, and the root it leads to. */
export function mockDocument(options: MockOptions = {}): { document: Uint8Array; root: AttestationRoot; rootDer: Uint8Array } {
  const rootDer = certificate(secrets.root, { secret: secrets.root, name: 'root' }, { subject: 'root', isAuthority: true, ...options.root });
  const middle = certificate(secrets.middle, { secret: secrets.root, name: 'root' }, { subject: 'middle', isAuthority: true, pathLength: 0, ...options.middle });
  const leaf = certificate(secrets.leaf, { secret: secrets.middle, name: 'middle' }, { subject: 'leaf', ...options.leaf });
  const bundle = (options.bundle ?? ((same) => same))([rootDer, middle]);
  const fields = new Map([
    ['module_id', cborText('i-0123456789abcdef0-enc0123456789abcdef')],
    ['digest', cborText('SHA384')],
    ['timestamp', cborNumber(now)],
    ['pcrs', cborPcrs(new Map([0, 1, 2].map((index) => [index, new Uint8Array(48).fill(index + 1)])))],
    ['certificate', cborBytes(leaf)],
    ['cabundle', cbor((encoder) => {
      encoder.array(bundle.length);
      bundle.forEach((one) => encoder.bytes(one));
      return encoder;
    })],
    ['public_key', Uint8Array.of(0xf6)],
    ['user_data', cborBytes(userData)],
    ['nonce', cborBytes(nonce)],
  ]);
  options.fields?.(fields);
  const written = concat(cbor((encoder) => encoder.map(fields.size)), ...[...fields].map(([key, value]) => concat(cborText(key), value)));
  const payload = options.payload?.(written) ?? written;
  const signature = p384.sign(signatureStructure(payload), options.signer ?? secrets.leaf, { prehash: true, lowS: false, format: 'compact' });
  const header = options.protectedHeader ?? Uint8Array.of(0xa1, 0x01, 0x38, 0x22);
  const tag = options.tag === undefined ? new Uint8Array(0) : Uint8Array.of(0xc0 | options.tag);
  const document = concat(tag, cbor((encoder) => encoder.array(4).bytes(header).map(0).bytes(payload).bytes(signature)));
  return { document, root: AttestationRoot.development(rootDer), rootDer };
}

export const stranger = p384.utils.randomSecretKey();
