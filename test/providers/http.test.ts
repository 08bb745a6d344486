import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { parseBoundedJson } from '../../src/providers/http/json.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import type { HttpFailureReason, HttpRequest } from '../../src/providers/http/types.ts';
import { serve } from './server.ts';

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  timeoutMs: 2000,
  ...more,
});

async function reasonOf(promise: Promise<unknown>): Promise<HttpFailureReason> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof HttpFailure, String(error));
    return error.reason;
  }
  return assert.fail('did not fail');
}

describe('http: redirects', () => {
  it('keeps credentials on the same host only', async () => {
    await using other = await serve((_, response) => response.end('there'), '127.0.0.2');
    await using server = await serve((request, response) => {
      if (request.path === '/here') return response.end('here');
      const location = request.path === '/away' ? `${other.url}/x` : '/here';
      return response.writeHead(307, { location }).end();
    });
    const headers = {
      authorization: 'Bearer t',
      'x-api-key': 'k',
      cookie: 'c=1',
      accept: 'application/json',
    };
    const client = createHttpClient({ random: () => 0 });
    assert.equal((await client.request(get(`${server.url}/`, { headers }))).body, 'here');
    assert.equal(server.seen[1]?.headers.authorization, 'Bearer t');

    assert.equal((await client.request(get(`${server.url}/away`, { headers }))).body, 'there');
    const away = other.seen[0]?.headers ?? {};
    assert.deepEqual(
      [away.authorization, away['x-api-key'], away.cookie, away.accept],
      [undefined, undefined, undefined, 'application/json'],
    );
  });

  it('does not hand a password in the address on', async () => {
    await using other = await serve((_, response) => response.end('there'), '127.0.0.2');
    await using server = await serve((_, response) => response.writeHead(302, { location: other.url }).end());
    const client = createHttpClient({ random: () => 0 });
    await client.request(get(`http://u:p@127.0.0.1:${server.port}/`));
    assert.equal(server.seen[0]?.headers.authorization, `Basic ${btoa('u:p')}`);
    assert.equal(other.seen[0]?.headers.authorization, undefined);
  });

  it('turns a redirected POST into GET without body, but not for 307', async () => {
    await using server = await serve((request, response) => {
      if (request.path === '/303') return response.writeHead(303, { location: '/end' }).end();
      if (request.path === '/307') return response.writeHead(307, { location: '/end' }).end();
      return response.end();
    });
    const client = createHttpClient({ random: () => 0 });
    const post = { method: 'POST', body: 'b', headers: { 'content-type': 'text/plain' } };
    await client.request(get(`${server.url}/303`, post));
    await client.request(get(`${server.url}/307`, post));
    const ends = server.seen.filter(({ path }) => path === '/end');
    assert.deepEqual(
      ends.map(({ method, body }) => [method, body]),
      [
        ['GET', ''],
        ['POST', 'b'],
      ],
    );
  });

  it('does not go in circles, nor to other schemes', async () => {
    await using server = await serve((request, response) =>
      response.writeHead(302, { location: request.path === '/f' ? 'file:///etc/passwd' : '/again' }).end(),
    );
    const client = createHttpClient({ random: () => 0, maxRedirects: 3 });
    assert.equal(await reasonOf(client.request(get(server.url))), 'too-many-redirects');
    assert.equal(server.seen.length, 4);
    assert.equal(await reasonOf(client.request(get(`${server.url}/f`))), 'bad-request');
  });
});

describe('http: policies', () => {
  const ok = { status: 200, headers: {}, body: 'ok' };

  it('tries once more where no answer came, and never after an answer', async () => {
    let calls = 0;
    const client = createHttpClient({
      random: () => 0,
      transport: () =>
        ++calls === 1
          ? Promise.reject(new HttpFailure('unreachable', 'connection refused', 'ECONNREFUSED'))
          : Promise.resolve(ok),
    });
    assert.equal((await client.request(get('http://a'))).body, 'ok');
    assert.equal(calls, 2);

    await using server = await serve((_, response) => response.writeHead(503).end());
    const real = createHttpClient({ random: () => 0 });
    assert.equal((await real.request(get(server.url))).status, 503);
    assert.equal(server.seen.length, 1);
  });

  it('leaves a dead endpoint alone for a while, and only that one', async () => {
    const calls: string[] = [];
    let dead = true;
    const client = createHttpClient({
      random: () => 0,
      breakAfter: 3,
      openForMs: 60,
      transport: ({ url }) => {
        calls.push(url.host);
        return dead && url.host === 'dead'
          ? Promise.reject(new HttpFailure('unreachable', 'down'))
          : Promise.resolve(ok);
      },
    });
    for (let i = 0; i < 3; i++)
      assert.equal(await reasonOf(client.request(get('http://dead'))), 'unreachable');
    assert.equal(await reasonOf(client.request(get('http://dead'))), 'circuit-open');
    assert.equal(calls.length, 3);
    assert.equal((await client.request(get('http://alive'))).body, 'ok');
    dead = false;
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal((await client.request(get('http://dead'))).body, 'ok');
  });

  it('is not opened by what the metric did itself', async () => {
    const client = createHttpClient({
      random: () => 0,
      breakAfter: 1,
      transport: () => new Promise(() => {}),
    });
    for (let i = 0; i < 3; i++)
      assert.equal(await reasonOf(client.request(get('http://slow', { timeoutMs: 5 }))), 'timeout');
  });

  it('lets a hanging endpoint hold up nothing else', async () => {
    await using hanging = await serve(() => {});
    await using good = await serve((_, response) => response.end('ok'), '127.0.0.2');
    const client = createHttpClient({ random: () => 0, slots: 4 });
    const stop = new AbortController();
    const stuck = Array.from({ length: 200 }, () =>
      reasonOf(client.request(get(hanging.url, { timeoutMs: 30_000, signal: stop.signal }))),
    );
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.request(get(good.url))));
    assert.ok(answers.every(({ body }) => body === 'ok'));
    assert.ok(performance.now() - begun < 1500);
    stop.abort();
    assert.deepEqual(new Set(await Promise.all(stuck)), new Set(['aborted']));
  });

  it('refuses what does not fit in the queue', async () => {
    const client = createHttpClient({
      random: () => 0,
      slots: 1,
      queue: 1,
      transport: () => new Promise(() => {}),
    });
    const stop = new AbortController();
    const first = reasonOf(client.request(get('http://a', { signal: stop.signal })));
    const second = reasonOf(client.request(get('http://a', { signal: stop.signal })));
    assert.equal(await reasonOf(client.request(get('http://a'))), 'busy');
    stop.abort();
    assert.deepEqual([await first, await second], ['aborted', 'aborted']);
  });

  it('refuses addresses and headers that are none', async () => {
    const client = createHttpClient({ random: () => 0, transport: () => Promise.resolve(ok) });
    for (const url of ['', 'nonsense', 'file:///etc/passwd', 'ftp://x'])
      assert.equal(await reasonOf(client.request(get(url))), 'bad-request');
    for (const headers of [{ 'a b': 'x' }, { a: 'x\r\ny: z' }] as Record<string, string>[])
      assert.equal(await reasonOf(client.request(get('http://a', { headers }))), 'bad-request');
  });
});

describe('parseBoundedJson', () => {
  it('counts depth outside of strings only', () => {
    assert.deepEqual(parseBoundedJson('{"a":["[[[[\\"[[["]}', 2), { a: ['[[[["[[['] });
    assert.throws(() => parseBoundedJson('[[[1]]]', 2), /nested more than 2 levels deep/);
    assert.throws(() => parseBoundedJson('{"a'), SyntaxError);
  });
});
