import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ApiUnreachable,
  isGone,
  type KubeObject,
  type WatchEvent,
  type WatchOptions,
} from '../../src/kube/api.ts';
import { CONFIG_MAP, NAMESPACE, POD } from '../../src/kube/kinds.ts';
import { at, bench, configMap, failure, NS, type Bench } from './support.ts';

function collect(
  bed: Bench,
  options: WatchOptions,
): { events: WatchEvent[]; done: Promise<string>; stop: () => void } {
  const events: WatchEvent[] = [];
  const abort = new AbortController();
  const done = (async (): Promise<string> => {
    try {
      for await (const event of bed.api.watch(CONFIG_MAP, { ...options, signal: abort.signal }))
        events.push(event);
      return 'ended';
    } catch (error) {
      return isGone(error) ? `gone: ${error.message}` : (error as Error).name;
    }
  })();
  return { events, done, stop: () => abort.abort() };
}

const brief = (events: WatchEvent[]): string[] =>
  events.map((event) => `${event.type} ${event.object.metadata.name}`);

describe('list', () => {
  it('selects by labels and fields, in the order of names', async () => {
    const { api } = bench();
    for (const [name, app] of [
      ['b', 'x'],
      ['a', 'x'],
      ['c', 'y'],
    ] as const) {
      await api.create(CONFIG_MAP, configMap(name, {}, { labels: { app } }));
    }
    const names = async (options: object): Promise<string[]> =>
      (await api.list(CONFIG_MAP, { namespace: NS, ...options })).items.map((item) => item.metadata.name);
    assert.deepEqual(await names({}), ['a', 'b', 'c']);
    assert.deepEqual(await names({ labelSelector: 'app=x' }), ['a', 'b']);
    assert.deepEqual(await names({ labelSelector: 'app in (y,z)' }), ['c']);
    assert.deepEqual(await names({ labelSelector: 'app!=x' }), ['c']);
    assert.deepEqual(await names({ fieldSelector: 'metadata.name=b' }), ['b']);
    assert.deepEqual(await names({ fieldSelector: 'metadata.name!=b', labelSelector: 'app' }), ['a', 'c']);
    assert.equal(
      await failure(api.list(CONFIG_MAP, { fieldSelector: 'foo=bar' })),
      '400 "foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    assert.equal(
      await failure(api.list(CONFIG_MAP, { labelSelector: 'a=b=c' })),
      "400 found '=', expected: ',' or 'end of string'",
    );
    assert.deepEqual(
      (await api.list(POD, { fieldSelector: 'spec.nodeName=x,status.phase!=Failed' })).items,
      [],
    );
  });

  it('continues a list from the state in which it began', async () => {
    const { api, cluster } = bench();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await api.create(CONFIG_MAP, configMap(name));
    const first = await api.list(CONFIG_MAP, { namespace: NS, limit: 2 });
    assert.deepEqual(
      [first.items.map((item) => item.metadata.name), first.remainingItemCount],
      [['a', 'b'], 3],
    );
    await api.delete(CONFIG_MAP, at('c'));
    await api.create(CONFIG_MAP, configMap('bb'));
    const second = await api.list(CONFIG_MAP, { namespace: NS, limit: 2, continue: first.continue });
    assert.deepEqual(
      second.items.map((item) => item.metadata.name),
      ['c', 'd'],
    );
    assert.equal(second.resourceVersion, first.resourceVersion);
    cluster.server.compact();
    assert.match(
      await failure(api.list(CONFIG_MAP, { namespace: NS, limit: 2, continue: second.continue })),
      /^410 The provided continue parameter is too old/,
    );
    assert.match(await failure(api.list(CONFIG_MAP, { continue: 'zzz' })), /^400 invalid continue token/);
    assert.match(
      await failure(api.list(CONFIG_MAP, { resourceVersion: '999999' })),
      /^504 Timeout: Too large resource version: 999999, current: \d+$/,
    );
  });
});

describe('watch', () => {
  it('continues where a list ended, in order', async () => {
    const bed = bench();
    const { api, clock } = bed;
    await api.create(CONFIG_MAP, configMap('old'));
    const { resourceVersion } = await api.list(CONFIG_MAP, { namespace: NS });
    await api.create(CONFIG_MAP, configMap('a'));
    const seen = collect(bed, { namespace: NS, resourceVersion });
    await clock.settle();
    await api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { data: { x: 'y' } } });
    await api.delete(CONFIG_MAP, at('a'));
    await clock.settle();
    assert.deepEqual(brief(seen.events), ['ADDED a', 'MODIFIED a', 'DELETED a']);
    const versions = seen.events.map((event) => Number(event.object.metadata.resourceVersion));
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
    seen.stop();
    assert.equal(await seen.done, 'AbortError');
  });

  it('turns a change of labels into coming and going', async () => {
    const bed = bench();
    const seen = collect(bed, { namespace: NS, labelSelector: 'app=x' });
    await bed.clock.settle();
    await bed.api.create(CONFIG_MAP, configMap('a', {}, { labels: { app: 'y' } }));
    for (const app of ['x', 'x2', 'x']) {
      await bed.api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { metadata: { labels: { app } } } });
    }
    await bed.clock.settle();
    assert.deepEqual(brief(seen.events), ['ADDED a', 'DELETED a', 'ADDED a']);
    assert.equal(seen.events[1]?.object.metadata.labels?.['app'], 'x');
    seen.stop();
    await seen.done;
  });

  it('sends bookmarks and ends when its time is over', async () => {
    const bed = bench();
    const seen = collect(bed, { allowWatchBookmarks: true, timeoutSeconds: 200, resourceVersion: '1' });
    await bed.clock.advance(199_000);
    assert.deepEqual(
      seen.events.map((event) => event.type),
      // One a minute, and one two seconds before the end.
      ['BOOKMARK', 'BOOKMARK', 'BOOKMARK', 'BOOKMARK'],
    );
    assert.equal(
      seen.events[0]?.object.metadata.resourceVersion,
      String(bed.cluster.server.storage.revision),
    );
    await bed.clock.advance(1000);
    assert.equal(await seen.done, 'ended');
  });

  it('says 410 when its past is forgotten', async () => {
    const bed = bench({ historyLimit: 5 });
    for (let i = 0; i < 30; i++) await bed.api.create(CONFIG_MAP, configMap(`a${i}`));
    assert.match(
      await collect(bed, { resourceVersion: '1' }).done,
      /^gone: too old resource version: 1 \(\d+\)$/,
    );
    const namespaces = await bed.api.list(NAMESPACE);
    bed.cluster.server.compact();
    const late = collect(bed, { resourceVersion: namespaces.resourceVersion });
    await bed.clock.settle();
    late.stop();
    assert.equal(await late.done, 'AbortError');
  });

  it('ends when nothing came for too long', async () => {
    const bed = bench();
    const seen = collect(bed, { idleTimeoutMs: 5000, resourceVersion: '1' });
    await bed.clock.advance(5001);
    assert.equal(await seen.done, 'ended');
  });

  it('with a list always gives the same state as a list', async () => {
    const step = fc.record({
      op: fc.constantFrom('create', 'patch', 'delete', 'look'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.constantFrom('1', '2', '3'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, selective) => {
        const bed = bench();
        const { api, clock } = bed;
        const options = { namespace: NS, ...(selective ? { labelSelector: 'v=1' } : {}) };
        const cache = new Map<string, KubeObject>();
        let seen: ReturnType<typeof collect> | undefined;
        for (const { op, name, value } of steps) {
          const body = { labels: { v: value } };
          if (op === 'create') await api.create(CONFIG_MAP, configMap(name, {}, body)).catch(() => undefined);
          else if (op === 'patch')
            await api
              .patch(CONFIG_MAP, at(name), { type: 'merge', body: { metadata: body } })
              .catch(() => undefined);
          else if (op === 'delete') await api.delete(CONFIG_MAP, at(name)).catch(() => undefined);
          else if (seen === undefined) {
            const list = await api.list(CONFIG_MAP, options);
            for (const item of list.items) cache.set(item.metadata.name, item);
            seen = collect(bed, { ...options, resourceVersion: list.resourceVersion });
          }
        }
        if (seen === undefined) return;
        await clock.settle();
        for (const { type, object } of seen.events) {
          if (type === 'DELETED') cache.delete(object.metadata.name);
          else cache.set(object.metadata.name, object);
        }
        seen.stop();
        await seen.done;
        const names = [...cache.keys()].sort();
        assert.deepEqual(
          names.map((name) => cache.get(name)),
          (await api.list(CONFIG_MAP, options)).items,
        );
      }),
      { numRuns: 80 },
    );
  });
});

describe('interceptors', () => {
  it('lose answers whose write was applied, and requests that never arrive', async () => {
    let mode: 'answer' | 'request' | undefined;
    const { api } = bench({
      intercept: {
        async call(call, proceed) {
          if (call.verb === 'create' && mode === 'request') throw new ApiUnreachable('lost on the way');
          const result = await proceed();
          if (call.verb === 'create' && mode === 'answer') throw new ApiUnreachable('timed out');
          return result;
        },
      },
    });
    mode = 'answer';
    await assert.rejects(api.create(CONFIG_MAP, configMap('a')), ApiUnreachable);
    assert.equal((await api.get(CONFIG_MAP, at('a'))).metadata.name, 'a');
    mode = 'request';
    await assert.rejects(api.create(CONFIG_MAP, configMap('b')), ApiUnreachable);
    assert.equal(await failure(api.get(CONFIG_MAP, at('b'))), '404 configmaps "b" not found');
  });

  it('drop, repeat and delay watch events', async () => {
    const bed: Bench = bench({
      intercept: {
        event(event, _call, deliver) {
          if (event.object.metadata.name === 'drop') return;
          if (event.object.metadata.name === 'late') bed.clock.setTimer(1000, () => deliver(event));
          else deliver(event);
          if (event.object.metadata.name === 'twice') deliver(event);
        },
      },
    });
    const seen = collect(bed, { namespace: NS });
    await bed.clock.settle();
    for (const name of ['drop', 'late', 'twice', 'last']) await bed.api.create(CONFIG_MAP, configMap(name));
    await bed.clock.advance(1000);
    assert.deepEqual(brief(seen.events), ['ADDED twice', 'ADDED twice', 'ADDED last', 'ADDED late']);
    seen.stop();
    await seen.done;
  });
});
