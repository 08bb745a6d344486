import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { DelayHeap } from '../../../src/control/delay-heap.ts';
import { WorkQueue } from '../../../src/control/queue.ts';
import { FakeClock } from '../../kube/fake-clock.ts';

/** Takes what is there now. */
async function take(queue: WorkQueue, clock: FakeClock): Promise<string[]> {
  const keys: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.get();
    if (key === undefined) break;
    keys.push(key);
    queue.done(key);
    await clock.settle();
  }
  return keys;
}

describe('the work queue', () => {
  it('gives a key once, however often it was added, in order', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    for (const key of ['b', 'a', 'b', 'a', 'c']) queue.add(key);
    assert.deepEqual(await take(queue, clock), ['b', 'a', 'c']);
  });

  it('never gives a key to two workers, and gives it again when it changed meanwhile', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.add('a');
    assert.equal(await queue.get(), 'a');
    queue.add('a');
    let second: string | undefined;
    void queue.get().then((key) => (second = key));
    await clock.settle();
    assert.equal(second, undefined);
    queue.done('a');
    await clock.settle();
    assert.equal(second, 'a');
    queue.done('a');
    assert.equal(queue.depth, 0);
  });

  it('wakes exactly one waiting worker for a key', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const got: (string | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) void queue.get().then((key) => got.push(key));
    queue.add('a');
    await clock.settle();
    assert.deepEqual(got, ['a']);
    queue.shutDown();
    await clock.settle();
    assert.deepEqual(got, ['a', undefined, undefined]);
  });

  it('adds after a delay; the earlier of two wins, and a key that was taken is not due again', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter('a', 10_000);
    queue.addAfter('a', 2_000);
    queue.addAfter('a', 5_000);
    await clock.advance(1_999);
    assert.equal(queue.depth, 0);
    await clock.advance(1);
    assert.deepEqual(await take(queue, clock), ['a']);
    await clock.advance(60_000);
    assert.equal(queue.depth, 0);
    queue.addAfter('b', 1_000);
    queue.add('b');
    assert.deepEqual(await take(queue, clock), ['b']);
    await clock.advance(5_000);
    assert.equal(queue.depth, 0, 'the pass made the timer moot');
  });

  it('lets the last answer replace the instant', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.schedule('a', 1_000);
    queue.schedule('a', 3_000);
    await clock.advance(2_000);
    assert.equal(queue.depth, 0);
    await clock.advance(1_000);
    assert.equal(queue.depth, 1);
    queue.schedule('b', 1_000);
    queue.schedule('b', undefined);
    await clock.advance(5_000);
    assert.deepEqual(await take(queue, clock), ['a']);
  });

  it('has one timer, whatever is delayed, and none when nothing is', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    for (let i = 1; i <= 1_000; i += 1) queue.addAfter(`k${i}`, 1_000 * i);
    assert.equal(clock.timers, 1);
    assert.equal(queue.delayedCount, 1_000);
    await clock.advance(1_000_000);
    assert.equal(clock.timers, 0);
    assert.equal((await take(queue, clock)).length, 1_000);
  });

  it('backs off by key from 1 ms to 10 s, and starts over after a success', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const waits: number[] = [];
    for (let i = 0; i < 18; i += 1) {
      queue.addRateLimited('a');
      const from = clock.monotonic();
      const got = queue.get();
      while (queue.processing.size === 0) await clock.advance(1);
      await got;
      waits.push(clock.monotonic() - from);
      queue.done('a');
    }
    assert.deepEqual(waits.slice(0, 5), [1, 2, 4, 8, 16]);
    assert.deepEqual(waits.slice(-3), [10_000, 10_000, 10_000]);
    assert.equal(queue.failures('a'), 18);
    queue.forget('a');
    queue.addRateLimited('a');
    await clock.advance(1);
    assert.equal(queue.depth, 1);
    queue.addRateLimited('b', { atLeastMs: 700 });
    await clock.advance(699);
    assert.equal(queue.depth, 1, 'the wait that the server asked for is kept');
  });

  it('limits retries of all keys together, but not those of the high lane', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock, retriesPerSecond: 10, retryBurst: 5 });
    for (let i = 0; i < 25; i += 1) queue.addRateLimited(`k${i}`);
    queue.addRateLimited('abort', { lane: 'high' });
    await clock.advance(1);
    assert.equal(queue.depth, 6);
    await clock.advance(1_000);
    assert.ok(queue.depth >= 15 && queue.depth <= 17, `${queue.depth}`);
    await clock.advance(1_000);
    assert.equal(queue.depth, 26);
  });

  it('serves the high lane first, promotes a waiting key, and starves none', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    for (const key of ['n1', 'n2', 'n3']) queue.add(key);
    queue.add('low', 'low');
    queue.add('h1', 'high');
    queue.add('n3', 'high');
    queue.add('n3', 'low');
    assert.deepEqual(await take(queue, clock), ['h1', 'n3', 'n1', 'n2', 'low']);
    queue.add('patient', 'low');
    const got: string[] = [];
    for (let i = 0; i < 40 && !got.includes('patient'); i += 1) {
      queue.add(`busy${i}`, 'high');
      const key = (await queue.get()) ?? '';
      got.push(key);
      queue.done(key);
    }
    assert.ok(got.includes('patient'));
    assert.ok(got.length > 8, 'but not often');
  });

  it('drains: no key after shut down, and tells when the last worker is done', async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1_000);
    await queue.get();
    queue.shutDown();
    let drained = false;
    void queue.drained().then(() => (drained = true));
    queue.add('d');
    assert.equal(await queue.get(), undefined);
    await clock.advance(5_000);
    assert.equal(drained, false);
    queue.done('a');
    await clock.settle();
    assert.equal(drained, true);
    assert.equal(clock.timers, 0);
  });

  it('tells an observer what the workqueue metrics need', async () => {
    const clock = new FakeClock();
    const seen = { depth: -1, added: 0, retried: 0, waited: [] as number[], worked: [] as number[] };
    const queue = new WorkQueue({
      clock,
      observer: {
        depth: (value) => (seen.depth = value),
        added: () => (seen.added += 1),
        retried: () => (seen.retried += 1),
        waited: (seconds) => seen.waited.push(seconds),
        worked: (seconds) => seen.worked.push(seconds),
      },
    });
    queue.add('a');
    queue.add('a');
    await clock.advance(2_000);
    await queue.get();
    await clock.advance(3_000);
    queue.done('a');
    queue.addRateLimited('a');
    assert.deepEqual(seen, { depth: 0, added: 1, retried: 1, waited: [2], worked: [3] });
  });

  it('loses no key: every add is followed by a pass that began after it', async () => {
    const act = fc.oneof(
      fc.record({
        do: fc.constant('add' as const),
        key: fc.nat(4),
        lane: fc.constantFrom('high', 'normal', 'low'),
      }),
      fc.record({ do: fc.constant('after' as const), key: fc.nat(4), ms: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ do: fc.constant('fail' as const), key: fc.nat(4) }),
      fc.record({ do: fc.constant('get' as const) }),
      fc.record({ do: fc.constant('done' as const), pick: fc.nat(9) }),
      fc.record({ do: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 20 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        const clock = new FakeClock();
        const queue = new WorkQueue({ clock });
        /** Keys that were added (or became due) and had no pass since. */
        const owed = new Map<string, number>();
        const working = new Set<string>();
        const began = (key: string | undefined): void => {
          if (key === undefined) return;
          assert.ok(!working.has(key), 'one worker a key');
          working.add(key);
          owed.delete(key);
        };
        const finish = (key: string): void => {
          working.delete(key);
          queue.done(key);
        };
        for (const step of acts) {
          if (step.do === 'add') {
            owed.set(`k${step.key}`, 0);
            queue.add(`k${step.key}`, step.lane as 'high' | 'normal' | 'low');
          } else if (step.do === 'after') {
            owed.set(`k${step.key}`, 0);
            queue.addAfter(`k${step.key}`, step.ms);
          } else if (step.do === 'fail') {
            owed.set(`k${step.key}`, 0);
            queue.addRateLimited(`k${step.key}`);
          } else if (step.do === 'get' && queue.depth > [...working].filter((key) => owed.has(key)).length) {
            began(await queue.get());
          } else if (step.do === 'done') {
            const key = [...working][step.pick % Math.max(1, working.size)];
            if (key !== undefined) finish(key);
          } else if (step.do === 'tick') await clock.advance(step.ms);
        }
        for (const key of working) finish(key);
        await clock.advance(30_000);
        while (queue.depth > 0) {
          const key = await queue.get();
          began(key);
          if (key !== undefined) finish(key);
        }
        assert.deepEqual([...owed.keys()], []);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the delay heap', () => {
  it('gives the earliest first, one entry a key, in order of setting among equals', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(8), fc.nat(20), fc.boolean())), (steps) => {
        const heap = new DelayHeap<number>();
        const model = new Map<string, { at: number; order: number }>();
        steps.forEach(([key, at, remove], order) => {
          if (remove) {
            heap.delete(`k${key}`);
            model.delete(`k${key}`);
          } else {
            heap.set(`k${key}`, at, order);
            model.set(`k${key}`, { at, order });
          }
        });
        const wanted = [...model]
          .sort(([, a], [, b]) => a.at - b.at || a.order - b.order)
          .map(([key]) => key);
        const got: string[] = [];
        for (let first = heap.first(); first !== undefined; first = heap.first()) {
          got.push(first.key);
          heap.delete(first.key);
        }
        assert.deepEqual(got, wanted);
        assert.equal(heap.size, 0);
      }),
    );
  });
});
