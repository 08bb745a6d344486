import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiUnreachable } from '../../src/kube/api.ts';
import { LEASE } from '../../src/kube/kinds.ts';
import {
  type ForeignLease,
  LeaderElection,
  type LeadershipChange,
  LeadershipLost,
  leaseSpecOf,
} from '../../src/kube/lease.ts';
import { findOtherController, leaseName } from '../../src/kube/other-controller.ts';
import { FakeApi } from './fake-api.ts';
import { FakeClock, seeded } from './fake-clock.ts';

const LOCK = { namespace: 'ns', name: 'sluice-controller-lock' };
const MICRO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

interface Candidate {
  election: LeaderElection;
  changes: LeadershipChange[];
  leading: boolean;
  outcome: 'running' | 'ended' | Error;
  stop: AbortController;
}

function candidate(
  api: FakeApi,
  clock: FakeClock,
  identity: string,
  more: { holdAlso?: ForeignLease[]; isOurs?: (holder: string) => boolean } = {},
): Candidate {
  const changes: LeadershipChange[] = [];
  const election = new LeaderElection({
    api,
    clock,
    random: seeded(identity.length),
    lock: LOCK,
    identity,
    onChange: (change) => changes.push(change),
    ...more,
  });
  const it: Candidate = {
    election,
    changes,
    leading: false,
    outcome: 'running',
    stop: new AbortController(),
  };
  void (async () => {
    try {
      await election.acquire(it.stop.signal);
      it.leading = true;
      await election.keep(it.stop.signal);
      it.outcome = 'ended';
    } catch (error) {
      it.outcome = error as Error;
    }
    it.leading = false;
  })();
  return it;
}

const lease = (api: FakeApi): ReturnType<typeof leaseSpecOf> => {
  const [object] = api.objectsOf(LEASE);
  return object === undefined ? {} : leaseSpecOf(object);
};

describe('leader election', () => {
  it('creates the lease, renews it by one request each, and keeps acquireTime', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(100);
    assert.equal(one.election.holds(), true);
    const first = lease(api);
    assert.equal(first.holderIdentity, 'one');
    assert.equal(first.leaseDurationSeconds, 15);
    assert.equal(first.leaseTransitions, 0);
    assert.match(first.acquireTime ?? '', MICRO);
    const before = api.calls.length;
    await clock.advance(20_000);
    const later = lease(api);
    assert.match(later.renewTime ?? '', MICRO);
    assert.notEqual(later.renewTime, first.renewTime);
    assert.equal(later.acquireTime, first.acquireTime);
    const renewals = api.calls.slice(before);
    assert.ok(renewals.length >= 8 && renewals.length <= 10, `${renewals.length}`);
    assert.ok(renewals.every((call) => call.verb === 'replace'));
    one.stop.abort();
  });

  it('takes over 15 s after the last change that it saw, by its own clock, and counts the transition', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(100);
    const two = candidate(api, clock, 'two');
    await clock.advance(30_000);
    assert.equal(two.leading, false, 'the holder renews');
    assert.deepEqual(
      two.changes.filter((change) => change.type === 'waiting'),
      [{ type: 'waiting', holder: 'one' }],
    );
    one.stop.abort();
    clock.jump(3_600_000);
    await clock.advance(14_000);
    assert.equal(two.leading, false, 'a jump of the wall clock is no expiry');
    await clock.advance(5_000);
    assert.equal(two.leading, true);
    assert.equal(lease(api).leaseTransitions, 1);
    two.stop.abort();
  });

  it('gives the lease back when it stops, and the next one has it within a retry period', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(100);
    const two = candidate(api, clock, 'two');
    await clock.advance(5_000);
    one.stop.abort();
    await one.election.release();
    assert.equal(one.election.holds(), false);
    assert.equal(lease(api).holderIdentity, '');
    await clock.advance(2_500);
    assert.equal(two.leading, true);
    await one.election.release();
    assert.equal(lease(api).holderIdentity, 'two', 'releasing twice takes it from nobody');
    two.stop.abort();
  });

  it('gives up 10 s after the last renewal when the server is down, before anybody else can lead', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    api.before = () => {
      throw new ApiUnreachable('refused');
    };
    await clock.advance(8_000);
    assert.equal(one.election.holds(), true);
    await clock.advance(3_000);
    assert.equal(one.election.holds(), false);
    await clock.advance(3_000);
    assert.ok(one.outcome instanceof LeadershipLost);
    assert.match(one.outcome.message, /ns\/sluice-controller-lock.*could not be renewed/);
  });

  it('keeps leading through an outage that is shorter than the renew deadline', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    api.before = () => {
      throw new ApiUnreachable('refused');
    };
    await clock.advance(6_000);
    api.before = undefined;
    await clock.advance(30_000);
    assert.equal(one.election.holds(), true);
    one.stop.abort();
  });

  it('does not outlive its deadline in a request that hangs', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    api.before = (call) =>
      new Promise((_, reject) => {
        const { signal } = call.options as { signal?: AbortSignal };
        signal?.addEventListener('abort', () => reject(new ApiUnreachable('given up')));
      });
    await clock.advance(13_000);
    assert.ok(one.outcome instanceof LeadershipLost);
  });

  it('knows on waking from a suspension that it does not lead, before any timer has run', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    clock.suspend(30_000);
    assert.equal(one.election.holds(), false);
    await clock.advance(1);
    assert.equal(one.election.holds(), false);
    assert.ok(one.outcome instanceof LeadershipLost);
  });

  it('pauses its writes after a jump of the wall clock, and goes on after the next renewal', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    clock.jump(3_600_000);
    assert.equal(one.election.holds(), false);
    await clock.advance(2_500);
    assert.equal(one.election.holds(), true);
    one.stop.abort();
  });

  it('finds its own lease again after a renewal that was applied but not answered', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    let lost = 1;
    api.after = (call) => {
      if (call.verb === 'replace' && lost-- > 0) throw new ApiUnreachable('cut');
    };
    await clock.advance(20_000);
    assert.equal(one.election.holds(), true);
    assert.equal(lease(api).leaseTransitions, 0);
    one.stop.abort();
  });

  it('loses at once to somebody who holds the lease by then', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const one = candidate(api, clock, 'one');
    await clock.advance(5_000);
    const [held] = api.objectsOf(LEASE);
    assert.ok(held);
    api.put(LEASE, { ...held, spec: { ...leaseSpecOf(held), holderIdentity: 'thief' } });
    await clock.advance(5_000);
    assert.ok(one.outcome instanceof LeadershipLost);
    assert.match(one.outcome.message, /held by thief/);
  });

  it('never has two holders, with two candidates under random outages', async () => {
    const random = seeded(42);
    const api = new FakeApi();
    const clock = new FakeClock();
    const all = [candidate(api, clock, 'c0'), candidate(api, clock, 'c1')];
    api.before = () => {
      if (random() < 0.4) throw new ApiUnreachable('cut');
    };
    api.after = () => {
      if (random() < 0.2) throw new ApiUnreachable('answer lost');
    };
    let led = 0;
    for (let i = 0; i < 600; i += 1) {
      await clock.advance(500);
      const holders = all.filter(({ election }) => election.holds());
      assert.ok(holders.length <= 1);
      led += holders.length;
      all.forEach((one, index) => {
        if (one.outcome !== 'running') all[index] = candidate(api, clock, `c${i}-${index}`);
      });
    }
    assert.ok(led > 100, `somebody led in ${led} of 600 moments`);
    for (const { stop } of all) stop.abort();
  });

  describe('beside another kind of controller', () => {
    const also = { namespace: 'argo-rollouts', name: 'argo-rollouts-controller-lock' };
    const isOurs = (holder: string): boolean => holder.startsWith('sluice_');
    const held = (api: FakeApi): string | undefined => {
      const object = api.objectsOf(LEASE).find(({ metadata }) => metadata.namespace === also.namespace);
      return object && leaseSpecOf(object).holderIdentity;
    };

    it('holds its lease, also where it has to be made, and does without where that is not possible', async () => {
      const api = new FakeApi();
      const clock = new FakeClock();
      api.before = (call) => {
        if (call.key.startsWith('missing/')) throw new ApiUnreachable('no such namespace');
      };
      const mayCreate = (): Promise<boolean> => Promise.resolve(true);
      const one = candidate(api, clock, 'sluice_one', {
        isOurs,
        holdAlso: [
          { ...also, mayCreate },
          { namespace: 'missing', name: also.name, mayCreate },
          { namespace: 'not-mine', name: also.name },
        ],
      });
      await clock.advance(5_000);
      assert.equal(one.leading, true);
      assert.equal(held(api), 'sluice_one');
      assert.ok(
        api.objectsOf(LEASE).every(({ metadata }) => metadata.namespace !== 'not-mine'),
        'is not made',
      );
      assert.equal(
        await findOtherController({ api, clock, instanceId: '', namespaces: [] }),
        undefined,
        'ours is not taken for the other controller',
      );
      const asked = api.calls.filter(({ key }) => key.startsWith('not-mine/')).length;
      await clock.advance(29_000);
      const again = api.calls.filter(({ key }) => key.startsWith('not-mine/')).length - asked;
      assert.ok(again <= 1, `what is not there is looked for seldom, and was ${again} times`);
      one.stop.abort();
    });

    it('hands it to its successor at once, and to the other controller when it has expired', async () => {
      const api = new FakeApi();
      const clock = new FakeClock();
      const holdAlso = [{ ...also, mayCreate: () => Promise.resolve(true) }];
      const one = candidate(api, clock, 'sluice_one', { isOurs, holdAlso });
      await clock.advance(100);
      const two = candidate(api, clock, 'sluice_two', { isOurs, holdAlso });
      const asleep = new LeaderElection({
        api,
        clock,
        random: () => 0.5,
        lock: also,
        identity: 'argo-rollouts-1',
      });
      let awake = false;
      const stop = new AbortController();
      void asleep.acquire(stop.signal).then(
        () => (awake = true),
        () => {},
      );
      await clock.advance(5_000);
      one.stop.abort();
      await one.election.release();
      await clock.advance(3_000);
      assert.equal(two.leading, true);
      assert.equal(held(api), 'sluice_two');
      await clock.advance(60_000);
      assert.equal(awake, false, 'it sleeps through all of it');
      two.stop.abort();
      await two.election.release();
      await clock.advance(18_000);
      assert.equal(awake, true, 'the lease is free once ours has expired');
      stop.abort();
    });

    it('ends when that controller takes or renews its lease', async () => {
      const api = new FakeApi();
      const clock = new FakeClock();
      other(api, clock, 1_000);
      const one = candidate(api, clock, 'sluice_one', { isOurs, holdAlso: [also] });
      await clock.advance(1_000);
      assert.equal(one.leading, true, 'what was there before may be of somebody who died');
      other(api, clock, 0);
      await clock.advance(5_000);
      assert.ok(one.outcome instanceof LeadershipLost);
      assert.match(
        one.outcome.message,
        /host_1 holds the lease argo-rollouts\/argo-rollouts-controller-lock/,
      );
      assert.equal(one.election.holds(), false);
    });

    it('takes the lease of one that died', async () => {
      const api = new FakeApi();
      const clock = new FakeClock();
      other(api, clock, 1_000);
      const one = candidate(api, clock, 'sluice_one', { isOurs, holdAlso: [also] });
      await clock.advance(20_000);
      assert.equal(one.leading, true);
      assert.equal(held(api), 'sluice_one');
      one.stop.abort();
    });
  });

  it('refuses times that can not work', () => {
    const times = { leaseDurationMs: 5_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };
    const make = (): unknown =>
      new LeaderElection({
        api: new FakeApi(),
        clock: new FakeClock(),
        random: Math.random,
        lock: LOCK,
        identity: 'x',
        times,
      });
    assert.throws(make, /retry period.*renew deadline.*lease duration/);
  });
});

const other = (api: FakeApi, clock: FakeClock, ageMs: number, more: object = {}): void => {
  const renewTime = new Date(clock.now() - ageMs).toISOString().replace('Z', '000Z');
  api.put(LEASE, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'argo-rollouts-controller-lock', namespace: 'argo-rollouts' },
    spec: { holderIdentity: 'host_1', leaseDurationSeconds: 15, renewTime, ...more },
  });
};
const find = (api: FakeApi, clock: FakeClock, instanceId = ''): ReturnType<typeof findOtherController> =>
  findOtherController({ api, clock, instanceId, namespaces: ['argo-rollouts'] });

describe('the other controller', () => {
  it('is found while it renews its lease', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    assert.equal(await find(api, clock), undefined);
    other(api, clock, 3_000);
    assert.deepEqual(await find(api, clock), {
      namespace: 'argo-rollouts',
      lease: 'argo-rollouts-controller-lock',
      holder: 'host_1',
    });
    assert.equal(await find(api, clock, 'blue'), undefined, 'it has another instance id');
    assert.equal(leaseName('x', 'blue'), 'x-blue');
  });

  it('is not found when it released the lease or died long ago', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    other(api, clock, 0, { holderIdentity: '' });
    assert.equal(await find(api, clock), undefined);
    other(api, clock, 3_600_000);
    assert.equal(await find(api, clock), undefined);
  });

  it('is looked at twice when only our clock says that it is dead', async () => {
    const clock = new FakeClock();
    for (const alive of [true, false]) {
      const api = new FakeApi();
      other(api, clock, 120_000);
      const finding = find(api, clock);
      await clock.settle();
      if (alive) other(api, clock, 118_000);
      await clock.advance(12_000);
      assert.equal((await finding) !== undefined, alive);
    }
  });

  it('is looked for in the given namespaces where leases can not be listed', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    other(api, clock, 1_000);
    const { ApiError } = await import('../../src/kube/api.ts');
    api.before = (call) => {
      if (call.verb === 'list') throw new ApiError({ code: 403, reason: 'Forbidden', message: 'no' });
    };
    assert.equal((await find(api, clock))?.holder, 'host_1');
  });
});
