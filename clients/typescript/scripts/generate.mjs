// Writes src/generated from docs/api/openapi.json: types of the JSON, what is checked of it at run time, and the table of error codes.
// `node scripts/generate.mjs --check` writes nothing and fails where what is committed is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const openApi = JSON.parse(readFileSync(new URL('docs/api/openapi.json', root), 'utf8'));
const schemas = openApi.components.schemas;
const banner = (source) => `// Generated from ${source} by scripts/generate.mjs; do not edit.\n`;

/** Strings with types of their own. A code is any text, since a newer gateway may know more; a blob is looked at when it is decoded. */
const words = {
  Hash32: 'Hash32', Id16: 'Id16', PublicKey: 'PublicKey', XOnlyPublicKey: 'XOnlyKey', Signature: 'Signature', Blob: 'string', ErrorCode: 'string',
};

/** The schemas that a client sends or reads, and what they are made of. */
function reachable(names) {
  const found = new Set();
  const visit = (value) => {
    if (Array.isArray(value)) {
      value.forEach(visit);
    } else if (value !== null && typeof value === 'object') {
      for (const [name, member] of Object.entries(value)) {
        name === '$ref' ? add(member.split('/').at(-1)) : visit(member);
      }
    }
  };
  const add = (name) => {
    if (!found.has(name)) {
      found.add(name);
      visit(schemas[name] ?? fail(`there is no schema ${name}`));
    }
  };
  names.forEach(add);
  return [...found].sort();
}

const fail = (why) => {
  throw new Error(`docs/api/openapi.json: ${why}`);
};
const used = new Set();
const use = (name) => {
  used.add(name);
  return name;
};
const named = (schema) => schema.$ref?.split('/').at(-1);
const isNullable = (schema) => schema.oneOf?.length === 2 && schema.oneOf[1].type === 'null';

function typeOf(schema) {
  const name = named(schema);
  if (name !== undefined) {
    return name in words ? use(words[name]) : (schemas[name].type === 'object' ? name : typeOf(schemas[name]));
  }
  if (isNullable(schema)) {
    return `${typeOf(schema.oneOf[0])} | null`;
  }
  switch (schema.type) {
    case 'string': return schema.enum === undefined ? 'string' : schema.enum.map((word) => `'${word}'`).join(' | ');
    case 'integer': return 'number';
    case 'boolean': return 'boolean';
    case 'array': return `readonly ${schema.items.$ref ? typeOf(schema.items) : `(${typeOf(schema.items)})`}[]`;
    default: return fail(`nothing is known about the type ${JSON.stringify(schema)}`);
  }
}

function checkOf(schema) {
  const name = named(schema);
  if (name !== undefined) {
    if (name in words) {
      return words[name] === 'string' ? use('text') : `check${name}`;
    }
    return schemas[name].type === 'object' ? `(value: unknown) => check${name}(value)` : checkOf(schemas[name]);
  }
  if (isNullable(schema)) {
    return `${use('orNull')}(${checkOf(schema.oneOf[0])})`;
  }
  switch (schema.type) {
    case 'string': return schema.enum === undefined ? use('text') : `${use('oneOf')}(${schema.enum.map((word) => `'${word}'`).join(', ')})`;
    case 'integer': return `${use('integer')}(${schema.minimum}, ${schema.format === 'int64' ? 'Number.MAX_SAFE_INTEGER' : schema.maximum})`;
    case 'boolean': return use('boolean');
    case 'array': return `${use('list')}(${checkOf(schema.items)}, ${schema.minItems ?? 0}, ${schema.maxItems ?? 'Number.MAX_SAFE_INTEGER'})`;
    default: return fail(`nothing is known about the type ${JSON.stringify(schema)}`);
  }
}

const comment = (text, indent = '') => (text === undefined ? '' : `${indent}/** ${text.replace(/\s+/g, ' ').replaceAll('*/', '')} */\n`);

function declare(name) {
  const schema = schemas[name];
  if (name in words) {
    return words[name] === 'string' ? '' : `const check${name}: Check<${words[name]}> = ${use('pattern')}<${words[name]}>(/${schema.pattern.replaceAll('/', '\\/')}/);\n`;
  }
  if (schema.type !== 'object') {
    return '';
  }
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties);
  const fields = members.map(([member, type]) => `${comment(type.description, '  ')}  readonly ${member}${required.has(member) ? '' : '?'}: ${typeOf(type)};\n`).join('');
  const checks = (wanted) => members.filter(([member]) => required.has(member) === wanted).map(([member, type]) => `  ${member}: ${checkOf(type)},\n`).join('');
  return `${comment(schema.description)}export interface ${name} {\n${fields}}\n\n`
    + `export const check${name}: Check<${name}> = ${use('object')}<${name}>({\n${checks(true)}}, {\n${checks(false)}}, ${schema.additionalProperties === false});\n`;
}

function writeApi() {
  const roots = ['EnclaveList', 'Identity', 'KeygenRequest', 'KeygenCreated', 'Keygen', 'RegistrationRequest', 'MakeKeyRequest', 'Answer', 'State', 'StateEvent', 'SigningPost',
    'SigningPosted', 'Signing', 'KeyRequest', 'KeyCreated', 'KeyList', 'SingleSignRequest', 'Problem', 'Rounds', 'RoundBlob'];
  const parts = reachable(roots).sort((a, b) => (b in words) - (a in words)).map(declare).filter((part) => part !== '').join('\n');
  const imported = (names) => names.filter((name) => used.has(name)).join(', ');
  return `${banner('docs/api/openapi.json')}import type { ${imported(['Hash32', 'Id16', 'PublicKey', 'Signature', 'XOnlyKey'])} } from '../bytes/ids.js';\n`
    + `import { type Check, ${imported(['boolean', 'integer', 'list', 'object', 'oneOf', 'orNull', 'pattern', 'text'])} } from '../http/check.js';\n\n${parts}`;
}

function writeErrorCodes() {
  const table = schemas.ErrorCode['x-error-codes'] ?? fail('there is no x-error-codes');
  if (Object.keys(table).join() !== schemas.ErrorCode.enum.join()) {
    fail('x-error-codes does not have exactly the codes of ErrorCode');
  }
  const entries = Object.entries(table).map(([code, { status, retryable, action }]) => `  ${code}: { status: ${status}, retryable: ${retryable}, action: ${JSON.stringify(action)} },\n`);
  return `${banner('docs/api/openapi.json')}/** What a code means: the HTTP status it goes with, whether the same call may succeed later, and what to do. */\n`
    + `export interface ErrorEntry {\n  readonly status: number;\n  readonly retryable: boolean;\n  readonly action: string;\n}\n\n`
    + `/** Every stable code. */\nexport const errorTable = {\n${entries.join('')}} as const satisfies Readonly<Record<string, ErrorEntry>>;\n\nexport type ErrorCode = keyof typeof errorTable;\n`;
}

let differs = false;
for (const [file, content] of [['api.ts', writeApi()], ['errorCodes.ts', writeErrorCodes()]]) {
  const path = new URL(`../src/generated/${file}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, content);
  } else if (readFileSync(path, 'utf8') !== content) {
    console.error(`${fileURLToPath(path)} is not what the API says: run \`npm run generate\` in clients/typescript and commit it.`);
    differs = true;
  }
}
process.exitCode = differs ? 1 : 0;
