import { CborEncoder } from '#dist/cbor/encoder.js';
import { encodeItems, parseItems } from '#dist/statements/signingItems.js';
import { keyKind } from '#dist/statements/keyStatement.js';
import { manifestKind } from '#dist/statements/manifest.js';
import { parseIdentity } from '#dist/statements/identity.js';
import { parseResult } from '#dist/statements/signingResult.js';
import { registrationKind } from '#dist/statements/registration.js';
import { approvalKind, cancelKind, eraseKind, keyEraseKind } from '#dist/statements/shortStatements.js';
import type { StatementKind } from '#dist/statements/signed.js';
import { signingRequestKind } from '#dist/statements/signingRequest.js';
import { singleSignKind } from '#dist/statements/singleSign.js';
import { encodeTerms, parseTerms } from '#dist/statements/terms.js';

const kinds: readonly StatementKind<never>[] = [manifestKind, registrationKind, signingRequestKind, approvalKind, cancelKind, eraseKind, keyKind, keyEraseKind, singleSignKind] as never[];

/** The statement of a type. */
export function kindOf(type: string): StatementKind<unknown> | undefined {
  return kinds.find((kind) => kind.type === type) as StatementKind<unknown> | undefined;
}

/** Reads a structure and writes it again; undefined for what a client only reads, which then was at least read. */
export const recode: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  ...Object.fromEntries((kinds as readonly StatementKind<unknown>[]).map((kind) => [kind.type, (bytes: Uint8Array) => kind.encode(kind.parse(bytes))])),
  terms: (bytes) => encodeTerms(parseTerms(bytes)),
  items: (bytes) => encodeItems(parseItems(bytes)),
  identity: (bytes) => readOnly(parseIdentity(bytes)),
  result: (bytes) => readOnly(parseResult(bytes)),
};

/** What only enclaves and members at home read. */
export const notForClients: readonly string[] = ['round1', 'round2', 'single-sign-blob'];

const readOnly = (_: unknown): undefined => undefined;

/** A JSON value of the vectors as CBOR: `h'…'` is a byte string, and maps are in the order they have. */
export function encodeValue(encoder: CborEncoder, value: unknown): CborEncoder {
  if (value === null) {
    return encoder.null();
  }
  switch (typeof value) {
    case 'number':
      return encoder.number(value);
    case 'boolean':
      return encoder.boolean(value);
    case 'string':
      return /^h'[0-9a-f]*'$/.test(value) ? encoder.hex(value.slice(2, -1)) : encoder.text(value);
    default:
      break;
  }
  if (Array.isArray(value)) {
    encoder.array(value.length);
    value.forEach((entry: unknown) => encodeValue(encoder, entry));
    return encoder;
  }
  const bytesOf = (key: string): Uint8Array => encodeValue(new CborEncoder(), key).toBytes();
  const entries = Object.entries(value as object).map(([key, entry]: [string, unknown]) => ({ key: bytesOf(key), entry }));
  encoder.map(entries.length);
  entries.sort((a, b) => a.key.length - b.key.length || Buffer.compare(a.key, b.key)).forEach(({ key, entry }) => encodeValue(encoder.raw(key), entry));
  return encoder;
}
