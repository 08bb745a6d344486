import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/kube/clock.ts';
import { VirtualClock } from '../../src/sandbox/index.ts';

describe('virtual clock', () => {
  it('runs timers in the order of their due time, then of their making', async () => {
    const clock = new VirtualClock(1000);
    const log: string[] = [];
    clock.setTimer(20, () => log.push(`b@${clock.now()}`));
    clock.setTimer(10, () => log.push(`a@${clock.now()}`));
    clock.setTimer(20, () => log.push(`c@${clock.now()}`));
    clock.setTimer(15, () => log.push('cancelled')).cancel();
    await clock.advance(19);
    assert.deepEqual(log, ['a@1010']);
    await clock.advance(1);
    assert.deepEqual(log, ['a@1010', 'b@1020', 'c@1020']);
    assert.equal(clock.now(), 1020);
  });

  it('lets promises settle between two timers', async () => {
    const clock = new VirtualClock(0);
    const log: string[] = [];
    const worker = async (name: string, step: number): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(clock, step);
        await Promise.resolve();
        log.push(`${name}${clock.monotonic()}`);
      }
    };
    const done = Promise.all([worker('x', 10), worker('y', 15)]);
    await clock.advance(60);
    await done;
    assert.deepEqual(log, ['x10', 'y15', 'x20', 'y30', 'x30', 'y45']);
  });

  it('runs until a predicate holds, and says when it never will', async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      if (ticks < 100) clock.setTimer(1000, tick);
    };
    clock.setTimer(1000, tick);
    await clock.runUntil(() => ticks === 5);
    assert.equal(clock.monotonic(), 5000);
    await assert.rejects(
      clock.runUntil(() => ticks === 50, { withinMs: 10_000 }),
      /did not hold within/,
    );
    await assert.rejects(
      clock.runUntil(() => false),
      /no timer is left/,
    );
  });

  it('jumps on the wall without letting time pass', async () => {
    const clock = new VirtualClock(0);
    let ran = false;
    clock.setTimer(100, () => (ran = true));
    clock.jump(3_600_000);
    await clock.settle();
    assert.equal(clock.now(), 3_600_000);
    assert.equal(clock.monotonic(), 0);
    assert.equal(ran, false);
  });

  it('lets go of cancelled timers long before they are due, and runs the others in their order', async () => {
    const clock = new VirtualClock(0);
    const ran: number[] = [];
    for (let i = 0; i < 20_000; i += 1) {
      if (i % 1_000 === 0) clock.setTimer(20_000 - i, () => ran.push(20_000 - i));
      clock.setTimer(900_000 + i, () => assert.fail('was cancelled')).cancel();
    }
    assert.ok(clock.pending < 2_500, `${clock.pending} timers are remembered`);
    await clock.advance(3_600_000);
    assert.deepEqual(
      ran,
      Array.from({ length: 20 }, (_, i) => 1_000 * (i + 1)),
    );
  });

  it('refuses to be run by two at once', async () => {
    const clock = new VirtualClock();
    const first = clock.advance(1);
    await assert.rejects(clock.advance(1), /already being run/);
    await first;
  });
});
