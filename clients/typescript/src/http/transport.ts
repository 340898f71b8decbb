import { fromUtf8, utf8 } from '../bytes/bytes.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Check, CheckError } from './check.js';
import { authorize } from './authorization.js';
import { readEvents } from './events.js';
import { DuplicateMemberError, parseJson } from './strictJson.js';
import { invalidAnswer, readLimited, readProblem } from './answers.js';

/** One call of the API. */
export interface GatewayCall<T> {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly check: Check<T>;
  /** What is posted as JSON. */
  readonly body?: object;
  /** Whose `Authorization` goes with it. */
  readonly reader?: SecretKey | undefined;
  /** Seconds the gateway may hold the answer back (`Prefer: wait`). */
  readonly wait?: number;
  /** The longest answer that is read, in bytes. */
  readonly mostBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Milliseconds, beyond what the gateway was asked to wait. */
  readonly callTimeout: number;
}

const usualBytes = 4 * 1024 * 1024;

/** Calls one gateway. No redirects, no cookies, no cache, bounded answers. */
export class GatewayTransport {
  readonly gateway: URL;
  readonly #options: TransportOptions;

  constructor(gateway: URL, options: TransportOptions) {
    this.gateway = gateway;
    this.#options = options;
  }

  async send<T>(call: GatewayCall<T>): Promise<T> {
    const timeout = AbortSignal.timeout(this.#options.callTimeout + 1000 * (call.wait ?? 0));
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    return await this.#reaching(call.signal, async () => {
      const response = await this.#fetch(call, 'application/json', signal);
      if (response.status !== 200 && response.status !== 201) {
        throw await readProblem(response);
      }
      if (mediaType(response) !== 'application/json') {
        throw invalidAnswer('its content is not application/json');
      }
      return parse(await readLimited(response, call.mostBytes ?? usualBytes), call.check);
    });
  }

  /** Server-sent events until the stream ends; each is checked. */
  async *events<T>(call: GatewayCall<T>): AsyncGenerator<T, void, undefined> {
    const response = await this.#reaching(call.signal, async () => {
      const opened = await this.#fetch(call, 'text/event-stream', call.signal);
      if (opened.status !== 200) {
        throw await readProblem(opened);
      }
      return opened;
    });
    if (mediaType(response) !== 'text/event-stream' || response.body === null) {
      throw invalidAnswer('its content is not text/event-stream');
    }
    const events = readEvents(response.body);
    for (;;) {
      const next = await this.#reaching(call.signal, () => events.next());
      if (next.done === true) {
        return;
      }
      yield parse(utf8(next.value), call.check);
    }
  }

  #fetch(call: GatewayCall<unknown>, accept: string, signal: AbortSignal | undefined): Promise<Response> {
    const body = call.body === undefined ? '' : JSON.stringify(call.body);
    const headers = new Headers({ accept });
    if (call.method === 'POST') {
      headers.set('content-type', 'application/json');
    }
    if (call.wait !== undefined && call.wait > 0) {
      headers.set('prefer', `wait=${call.wait}`);
    }
    if (call.reader !== undefined) {
      const signed = { method: call.method, authority: this.gateway.host, target: call.target, body: utf8(body), timestamp: this.#options.now() };
      headers.set('authorization', authorize(signed, call.reader));
    }
    return this.#options.fetch(new URL(call.target, this.gateway), {
      method: call.method,
      headers,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      ...(call.method === 'POST' ? { body } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  // What fetch throws says that nobody answered; what the caller aborted is the caller's.
  async #reaching<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof KeyMeldError || signal?.aborted === true) {
        throw error;
      }
      throw new KeyMeldError('gateway_unreachable', `The gateway ${this.gateway.origin} cannot be reached or did not answer in time.`, { cause: error });
    }
  }
}

const mediaType = (response: Response): string | undefined => response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();

function parse<T>(body: Uint8Array, check: Check<T>): T {
  try {
    return check(parseJson(fromUtf8(body) ?? ''));
  } catch (error) {
    throw invalidAnswer(error instanceof CheckError ? error.message : error instanceof DuplicateMemberError ? 'an object has a member twice' : 'it is not JSON', error);
  }
}
