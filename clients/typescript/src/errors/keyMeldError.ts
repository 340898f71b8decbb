import { type ErrorCode, errorTable } from '../generated/errorCodes.js';

/** Something was refused, here or by the gateway. `code` is stable, `advice` says what to do; the message says what exactly is wrong. */
export class KeyMeldError extends Error {
  override readonly name = 'KeyMeldError';
  readonly code: ErrorCode;

  /** The gateway's name for the call that it refused, for whoever reads its log. */
  readonly requestId: string | undefined;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly requestId?: string | undefined }) {
    super(message, options);
    this.code = code;
    this.requestId = options?.requestId;
  }

  /** What to do about it. */
  get advice(): string {
    return errorTable[this.code].action;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** The HTTP status that goes with the code. */
  get status(): number {
    return errorTable[this.code].status;
  }
}

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorTable, text);

/** A code of the table, whatever the other side wrote. */
export const knownCode = (text: string): ErrorCode => (isErrorCode(text) ? text : 'internal');
