import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ApiError,
  ApiUnreachable,
  type KubeApi,
  type KubeList,
  type ListOptions,
  type WatchEvent,
  type WatchOptions,
} from '../../src/kube/api.ts';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import { type WatchStep, watchSteps, withBackoff } from '../../src/kube/watch.ts';
import { configMap, FakeApi, gone } from './fake-api.ts';
import { FakeClock, seeded } from './fake-clock.ts';

interface Run {
  steps: WatchStep[];
  delays: number[];
  clock: FakeClock;
  stop(): Promise<void>;
}

function run(
  api: KubeApi,
  options: { pageSize?: number; relistAfterMs?: number; random?: () => number } = {},
): Run {
  const clock = new FakeClock();
  const controller = new AbortController();
  const steps: WatchStep[] = [];
  const delays: number[] = [];
  const random = options.random ?? seeded(7);
  const machine = watchSteps(api, CONFIG_MAP, { clock, random, signal: controller.signal, ...options });
  const paced = withBackoff(machine, {
    clock,
    random,
    signal: controller.signal,
    onFailure: (_, delay) => delays.push(delay),
  });
  const done = (async () => {
    for await (const step of paced) steps.push(step);
  })();
  return {
    steps,
    delays,
    clock,
    async stop() {
      controller.abort();
      await clock.settle();
      await done;
    },
  };
}

const kinds = (steps: readonly WatchStep[]): string[] => steps.map((step) => step.type);
const names = (steps: readonly WatchStep[]): string[] =>
  steps.flatMap((step) => {
    if (step.type === 'page') return step.objects.map((object) => `+${object.metadata.name}`);
    if (step.type === 'applied') return [`~${step.object.metadata.name}`];
    return step.type === 'deleted' ? [`-${step.object.metadata.name}`] : [];
  });

describe('the watch machine', () => {
  it('lists in pages, says synced only after the last, and watches from the version of the list', async () => {
    const api = new FakeApi();
    for (const name of ['a', 'b', 'c']) api.put(CONFIG_MAP, configMap(name));
    const listedAt = api.revision;
    const { steps, clock, stop } = run(api, { pageSize: 2 });
    await clock.settle();
    assert.deepEqual(kinds(steps), ['restarted', 'page', 'page', 'synced']);
    assert.deepEqual(names(steps), ['+a', '+b', '+c']);
    const options = api.callsOf('watch')[0]?.options as WatchOptions;
    assert.equal(options.resourceVersion, String(listedAt));
    assert.equal(options.allowWatchBookmarks, true);
    assert.ok((options.timeoutSeconds ?? 0) >= 240 && (options.timeoutSeconds ?? 0) <= 300);
    await stop();
    assert.equal(api.openStreams, 0, 'the stream is let go of');
  });

  it('asks for pages of 500', async () => {
    const api = new FakeApi();
    const { clock, stop } = run(api);
    await clock.settle();
    assert.equal((api.callsOf('list')[0]?.options as ListOptions | undefined)?.limit, 500);
    await stop();
  });

  it('hands on every event in order, and goes on from the last one after a cut, without a new list', async () => {
    const api = new FakeApi();
    const { steps, clock, stop } = run(api);
    await clock.settle();
    for (let i = 0; i < 20; i += 1) {
      api.put(CONFIG_MAP, configMap(`m${i}`));
      if (i % 3 === 0) api.cutStreams(i % 2 === 0 ? new ApiUnreachable('reset') : undefined);
      if (i % 4 === 0) await clock.advance(1_500);
    }
    api.drop(CONFIG_MAP, { namespace: 'ns', name: 'm3' });
    await clock.advance(60_000);
    assert.deepEqual(names(steps), [...Array.from({ length: 20 }, (_, i) => `~m${i}`), '-m3']);
    assert.equal(api.callsOf('list').length, 1);
    await stop();
  });

  it('starts again at once when the watch is too old, and again with a wait when that repeats', async () => {
    const api = new FakeApi();
    const { steps, delays, clock, stop } = run(api);
    await clock.advance(5_000);
    api.holdEvents = true;
    api.put(CONFIG_MAP, configMap('late'));
    api.compact();
    api.cutStreams(gone());
    await clock.settle();
    assert.equal(api.callsOf('list').length, 2);
    assert.deepEqual(names(steps), ['+late']);
    assert.deepEqual(delays, [], 'the first time is the ordinary course of things');
    api.cutStreams(gone());
    await clock.settle();
    assert.equal(delays.length, 1);
    assert.equal(api.callsOf('list').length, 2);
    await stop();
  });

  it('begins anew when a page token has expired, and in one piece when that repeats', async () => {
    const api = new FakeApi();
    for (const name of ['a', 'b', 'c']) api.put(CONFIG_MAP, configMap(name));
    api.before = (call) => {
      if ((call.options as ListOptions).continue !== undefined) throw gone();
    };
    const { steps, delays, clock, stop } = run(api, { pageSize: 1 });
    await clock.advance(100);
    assert.deepEqual(kinds(steps), ['restarted', 'page', 'restarted', 'page', 'restarted', 'page', 'synced']);
    assert.deepEqual(names(steps).slice(-3), ['+a', '+b', '+c']);
    assert.deepEqual(delays, []);
    await stop();
  });

  it('repeats only the page that failed', async () => {
    const api = new FakeApi();
    for (const name of ['a', 'b', 'c']) api.put(CONFIG_MAP, configMap(name));
    let failures = 2;
    api.before = (call) => {
      if ((call.options as ListOptions).continue !== undefined && failures-- > 0)
        throw new ApiUnreachable('cut');
    };
    const { steps, clock, stop } = run(api, { pageSize: 2 });
    await clock.advance(5_000);
    assert.deepEqual(kinds(steps), ['restarted', 'page', 'failed', 'failed', 'page', 'synced']);
    assert.deepEqual(names(steps), ['+a', '+b', '+c']);
    await stop();
  });

  it('backs off from 0.8 s to 30 s while the server is down, and starts over after a healthy minute', async () => {
    const api = new FakeApi();
    let down = true;
    api.before = () => {
      if (down) throw new ApiUnreachable('refused');
    };
    const { delays, clock, stop } = run(api);
    await clock.advance(300_000);
    assert.ok(delays.every((delay) => delay >= 800 && delay <= 30_000));
    assert.ok((delays[0] ?? 0) <= 1_000);
    assert.ok(
      delays.slice(6).every((delay) => delay >= 22_000),
      `${delays.join(' ')}`,
    );
    assert.ok(delays.length < 20, 'no hot loop');
    down = false;
    await clock.advance(65_000);
    for (let i = 0; i < 2; i += 1) {
      api.bookmark(CONFIG_MAP);
      await clock.advance(60_000);
    }
    const healthy = delays.length;
    api.cutStreams(new ApiUnreachable('reset'));
    await clock.settle();
    assert.ok((delays[healthy] ?? 99_999) <= 1_000, 'the back-off was reset');
    await stop();
  });

  it('waits less than a second or so when a network cuts every stream, however often', async () => {
    const api = new FakeApi();
    const { steps, delays, clock, stop } = run(api);
    await clock.settle();
    for (let i = 0; i < 30; i += 1) {
      await clock.advance(2_500);
      api.put(CONFIG_MAP, configMap(`m${i}`));
      api.cutStreams(new ApiUnreachable('reset'));
    }
    await clock.advance(2_000);
    assert.equal(names(steps).length, 30);
    assert.ok(
      delays.every((delay) => delay <= 1_000),
      `${delays.join(' ')}`,
    );
    await stop();
  });

  it('waits 3 s at most when a network cuts every stream each second', async () => {
    const api = new FakeApi();
    const { steps, delays, clock, stop } = run(api);
    await clock.settle();
    for (let i = 0; i < 60; i += 1) {
      await clock.advance(1_000);
      if (i % 4 === 0) api.put(CONFIG_MAP, configMap(`m${i}`));
      api.cutStreams(new ApiUnreachable('reset'));
    }
    await clock.advance(4_000);
    const seen = new Set(names(steps).map((name) => name.slice(1)));
    assert.equal(seen.size, 15);
    assert.ok(delays.length > 20);
    assert.ok(Math.max(...delays) <= 3_000, delays.join(' '));
    await stop();
  });

  it('gives up a stream on which nothing was heard for 70 to 90 s; bookmarks keep it alive', async () => {
    const api = new FakeApi();
    const { steps, clock, stop } = run(api);
    for (let i = 0; i < 4; i += 1) {
      await clock.advance(60_000);
      api.bookmark(CONFIG_MAP);
    }
    assert.equal(api.callsOf('watch').length, 1);
    await clock.advance(69_000);
    assert.equal(kinds(steps).includes('failed'), false);
    await clock.advance(25_000);
    assert.equal(kinds(steps).at(-1), 'failed');
    await clock.advance(2_000);
    const options = api.callsOf('watch')[1]?.options as WatchOptions;
    assert.equal(options.resourceVersion, String(api.revision), 'from the last bookmark');
    assert.equal(api.callsOf('list').length, 1);
    await stop();
  });

  it('lists again when a relist is due, which repairs lost events', async () => {
    const api = new FakeApi();
    const { clock, stop } = run(api, { relistAfterMs: 900_000 });
    for (let i = 0; i < 31; i += 1) {
      api.bookmark(CONFIG_MAP);
      await clock.advance(30_000);
    }
    assert.equal(api.callsOf('list').length, 1);
    api.cutStreams();
    await clock.settle();
    assert.equal(api.callsOf('list').length, 2);
    await stop();
  });

  it('takes a server that closes every stream at once for a failure', async () => {
    const api = new FakeApi();
    let watches = 0;
    const closing: KubeApi = Object.assign(Object.create(api) as KubeApi, {
      list: () => api.list(CONFIG_MAP),
      watch: async function* (): AsyncGenerator<WatchEvent> {
        watches += 1;
        yield* [];
      },
    });
    const { clock, stop } = run(closing);
    await clock.advance(60_000);
    assert.ok(watches > 2 && watches < 12, `${watches} watches in a minute`);
    await stop();
  });

  it('lists anew when the stream breaks at the same place again and again', async () => {
    const api = new FakeApi();
    let lists = 0;
    const poisoned: KubeApi = Object.assign(Object.create(api) as KubeApi, {
      list: async (): Promise<KubeList> => {
        lists += 1;
        return api.list(CONFIG_MAP);
      },
      // eslint-disable-next-line require-yield
      watch: async function* (): AsyncGenerator<WatchEvent> {
        throw new ApiUnreachable('a line is not JSON');
      },
    });
    const { clock, stop } = run(poisoned);
    await clock.advance(10_000);
    assert.ok(lists >= 2);
    await stop();
  });

  it('does not take an event without a resourceVersion', async () => {
    const api = new FakeApi();
    const broken: KubeApi = Object.assign(Object.create(api) as KubeApi, {
      list: () => api.list(CONFIG_MAP),
      watch: async function* (): AsyncGenerator<WatchEvent> {
        yield { type: 'ADDED', object: { kind: 'ConfigMap' } as unknown as WatchEvent['object'] };
      },
    });
    const { steps, clock, stop } = run(broken);
    await clock.advance(100);
    const failed = steps.find((step) => step.type === 'failed');
    assert.match(String(failed?.error), /without metadata.resourceVersion/);
    await stop();
  });

  it('ends quietly when stopped in any state', async () => {
    for (const at of [0, 1, 3, 1_000]) {
      const api = new FakeApi();
      if (at === 1_000) {
        api.before = () => {
          throw new ApiError({ code: 500, reason: 'InternalError', message: 'no' });
        };
      }
      const { clock, stop } = run(api);
      if (at > 0) await clock.advance(at);
      await stop();
      assert.equal(api.openStreams, 0);
      assert.equal(clock.timers, 0, 'no timer is left');
    }
  });
});
