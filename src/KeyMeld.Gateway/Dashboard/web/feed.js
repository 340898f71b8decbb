// Server-sent events over fetch, so that the token travels in a header and never in an address (WHATWG HTML, "Server-sent events").
const pauses = [500, 1000, 2000, 5000, 10000];

/** Follows the gateway until `stop()`. Told: opened(), event(name, data), lost(problem) with status 401 or 404, or null while it tries again. */
export function follow(token, { opened, event, lost }) {
  const stopping = new AbortController();
  run();
  return { stop: () => stopping.abort() };

  async function run() {
    for (let tries = 0; !stopping.signal.aborted; tries++) {
      try {
        const response = await fetch('/api/v1/operator/events', {
          headers: { Accept: 'text/event-stream', ...(token ? { Authorization: `Bearer ${token}` } : {}) },
          cache: 'no-store', credentials: 'omit', redirect: 'error', signal: stopping.signal,
        });
        if (response.status === 401 || response.status === 404) {
          lost(response.status);
          return;
        }
        if (response.ok) {
          tries = 0;
          opened();
          await read(response.body);
        }
      } catch (error) {
        if (stopping.signal.aborted) {
          return;
        }
        // A token that cannot be a header is no token.
        if (error instanceof TypeError && token && /[^\x21-\x7e]/.test(token)) {
          lost(401);
          return;
        }
      }
      lost(null);
      await new Promise(resolve => setTimeout(resolve, pauses[Math.min(tries, pauses.length - 1)]));
    }
  }

  async function read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const blocks = (rest + part.value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const name = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (name && data && !stopping.signal.aborted) {
          event(name, JSON.parse(data));
        }
      }
    }
  }
}
