// protocol.md section 6, "Nonces": attempts strictly increase, at most 16 in a boot, a higher one wipes the lower; equal calls are answered equally; nothing signs twice.
import type { Hash32 } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { limits } from '../limits.js';

/** Where one request stands in this process. Public facts only. */
export type AttemptState =
  | { readonly kind: 'untouched'; readonly attempt: 0; readonly opens: 0 }
  /** Nonces of this attempt are held and unused. */
  | { readonly kind: 'opened'; readonly attempt: number; readonly opens: number }
  /** The nonces answered the round-1 set τ, and can answer no other. */
  | { readonly kind: 'answered'; readonly attempt: number; readonly opens: number; readonly tau: Hash32 }
  /** The nonces were wiped, and no answer is kept that could be repeated. */
  | { readonly kind: 'burnt'; readonly attempt: number; readonly opens: number }
  /** A member's reject was seen: final. */
  | { readonly kind: 'rejected'; readonly attempt: 0; readonly opens: 0 };

export type AttemptCommand =
  | { readonly kind: 'open'; readonly attempt: number }
  | { readonly kind: 'sign'; readonly attempt: number; readonly tau: Hash32 }
  | { readonly kind: 'burn' }
  | { readonly kind: 'reject' };

export type AttemptAction = 'hold-fresh-nonces' | 'repeat-round1' | 'use-nonces' | 'repeat-round2' | 'wipe' | { readonly refuse: 'rejected' | 'attempts_exhausted' | 'attempt_stale' | 'not_loaded' | 'nonce_already_used' };

export const untouched: AttemptState = { kind: 'untouched', attempt: 0, opens: 0 };

/** The one transition function of a request. Pure: it touches no nonce, its caller does what the action says. */
export function nextAttempt(state: AttemptState, command: AttemptCommand): { readonly state: AttemptState; readonly action: AttemptAction } {
  const stay = (action: AttemptAction): { state: AttemptState; action: AttemptAction } => ({ state, action });
  if (state.kind === 'rejected') {
    return stay(command.kind === 'reject' || command.kind === 'burn' ? 'wipe' : { refuse: 'rejected' });
  }
  const { attempt, opens } = state;
  const holds = state.kind === 'opened' || state.kind === 'answered';
  switch (command.kind) {
    case 'reject':
      return { state: { kind: 'rejected', attempt: 0, opens: 0 }, action: 'wipe' };
    case 'burn':
      return holds ? { state: { kind: 'burnt', attempt, opens }, action: 'wipe' } : stay('wipe');
    case 'open':
      if (command.attempt > attempt) {
        return opens < limits.attempts ? { state: { kind: 'opened', attempt: command.attempt, opens: opens + 1 }, action: 'hold-fresh-nonces' } : stay({ refuse: 'attempts_exhausted' });
      }
      return stay(holds && command.attempt === attempt ? 'repeat-round1' : { refuse: 'attempt_stale' });
    case 'sign':
      if (command.attempt > attempt) {
        return stay({ refuse: 'not_loaded' });
      }
      if (state.kind === 'opened' && command.attempt === attempt) {
        return { state: { kind: 'answered', attempt, opens, tau: command.tau }, action: 'use-nonces' };
      }
      return stay(state.kind === 'answered' && command.attempt === attempt && command.tau === state.tau ? 'repeat-round2' : { refuse: 'nonce_already_used' });
  }
}

const whys = {
  rejected: 'A member rejected this request.',
  attempts_exhausted: 'This request was opened as often as one process may.',
  attempt_stale: 'This or a later attempt was opened already.',
  not_loaded: 'This attempt was not opened in this process.',
  nonce_already_used: 'The nonces of this attempt answered another set of round-1 blobs, or are wiped.',
} as const;

export const refusalOf = (action: { readonly refuse: keyof typeof whys }): KeyMeldError => new KeyMeldError(action.refuse, whys[action.refuse]);
