// RFC 8259: "The names within an object SHOULD be unique". Readers take the first, the last or all of equal names, so that one text can say different things to different readers: refused.
import { at } from '../bytes/bytes.js';

/** JSON in which an object has the same member twice. */
export class DuplicateMemberError extends SyntaxError {
  override readonly name = 'DuplicateMemberError';
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** As `JSON.parse`, but refuses an object that has a member twice, however its name is written. */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  refuseDuplicates(text);
  return value;
}

// The text is JSON: `JSON.parse` has read it. Only strings and brackets matter, and strings may be long.
function refuseDuplicates(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote: {
        const end = endOfString(text, i);
        if (text.charCodeAt(skipSpace(text, end)) === colon) {
          add(at(open, open.length - 1), JSON.parse(text.slice(i, end)) as string);
        }
        i = end - 1;
        break;
      }
      case 0x7b: // {
        open.push(new Set());
        break;
      case 0x5b: // [
        open.push(undefined);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
    }
  }
}

function add(names: Set<string> | undefined, name: string): void {
  if (names === undefined || names.has(name)) {
    throw new DuplicateMemberError('An object has a member twice.');
  }
  names.add(name);
}

/** Where the string that begins at `start` is over. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) {
      escapes++;
    }
    if (escapes % 2 === 0) {
      return end + 1;
    }
  }
}

function skipSpace(text: string, from: number): number {
  let i = from;
  while (' \t\n\r'.includes(text.charAt(i)) && i < text.length) {
    i++;
  }
  return i;
}
