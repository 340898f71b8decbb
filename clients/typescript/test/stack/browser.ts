// Drives a page in a real Chromium that has this client as the ES modules it is published as, bundled: argv = chromium, gateway, root certificate, another root, page's origin.
// The page is served by the browser's own request interception; what it calls goes to the real gateway. Line protocol as in peer.ts.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import type { Page } from './page.js';

const [executablePath = '', gateway = '', rootPath = '', otherRootPath = '', firstOrigin = ''] = process.argv.slice(2);
const [root, otherRoot] = await Promise.all([readFile(rootPath, 'utf8'), readFile(otherRootPath, 'utf8')]);
const bundle = await build({ entryPoints: [new URL('page.js', import.meta.url).pathname], bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false });
const script = bundle.outputFiles[0]?.text ?? '';

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const tab = await browser.newPage();
  const complaints: string[] = [];
  tab.on('pageerror', (error) => complaints.push(String(error)));
  const headers = { 'content-security-policy': `default-src 'none'; script-src 'self'; connect-src 'self' ${new URL(gateway).origin}` };
  await tab.route('**/keymeld-page', (route) => route.fulfill({ contentType: 'text/html', headers, body: '<!doctype html><title>KeyMeld</title><script type="module" src="/keymeld-page.js"></script>' }));
  await tab.route('**/keymeld-page.js', (route) => route.fulfill({ contentType: 'text/javascript', headers, body: script }));
  let origin = firstOrigin;
  const load = async (): Promise<number> => {
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
}
