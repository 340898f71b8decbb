// RFC 8259, and members that are there twice: refused, as the C# client does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DuplicateMemberError, parseJson } from '#dist/http/strictJson.js';

test('JSON is read as ever', () => {
  const texts = ['{}', '[]', '""', 'null', ' 1 ', '"a:b"', '["a","a",{"a":["a"]}]', '{"a":{"a":{"a":1}},"b":{"a":2}}', '[{"a":1},{"a":1}]', '{"a":"\\\\","b":"\\""}', '{"a" \n\t:1,"A":2}', '{"__proto__":1}', '{"a":"{\\"a\\":1,\\"a\\":2}"}'];
  for (const text of texts) {
    assert.deepEqual(parseJson(text), JSON.parse(text), text);
  }
});

test('a member that is there twice is refused, however it is written', () => {
  for (const text of ['{"a":1,"a":1}', '{"a":1,"b":2,"a":3}', '[{"x":{"a":[],"a" : {}}}]', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"\\"":1,"\\"":2}', '{"\\\\":1,"b":"\\\\","\\\\":2}', '{"a":{"b":1},"c":[1,{"d":1}],"a":1}', '{"__proto__":1,"__proto__":2}']) {
    assert.throws(() => parseJson(text), DuplicateMemberError, text);
  }
});

test('what is no JSON is none', () => {
  for (const text of ['', '{', '{"a":1,}', '{"a"}', '"a', "{'a':1}", '{"a":1}{"a":1}']) {
    assert.throws(() => parseJson(text), (error) => error instanceof SyntaxError && !(error instanceof DuplicateMemberError), text);
  }
});
