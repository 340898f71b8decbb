import assert from 'node:assert/strict';
import { AttestationError, type AttestationFailure } from '#dist/attestation/attestationError.js';
import { KeyMeldError } from '#dist/errors/keyMeldError.js';
import type { ErrorCode } from '#dist/generated/errorCodes.js';

/** The code something is refused with; fails when it is not refused. */
export function codeOf(run: () => unknown): ErrorCode {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof KeyMeldError, String(error));
    return error.code;
  }
  return assert.fail('It was not refused.');
}

export async function codeOfAsync(run: () => Promise<unknown>): Promise<ErrorCode> {
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof KeyMeldError, String(error));
    return error.code;
  }
  return assert.fail('It was not refused.');
}

/** The check that refuses an attestation. */
export function failureOf(run: () => unknown): AttestationFailure {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof AttestationError, String(error));
    return error.failure;
  }
  return assert.fail('It was not refused.');
}
