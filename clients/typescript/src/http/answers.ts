import { parseBase64, toBase64 } from '../bytes/base64.js';
import { fromUtf8 } from '../bytes/bytes.js';
import { KeyMeldError, isErrorCode } from '../errors/keyMeldError.js';
import { errorTable } from '../generated/errorCodes.js';
import { type RoundBlob as RoundBlobJson, type Signed as SignedJson, checkProblem } from '../generated/api.js';
import type { RoundBlob } from '../signing/roundBlob.js';
import type { SignedStatement } from '../statements/signed.js';
import { parseJson } from './strictJson.js';
import { showText } from './untrustedText.js';

const problemBytes = 64 * 1024;

export const invalidAnswer = (why: string, cause?: unknown): KeyMeldError => new KeyMeldError('gateway_response_invalid', `The gateway's answer is refused: ${why}.`, { cause });

/** RFC 9457 problem details with a stable code; anything else is an invalid answer. */
export async function readProblem(response: Response): Promise<KeyMeldError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json') === true;
  const body = await readLimited(response, problemBytes);
  if (!isProblem) {
    return invalidAnswer(`status ${response.status} without a problem that says why`);
  }
  try {
    const problem = checkProblem(parseJson(fromUtf8(body) ?? ''));
    return isErrorCode(problem.code)
      ? new KeyMeldError(problem.code, showText(problem.detail ?? problem.title ?? errorTable[problem.code].action), { requestId: problem.instance && showText(problem.instance) })
      : invalidAnswer(`status ${response.status} with an unknown code '${showText(problem.code)}'`);
  } catch (error) {
    return invalidAnswer(`status ${response.status} with a problem that is not of the agreed form`, error);
  }
}

/** The body, up to so many bytes. */
export async function readLimited(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    length += next.value.length;
    if (length > most) {
      await reader?.cancel();
      throw invalidAnswer(`it has more than ${most} bytes`);
    }
    parts.push(next.value);
  }
  const body = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    body.set(part, position);
    position += part.length;
  }
  return body;
}

/** The bytes of a blob. */
export function blobOf(base64: string): Uint8Array {
  const bytes = parseBase64(base64);
  if (bytes === undefined) {
    throw invalidAnswer('a blob is not standard base64 with padding');
  }
  return bytes;
}

export const toStatement = (json: SignedJson): SignedStatement => ({ statement: blobOf(json.statement), signatures: json.signatures });

export const toSignedJson = (statement: SignedStatement): SignedJson => ({ statement: toBase64(statement.statement), signatures: [...statement.signatures] });

export function toRoundBlob(json: RoundBlobJson): RoundBlob {
  const [kind, index] = json.node;
  if ((kind !== 0 && kind !== 1) || index === undefined) {
    throw invalidAnswer('a round blob names no node');
  }
  return { attempt: json.attempt, node: { kind: kind === 0 ? 'enclave' : 'home', index }, boot: json.boot, tau: json.tau ?? undefined, blob: blobOf(json.blob), signature: json.signature };
}

export const fromRoundBlob = (blob: RoundBlob): RoundBlobJson => ({
  attempt: blob.attempt, node: [blob.node.kind === 'enclave' ? 0 : 1, blob.node.index], boot: blob.boot, tau: blob.tau ?? null, blob: toBase64(blob.blob), signature: blob.signature,
});
