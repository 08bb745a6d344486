import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ControlContext, Controller, ReconcileResult } from '../../../src/control/controller.ts';
import { silentLog } from '../../../src/control/log.ts';
import { Manager, type ManagerOptions, uniteInformers } from '../../../src/control/manager.ts';
import { ApiError, ApiUnreachable, type KubeObject, refOf } from '../../../src/kube/api.ts';
import { CONFIG_MAP, LEASE, POD, SECRET } from '../../../src/kube/kinds.ts';
import { LeadershipLost } from '../../../src/kube/lease.ts';
import { VirtualClock } from '../../../src/sandbox/virtual-clock.ts';
import { configMap, FakeApi, notFound } from '../../kube/fake-api.ts';
import { FakeClock, seeded } from '../../kube/fake-clock.ts';

type Reconcile = (
  key: string,
  context: ControlContext,
  signal: AbortSignal,
) => Promise<ReconcileResult> | ReconcileResult;

const controllerOf =
  (reconcile: Reconcile, more: Partial<Controller> = {}) =>
  (context: ControlContext): Controller => ({
    name: 'Things',
    workers: 4,
    informers: [{ type: CONFIG_MAP }],
    watches: [{ type: CONFIG_MAP, wakes: ({ key }) => [key] }],
    reconcile: async (key, signal) => reconcile(key, context, signal),
    ...more,
  });

interface Bench {
  api: FakeApi;
  clock: FakeClock;
  manager: Manager;
  stop: () => Promise<void>;
  outcome: () => 'running' | 'stopped' | Error;
}

function start(
  make: ReturnType<typeof controllerOf>,
  more: Partial<ManagerOptions> = {},
  api = new FakeApi(),
  clock = new FakeClock(),
): Bench {
  const manager = new Manager({
    api,
    clock,
    random: seeded(5),
    log: silentLog,
    controllers: [make],
    instanceId: '',
    ownNamespace: 'sluice',
    watchNamespace: '',
    ...more,
  });
  const controller = new AbortController();
  let outcome: 'running' | 'stopped' | Error = 'running';
  const done = manager.run(controller.signal).then(
    () => (outcome = 'stopped'),
    (error: Error) => (outcome = error),
  );
  return {
    api,
    clock,
    manager,
    outcome: () => outcome,
    async stop() {
      controller.abort();
      await clock.advance(40_000);
      await done;
    },
  };
}

describe('the manager', () => {
  it('starts passes only when all stores are in step, and gives each object one', async () => {
    const api = new FakeApi();
    for (let i = 0; i < 30; i += 1) api.put(CONFIG_MAP, configMap(`c${i}`));
    let secretsUp = false;
    api.before = (call) => {
      if (call.plural === 'secrets' && !secretsUp) throw new ApiUnreachable('not yet');
    };
    const seen: string[] = [];
    const make = controllerOf(
      (key, context) => {
        assert.equal(context.stores.of(CONFIG_MAP).size, 30);
        seen.push(key);
        return {};
      },
      { informers: [{ type: CONFIG_MAP }, { type: SECRET }] },
    );
    const { clock, manager, stop, outcome } = start(make, {}, api);
    await clock.advance(3_000);
    assert.deepEqual(seen, []);
    assert.equal(manager.ready, false);
    assert.match(manager.unsynced[0]?.because ?? '', /not yet/);
    secretsUp = true;
    await clock.advance(10_000);
    assert.equal(new Set(seen).size, 30);
    assert.equal(seen.length, 30);
    assert.equal(manager.ready, true);
    await stop();
    assert.equal(outcome(), 'stopped');
    assert.equal(api.openStreams, 0);
  });

  it('keeps a throw to its key, retries it with back-off, and forgets it after a success', async () => {
    const passes: string[] = [];
    const api = new FakeApi();
    for (const name of ['bad', 'worse', 'good']) api.put(CONFIG_MAP, configMap(name));
    const make = controllerOf((key) => {
      passes.push(key);
      if (key === 'ns/bad' && passes.filter((each) => each === key).length < 5)
        throw new TypeError('a mistake');
      if (key === 'ns/worse') throw null;
      return {};
    });
    const { clock, stop } = start(make, {}, api);
    await clock.advance(1_000);
    const count = (key: string): number => passes.filter((each) => each === key).length;
    assert.equal(count('ns/good'), 1);
    assert.equal(count('ns/bad'), 5);
    assert.ok(count('ns/worse') >= 9 && count('ns/worse') <= 11, `${count('ns/worse')}`);
    await clock.advance(60_000);
    assert.ok(count('ns/worse') < 22, 'at most every ten seconds');
    await stop();
  });

  it('does not retry a pass that ended with NotFound, until the next event or resync', async () => {
    let passes = 0;
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    const make = controllerOf(() => {
      passes += 1;
      throw notFound('services "x"');
    });
    const { clock, stop } = start(make, { resyncMs: 900_000 }, api);
    await clock.advance(700_000);
    assert.equal(passes, 1);
    await clock.advance(200_000);
    assert.equal(passes, 2);
    api.put(CONFIG_MAP, configMap('a', {}, { n: 1 }));
    await clock.settle();
    assert.equal(passes, 3);
    await stop();
  });

  it('waits as long as the API server asks', async () => {
    const times: number[] = [];
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    const make = controllerOf((_, { clock }) => {
      times.push(clock.monotonic());
      if (times.length === 1) {
        throw new ApiError({ code: 429, reason: 'TooManyRequests', message: 'slow' }, 7_000);
      }
      return {};
    });
    const { clock, stop } = start(make, {}, api);
    await clock.advance(10_000);
    assert.equal((times[1] ?? 0) - (times[0] ?? 0), 7_000);
    await stop();
  });

  it('looks again at the instant that a pass asked for, once, and the last answer counts', async () => {
    const times: number[] = [];
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    const made = new FakeClock();
    const at = made.now();
    const answers = [at + 60_000, at + 90_000];
    const make = controllerOf(() => {
      times.push(made.now() - at);
      const requeueAt = answers[times.length - 1];
      return requeueAt === undefined ? {} : { requeueAt };
    });
    const { clock, stop } = start(make, {}, api, made);
    await clock.advance(10_000);
    api.put(CONFIG_MAP, configMap('a', {}, { n: 1 }));
    await clock.advance(200_000);
    assert.deepEqual(times, [0, 10_000, 90_000]);
    await stop();
  });

  it('costs a settled object nothing beyond the resync, which is spread', async () => {
    const api = new FakeApi();
    for (let i = 0; i < 200; i += 1) api.put(CONFIG_MAP, configMap(`c${i}`));
    const times: number[] = [];
    const make = controllerOf((_, { clock }) => {
      times.push(clock.monotonic());
      return {};
    });
    const { clock, stop } = start(make, { resyncMs: 900_000 }, api);
    await clock.advance(1_000);
    const keepAlive = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 60_000) {
        api.bookmark(CONFIG_MAP);
        await clock.advance(Math.min(left, 60_000));
      }
    };
    assert.equal(times.length, 200);
    const calls = api.calls.length;
    await keepAlive(718_000);
    assert.equal(times.length, 200);
    assert.equal(api.calls.length, calls, 'not one request');
    await keepAlive(182_000);
    assert.equal(times.length, 400);
    const bySecond = new Map<number, number>();
    for (const time of times.slice(200)) {
      const second = Math.floor(time / 1_000);
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    }
    assert.ok(Math.max(...bySecond.values()) <= 8, 'no thundering herd');
    await stop();
  });

  it('forgets an object that is gone: no resync, no timer', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    let passes = 0;
    const { clock, stop } = start(
      controllerOf(() => {
        passes += 1;
        return {};
      }),
      {},
      api,
    );
    await clock.advance(1_000);
    api.drop(CONFIG_MAP, { namespace: 'ns', name: 'a' });
    await clock.advance(1_000);
    assert.equal(passes, 2);
    await clock.advance(5_000_000);
    assert.equal(passes, 2);
    await stop();
  });

  it('reads its own writes in the next pass, whatever the watch delays', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a', {}, { n: '0' }));
    const read: unknown[] = [];
    const make = controllerOf(async (key, { stores, writer }) => {
      const object = stores.of(CONFIG_MAP).get(key);
      const n = Number((object?.['data'] as { n?: string } | undefined)?.n);
      read.push(n);
      if (n < 5) {
        api.holdEvents = true;
        await writer.patch(CONFIG_MAP, refOf(key), { type: 'merge', body: { data: { n: String(n + 1) } } });
      }
      return {};
    });
    const { clock, stop } = start(make, {}, api);
    await clock.advance(1_000);
    assert.deepEqual(read, [0, 1, 2, 3, 4, 5]);
    api.releaseEvents();
    await clock.advance(1_000);
    assert.deepEqual(read, [0, 1, 2, 3, 4, 5], 'the late echoes wake nobody');
    await stop();
  });

  it('puts urgent keys before all others, and wakes keys from work off the worker', async () => {
    const api = new FakeApi();
    for (let i = 0; i < 5; i += 1) api.put(CONFIG_MAP, configMap(`c${i}`));
    const order: string[] = [];
    let wake: ((key: string) => void) | undefined;
    const gate = Promise.withResolvers<void>();
    const make = controllerOf(
      async (key) => {
        if (order.length === 0) {
          order.push(key);
          await gate.promise;
        } else order.push(key);
        return {};
      },
      {
        workers: 1,
        watches: [
          {
            type: CONFIG_MAP,
            wakes: ({ key }) => [key],
            urgent: ({ after }) => after?.metadata.annotations?.['abort'] === 'true',
          },
        ],
        attach: (wakeKey) => (wake = wakeKey),
      },
    );
    const { clock, stop } = start(make, {}, api);
    await clock.settle();
    api.put(CONFIG_MAP, configMap('c4', { annotations: { abort: 'true' } }));
    await clock.settle();
    gate.resolve();
    await clock.settle();
    assert.deepEqual(order, ['ns/c0', 'ns/c4', 'ns/c1', 'ns/c2', 'ns/c3']);
    wake?.('ns/c2');
    await clock.settle();
    assert.equal(order.at(-1), 'ns/c2');
    await stop();
  });

  it('isolates a watch function that throws', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    const seen: string[] = [];
    const make = controllerOf(
      (key) => {
        seen.push(key);
        return {};
      },
      {
        watches: [
          {
            type: CONFIG_MAP,
            wakes: () => {
              throw new Error('a mistake');
            },
          },
          { type: CONFIG_MAP, wakes: ({ key }) => [key] },
        ],
      },
    );
    const { clock, stop } = start(make, {}, api);
    await clock.advance(100);
    assert.deepEqual(seen, ['ns/a']);
    await stop();
  });

  it('starts without an optional type, and takes it up when it appears', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    let served = false;
    api.before = (call) => {
      if (call.plural === 'pods' && !served)
        throw notFound('the server could not find the requested resource');
    };
    let passes = 0;
    const make = controllerOf(
      () => {
        passes += 1;
        return {};
      },
      {
        informers: [{ type: CONFIG_MAP }, { type: POD, optional: true }],
        watches: [
          { type: CONFIG_MAP, wakes: ({ key }) => [key] },
          { type: POD, wakes: () => ['ns/a'] },
        ],
      },
    );
    const { clock, manager, stop } = start(make, {}, api);
    await clock.advance(1_000);
    assert.equal(manager.ready, true);
    assert.equal(passes, 1);
    await clock.advance(3_600_000);
    assert.ok(api.callsOf('list', 'pods').length < 16, 'asked seldom');
    served = true;
    api.put(POD, { ...configMap('p'), kind: 'Pod' });
    const before = passes;
    await clock.advance(660_000);
    assert.ok(passes > before);
    await stop();
  });

  it('lets passes under way end when it stops, and breaks off those that do not', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('slow'));
    api.put(CONFIG_MAP, configMap('stuck'));
    const ended: string[] = [];
    const make = controllerOf(async (key, context, signal) => {
      if (key === 'ns/slow') {
        await new Promise<void>((resolve) => context.clock.setTimer(5_000, resolve));
        await context.writer.patch(CONFIG_MAP, refOf(key), {
          type: 'merge',
          body: { data: { done: 'yes' } },
        });
        context.events.record(context.stores.of(CONFIG_MAP).get(key) as KubeObject, {
          type: 'Normal',
          reason: 'Done',
          message: 'done',
        });
      } else await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      ended.push(key);
      return {};
    });
    const { clock, stop, outcome } = start(make, { drainMs: 10_000 }, api);
    await clock.settle();
    await stop();
    assert.equal(outcome(), 'stopped');
    assert.deepEqual(ended, ['ns/slow', 'ns/stuck']);
    assert.deepEqual(api.objectsOf(CONFIG_MAP)[0]?.['data'], { done: 'yes' });
    assert.equal(api.callsOf('create', 'events').length, 1, 'events are sent before the end');
  });
});

const election = (identity: string): Partial<ManagerOptions> => ({
  leaderElection: { namespace: 'sluice', name: 'sluice-controller-lock', identity },
});

describe('the manager under leadership', () => {
  it('works only as the leader, and hands over on a graceful stop', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    api.put(CONFIG_MAP, configMap('a'));
    const by: string[] = [];
    const make = (name: string): ReturnType<typeof controllerOf> =>
      controllerOf(() => {
        by.push(name);
        return {};
      });
    const one = start(make('one'), election('one'), api, clock);
    await clock.advance(100);
    const two = start(make('two'), election('two'), api, clock);
    await clock.advance(30_000);
    assert.deepEqual(by, ['one']);
    assert.equal(two.manager.state, 'waiting');
    assert.equal(two.manager.ready, true, 'a stand-by is ready');
    await one.stop();
    await clock.advance(3_000);
    assert.deepEqual(by, ['one', 'two']);
    await two.stop();
  });

  it('asks for permission once it leads, and does nothing without', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    let passes = 0;
    const make = controllerOf(() => {
      passes++;
      return {};
    });
    const asked = Promise.withResolvers<void>();
    const { leaderElection } = election('one');
    const more = { leaderElection: { ...leaderElection!, permit: () => asked.promise } };
    const { clock, manager, outcome } = start(make, more, api);
    await clock.advance(5_000);
    assert.equal(manager.state, 'syncing');
    asked.reject(new Error('another controller acts'));
    await clock.advance(1_000);
    assert.equal(passes, 0);
    assert.match(String(outcome()), /another controller acts/);
  });

  it('keeps the lease while it drains', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('slow'));
    const make = controllerOf(async (key, context) => {
      await new Promise<void>((resolve) => context.clock.setTimer(14_000, resolve));
      await context.writer.patch(CONFIG_MAP, refOf(key), { type: 'merge', body: { data: { done: 'yes' } } });
      return {};
    });
    const { clock, stop } = start(make, election('one'), api);
    await clock.advance(100);
    await stop();
    assert.deepEqual(api.objectsOf(CONFIG_MAP)[0]?.['data'], { done: 'yes' });
    assert.equal(
      (api.objectsOf(LEASE)[0]?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity,
      '',
    );
  });

  it('stops all work when the lease is lost: no new write, signals aborted, run rejects', async () => {
    const api = new FakeApi();
    api.put(CONFIG_MAP, configMap('a'));
    let aborted = false;
    let refused: unknown;
    const make = controllerOf(async (key, context, signal) => {
      await new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve();
        }),
      );
      await context.writer
        .patch(CONFIG_MAP, refOf(key), { type: 'merge', body: {} })
        .catch((error: unknown) => (refused = error));
      return {};
    });
    const { clock, outcome } = start(make, election('one'), api);
    await clock.advance(5_000);
    api.before = (call) => {
      if (call.plural === 'leases') throw new ApiUnreachable('cut');
    };
    await clock.advance(14_000);
    assert.equal(aborted, true);
    assert.equal((refused as Error).name, 'NotLeading');
    assert.ok(outcome() instanceof LeadershipLost);
    assert.equal(api.callsOf('patch').length, 0);
  });

  it('starts no write after the process was suspended, before it has heard of the loss', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    api.put(CONFIG_MAP, configMap('a'));
    const gate = Promise.withResolvers<void>();
    const refused: unknown[] = [];
    const make = controllerOf(async (key, context) => {
      await gate.promise;
      await context.writer
        .patch(CONFIG_MAP, refOf(key), { type: 'merge', body: {} })
        .catch((error: unknown) => refused.push(error));
      return {};
    });
    start(make, election('one'), api, clock);
    await clock.advance(5_000);
    clock.suspend(30_000);
    gate.resolve();
    await clock.settle();
    assert.equal((refused[0] as Error).name, 'NotLeading');
    assert.equal(api.callsOf('patch').length, 0);
  });
});

const history = async (): Promise<string> => {
  const api = new FakeApi();
  const clock = new VirtualClock();
  for (let i = 0; i < 5; i += 1) api.put(CONFIG_MAP, configMap(`c${i}`));
  const random = seeded(9);
  api.before = (call) => {
    if (call.plural !== 'leases' && random() < 0.2) throw new ApiUnreachable('refused');
  };
  const lines: string[] = [];
  const manager = new Manager({
    api,
    clock,
    random: seeded(1),
    log: silentLog,
    controllers: [
      controllerOf(async (key, context) => {
        lines.push(`${context.clock.now()} ${key}`);
        if (random() < 0.3) throw new Error('no');
        return { requeueAt: context.clock.now() + 10_000 * random() };
      }),
    ],
    instanceId: '',
    ownNamespace: 'sluice',
    watchNamespace: '',
    leaderElection: { namespace: 'sluice', name: 'lock', identity: 'one' },
  });
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  await clock.advance(3_600_000);
  stop.abort();
  await clock.advance(30_000);
  await running;
  return lines.join('\n');
};

describe('the manager under faults', () => {
  it('brings every object where it belongs, through outages, cut watches, conflicts and lost answers', async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const random = seeded(seed * 7919);
      const api = new FakeApi();
      const clock = new FakeClock();
      let faulty = true;
      const chance = (share: number): boolean => faulty && random() < share;
      api.before = (call) => {
        if (call.verb === 'watch' && chance(0.3))
          throw new ApiError({ code: 410, reason: 'Expired', message: 'old' });
        if (chance(0.1)) throw new ApiUnreachable('refused');
        if (chance(0.05)) throw new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'busy' });
        if (chance(0.05))
          throw new ApiError({ code: 429, reason: 'TooManyRequests', message: 'slow' }, 1_000);
        if (call.verb === 'patch' && chance(0.1))
          throw new ApiError({ code: 409, reason: 'Conflict', message: 'modified' });
      };
      api.after = (call) => {
        if (call.verb !== 'get' && call.verb !== 'list' && chance(0.1))
          throw new ApiUnreachable('answer lost');
      };
      // Each object says how many steps it wants; a pass takes one step, and each step waits a second.
      const make = controllerOf(async (key, context) => {
        const object = context.stores.of(CONFIG_MAP).get(key);
        if (object === undefined) return {};
        const { want = '0', have = '0', at = '0' } = object['data'] as Record<string, string>;
        if (have === want) return {};
        const due = Number(at) + 1_000;
        if (context.clock.now() < due) return { requeueAt: due };
        await context.writer.patch(CONFIG_MAP, refOf(key), {
          type: 'merge',
          body: {
            metadata: { resourceVersion: object.metadata.resourceVersion },
            data: { have: String(Number(have) + 1), at: String(context.clock.now()) },
          },
        });
        return {};
      });
      const { stop } = start(make, { resyncMs: 600_000 }, api, clock);
      for (let i = 0; i < 60; i += 1) {
        const name = `c${Math.floor(random() * 8)}`;
        const known = api.objectsOf(CONFIG_MAP).find((object) => object.metadata.name === name);
        if (known !== undefined && random() < 0.15) api.drop(CONFIG_MAP, known.metadata);
        else if (known === undefined)
          api.put(CONFIG_MAP, configMap(name, {}, { want: String(1 + Math.floor(random() * 5)) }));
        if (random() < 0.3) api.cutStreams(random() < 0.5 ? new ApiUnreachable('reset') : undefined);
        if (random() < 0.1) api.compact();
        await clock.advance(random() * 3_000);
      }
      faulty = false;
      await clock.advance(120_000);
      for (const object of api.objectsOf(CONFIG_MAP)) {
        const { want, have } = object['data'] as Record<string, string>;
        assert.equal(have, want, `seed ${seed}: ${object.metadata.name}`);
      }
      await stop();
    }
  });

  it('gives the same history for the same seed on a virtual clock', async () => {
    const first = await history();
    assert.ok(first.split('\n').length > 1_000);
    assert.equal(await history(), first);
  });
});

const controller = (informers: Controller['informers']): Controller => ({
  name: 'X',
  workers: 1,
  informers,
  watches: [],
  reconcile: async () => ({}),
});

const byName = (object: KubeObject): string[] => [object.metadata.name];
const byNode = (): string[] => [];

const trim = (object: KubeObject): KubeObject => object;

describe('uniting informers', () => {
  it('shares one store a type, with the indexes of all', () => {
    const united = uniteInformers([
      controller([{ type: POD, indexes: { byName }, optional: true }]),
      controller([
        { type: POD, indexes: { byName, byNode } },
        { type: SECRET, optional: true },
      ]),
    ]);
    assert.deepEqual(
      united.map(({ type, optional, indexes }) => [type.plural, optional, Object.keys(indexes ?? {})]),
      [
        ['pods', false, ['byName', 'byNode']],
        ['secrets', true, []],
      ],
    );
  });

  it('trims only as all agree', () => {
    const [same] = uniteInformers([controller([{ type: POD, trim }]), controller([{ type: POD, trim }])]);
    assert.equal(same?.trim, trim);
    const [mixed] = uniteInformers([controller([{ type: POD, trim }]), controller([{ type: POD }])]);
    assert.equal(mixed?.trim, undefined);
    const [kept] = uniteInformers([
      controller([{ type: POD }]),
      controller([{ type: POD, keepsLastApplied: true }]),
    ]);
    assert.equal(kept?.keepsLastApplied, true, 'and keeps what one reads');
    assert.equal(mixed?.keepsLastApplied, false);
  });

  it('says at the start what can not be united', () => {
    const one = controller([{ type: POD, labelSelector: 'a=1', indexes: { x: () => [] } }]);
    assert.throws(
      () => uniteInformers([one, controller([{ type: POD }])]),
      /pods disagree on the selector: 'a=1' and ''/,
    );
    assert.throws(
      () =>
        uniteInformers([one, controller([{ type: POD, labelSelector: 'a=1', indexes: { x: () => ['y'] } }])]),
      /two index functions for pods are called 'x'/,
    );
  });
});
