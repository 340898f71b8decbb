// Server-sent events: WHATWG HTML section 9.2.6, as far as the gateway uses them: data lines, comments, blank lines.
import { invalidAnswer } from './answers.js';

const longestEvent = 64 * 1024;

/** The data of each event. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = '';
  let data: string[] = [];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const lines = (pending + decoder.decode(next.value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      pending = lines.pop() ?? '';
      if (pending.length + data.join('').length > longestEvent) {
        throw invalidAnswer('an event is too long');
      }
      for (const line of lines) {
        if (line.startsWith('data:')) {
          data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
        } else if (line === '' && data.length > 0) {
          yield data.join('\n');
          data = [];
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
