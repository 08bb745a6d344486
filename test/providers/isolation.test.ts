/** One dead backend holds up nothing but itself: the real HTTP stack, a backend that hangs, and one that answers. */

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'node:test';
import type { MetricProvider } from '../../src/api/metric-provider.ts';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { json, serve, success } from './server.ts';
import { contextOf, messageOf, providerOf, requestOf } from './support.ts';

const HANGING = 1000;

describe('1,000 runs against a backend that hangs', () => {
  it('others still measure on time, and the dead one is not stormed', async () => {
    const open = new Set<object>();
    let most = 0;
    await using dead = await serve((_request, _response, raw) => {
      open.add(raw.socket);
      raw.socket.once('close', () => open.delete(raw.socket));
      most = Math.max(most, open.size);
    });
    await using alive = await serve((_request, response) =>
      json(response, success('scalar', [1767268800, '1'])),
    );
    const context = contextOf({ http: createHttpClient({ random: () => 0.5 }) });
    const at = (address: string): MetricProvider => ({ prometheus: { address, query: 'q' } });
    const stop = new AbortController();
    const stuck = Array.from({ length: HANGING }, () => {
      const provider = at(dead.url);
      return providerOf(provider, context).measure(requestOf(provider, { signal: stop.signal }));
    });
    await pause(100);

    const took: number[] = [];
    for (let i = 0; i < 40; i++) {
      const begun = performance.now();
      const provider = at(alive.url);
      const outcome = await providerOf(provider, context).measure(requestOf(provider));
      assert.equal(outcome.kind, 'value', JSON.stringify(outcome));
      took.push(performance.now() - begun);
      await pause(10);
    }
    // Far less than the 30 s for which the dead one is waited for, on a machine that has other work, too.
    assert.ok(Math.max(...took) < 2_000, `${Math.max(...took)} ms`);
    assert.ok(most > 0 && most <= 32, `${most} connections to the dead backend`);

    stop.abort();
    const outcomes = await Promise.all(stuck);
    for (const outcome of outcomes) assert.match(messageOf(outcome), /: aborted$/);
  });

  it('after failures in a row the dead one is left alone, with the reason, while others are asked', async () => {
    const gone = await serve(() => {});
    const provider: MetricProvider = { prometheus: { address: gone.url, query: 'q' } };
    await gone[Symbol.asyncDispose]();
    const context = contextOf({ http: createHttpClient({ random: () => 0, breakAfter: 5 }) });
    const messages: string[] = [];
    for (let i = 0; i < 8; i++)
      messages.push(messageOf(await providerOf(provider, context).measure(requestOf(provider))));
    assert.match(messages[0] ?? '', /connection refused$/);
    assert.match(
      messages.at(-1) ?? '',
      /not asked, because the last requests failed \(.*connection refused\)/,
    );
    await using alive = await serve((_request, response) =>
      json(response, success('scalar', [1767268800, '1'])),
    );
    const other: MetricProvider = { prometheus: { address: alive.url, query: 'q' } };
    assert.equal((await providerOf(other, context).measure(requestOf(other))).kind, 'value');
  });
});
