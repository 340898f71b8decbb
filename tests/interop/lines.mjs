// One JSON object a line on stdin, one a line on stdout: {op, ...} → {...} or {error}.
import { createInterface } from 'node:readline';

/** Answers every line with what its operation returns. */
export async function serve(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...request } = JSON.parse(line);
    let answer;
    try {
      answer = await operations[op](request);
    } catch (error) {
      answer = { error: `${op}: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
