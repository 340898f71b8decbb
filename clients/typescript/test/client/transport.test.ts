// The HTTP side: what a gateway may answer, and what becomes of everything else.
import assert from 'node:assert/strict';
import { type Server, type ServerResponse, createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { SecretKey } from '#dist/crypto/secretKey.js';
import { KeyMeldError } from '#dist/errors/keyMeldError.js';
import { checkState, checkStateEvent } from '#dist/generated/api.js';
import { gatewayAddress, sameGateway } from '#dist/http/address.js';
import { GatewayTransport } from '#dist/http/transport.js';
import { showText } from '#dist/http/untrustedText.js';
import { AttestationPolicy } from '#dist/attestation/policy.js';
import { codeOf, codeOfAsync } from '../support/refusal.js';
import { mockDocument } from '../support/mockNitro.js';

const seen: { method: string | undefined; url: string | undefined; headers: Readonly<Record<string, unknown>>; body: string }[] = [];
let answer: (response: ServerResponse) => void = () => undefined;
let server: Server;
let transport: GatewayTransport;

const json = (body: string, status = 200, type = 'application/json') => (response: ServerResponse) => void response.writeHead(status, { 'content-type': type }).end(body);
const ask = () => transport.send({ method: 'GET', target: '/api/v1/enclaves', check: checkState, mostBytes: 200 });

describe('calls of a gateway', () => {
  before(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        seen.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : assert.fail();
    transport = new GatewayTransport(new URL(`http://127.0.0.1:${port}`), { fetch: globalThis.fetch, now: () => 1_800_000_000_000, callTimeout: 5000 });
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  test('a call carries what it signs', async () => {
    answer = json('{"state":"formed","more":1}');
    const reader = SecretKey.generate();
    assert.deepEqual(await transport.send({ method: 'POST', target: '/api/v1/keygen', check: checkState, body: { a: 'ä' }, reader, wait: 7 }), { state: 'formed' });
    const call = seen.at(-1) ?? assert.fail();
    assert.deepEqual([call.method, call.url, call.body, call.headers['content-type'], call.headers['prefer']], ['POST', '/api/v1/keygen', '{"a":"ä"}', 'application/json', 'wait=7']);
    assert.match(String(call.headers['authorization']), new RegExp(`^KeyMeld key=${reader.xOnlyKey},ts=1800000000000,nonce=[0-9a-f]{32},sig=[0-9a-f]{128}$`));
    assert.equal(call.headers['cookie'], undefined);
  });

  test('an answer of another form, type, size or status is refused', async () => {
    const bad = [json('{"state":"odd"}'), json('{}'), json('[]'), json('null'), json('{'), json('{"state":"formed"}', 200, 'text/html'), json('{"state":"formed"}', 202), json(' '.repeat(201)),
      json('no', 500, 'text/plain'), json('{}', 404, 'application/problem+json'), json('{"code":"brand_new"}', 400, 'application/problem+json')];
    for (const one of bad) {
      answer = one;
      assert.equal(await codeOfAsync(ask), 'gateway_response_invalid');
    }
    answer = (response) => void response.writeHead(302, { location: '/elsewhere' }).end();
    assert.equal(await codeOfAsync(ask), 'gateway_unreachable');
    answer = (response) => response.destroy();
    assert.equal(await codeOfAsync(ask), 'gateway_unreachable');
  });

  test('a problem becomes an error with its code, what to do, and no control characters', async () => {
    answer = json('{"code":"rate_limited","detail":"slow\\u001b[31m down","status":429,"instance":"r-1"}', 429, 'application/problem+json');
    await assert.rejects(ask, (error) => error instanceof KeyMeldError && error.code === 'rate_limited' && error.retryable && error.status === 429 && error.advice.startsWith('Slow down')
      && error.requestId === 'r-1' && error.message === 'slow\ufffd[31m down');
    assert.equal(showText('a\u202eb\u0000c\u2028'), 'a\ufffdb\ufffdc\ufffd');
    assert.equal(showText('x'.repeat(400)).length, 300);
  });

  test('a caller who gives up gets its own reason back', async () => {
    answer = () => undefined;
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(() => transport.send({ method: 'GET', target: '/api/v1/enclaves', check: checkState, signal }), /enough/);
    const impatient = new GatewayTransport(transport.gateway, { fetch: globalThis.fetch, now: Date.now, callTimeout: 50 });
    assert.equal(await codeOfAsync(() => impatient.send({ method: 'GET', target: '/api/v1/enclaves', check: checkState })), 'gateway_unreachable');
  });

  test('events are read however they are cut, and checked one by one', async () => {
    const events = () => transport.events({ method: 'GET', target: '/api/v1/signing/00/events', check: checkStateEvent });
    const collect = async () => {
      const states: string[] = [];
      for await (const event of events()) {
        states.push(event.state);
      }
      return states;
    };
    answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const text = 'event: state\ndata: {"state":"waiting"}\n\n: still here\n\nevent: state\r\ndata: {"state":\r\ndata: "completed"}\r\n\r\n';
      const write = (at: number): void => void (at < text.length ? response.write(text.slice(at, at + 5), () => setImmediate(() => write(at + 5))) : response.end());
      write(0);
    };
    assert.deepEqual(await collect(), ['waiting', 'completed']);
    answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"state":"odd"}\n\n');
    assert.equal(await codeOfAsync(collect), 'gateway_response_invalid');
    answer = (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${'x'.repeat(70_000)}\n\n`);
    assert.equal(await codeOfAsync(collect), 'gateway_response_invalid');
    answer = json('{"code":"not_found"}', 404, 'application/problem+json');
    assert.equal(await codeOfAsync(collect), 'not_found');
    answer = json('{}');
    assert.equal(await codeOfAsync(collect), 'gateway_response_invalid');
  });

  test('plain http and development roots are for this machine only', () => {
    const { rootDer } = mockDocument();
    const production = AttestationPolicy.production([{ pcr0: '1'.repeat(96), pcr1: '1'.repeat(96), pcr2: '1'.repeat(96), kmsKeyArn: 'arn:aws:kms:eu-central-1:111122223333:key/1' }]);
    const development = AttestationPolicy.development(rootDer);
    for (const good of ['https://keymeld.example', 'https://keymeld.example/', 'http://127.0.0.1:8090', 'http://[::1]:1', 'http://localhost', 'https://127.0.0.1']) {
      assert.ok(gatewayAddress(good, production).pathname === '/', good);
    }
    for (const bad of ['http://keymeld.example', 'http://127.0.0.1.example', 'http://localhost.example', 'ftp://127.0.0.1', 'nothing', 'http://10.0.0.1']) {
      assert.equal(codeOf(() => gatewayAddress(bad, production)), 'gateway_insecure', bad);
    }
    for (const bad of ['https://user@keymeld.example', 'https://keymeld.example/path', 'https://keymeld.example/?x', 'https://keymeld.example/#x']) {
      assert.equal(codeOf(() => gatewayAddress(bad, production)), 'bad_request', bad);
    }
    assert.equal(codeOf(() => gatewayAddress('https://keymeld.example', development)), 'gateway_insecure');
    assert.equal(gatewayAddress('http://127.0.0.2:1', development).host, '127.0.0.2:1');
    assert.ok(sameGateway('https://a.example', 'https://A.example:443/') && !sameGateway('https://a.example', 'http://a.example') && !sameGateway('x', 'x'));
  });
});
