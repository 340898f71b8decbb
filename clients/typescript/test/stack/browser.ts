// Drives a page in a real Chromium that has this client as the ES modules it is published as, bundled: argv = chromium, gateway, root certificate, another root, page's origin.
// On the gateway's own origin the page is put there by the browser's request interception, for other origins a server of this process has it. Line protocol as in peer.ts.
import { readFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Page } from './page.js';

const [executablePath = '', gateway = '', rootPath = '', otherRootPath = '', firstOrigin = ''] = process.argv.slice(2);
const [root, otherRoot] = await Promise.all([readFile(rootPath, 'utf8'), readFile(otherRootPath, 'utf8')]);
const bundle = await build({ entryPoints: [new URL('page.js', import.meta.url).pathname], bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false });
const script = bundle.outputFiles[0]?.text ?? '';

const headers = { 'content-security-policy': `default-src 'none'; script-src 'self'; connect-src 'self' ${new URL(gateway).origin}` };
const html = '<!doctype html><title>KeyMeld</title><script type="module" src="/keymeld-page.js"></script>';
const servers = new Map<string, Server>();

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: 180_000 });
try {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(180_000);
  const complaints: string[] = [];
  tab.on('pageerror', (error) => complaints.push(String(error)));
  const own = new URL(gateway).origin;
  await tab.route(`${own}/keymeld-page`, (route) => route.fulfill({ contentType: 'text/html', headers, body: html }));
  await tab.route(`${own}/keymeld-page.js`, (route) => route.fulfill({ contentType: 'text/javascript', headers, body: script }));
  let origin = firstOrigin;
  const load = async (): Promise<number> => {
    if (origin !== own && !servers.has(origin)) {
      servers.set(origin, await serve(new URL(origin)));
    }
    await tab.goto(`${origin}/keymeld-page`);
    await tab.waitForFunction('globalThis.page !== undefined');
    return (await call('open', gateway, root)) as number;
  };
  const call = (name: keyof Page, ...args: readonly string[]): Promise<unknown> =>
    tab.evaluate(([operation, given]) => (globalThis as unknown as { page: Record<string, (...args: readonly string[]) => unknown> }).page[operation]?.(...given), [name, args] as const);

  await load();
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...request } = JSON.parse(line) as { readonly op: string } & Readonly<Record<string, string>>;
    let answer: object;
    try {
      origin = op === 'move' ? request['origin'] ?? origin : origin;
      answer = { value: op === 'reload' || op === 'move' ? await load() : op === 'distrusts' ? await call('distrusts', gateway, otherRoot) : await call(op as keyof Page, ...Object.values(request)) };
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify({ ...answer, ...(complaints.length === 0 ? {} : { error: complaints.join() }) })}\n`);
  }
} finally {
  await browser.close();
  servers.forEach((server) => server.close());
}

async function serve(origin: URL): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/keymeld-page.js';
    response.writeHead(200, { ...headers, 'content-type': isScript ? 'text/javascript' : 'text/html' }).end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(Number(origin.port), origin.hostname, resolve));
  return server;
}
