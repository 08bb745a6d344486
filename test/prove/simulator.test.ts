/** The simulator itself: repeatable, valid, rich enough, and able to make a failing history small. */

import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeRollout } from '../../src/control/rollout/decode.ts';
import type { KubeList } from '../../src/kube/api.ts';
import { SERVICE } from '../../src/kube/kinds.ts';
import { validateRollout } from '../../src/plan/rollout/validate.ts';
import { randomHistory } from './generate.ts';
import type { History, HistoryEvent } from './history.ts';
import { rollout, service } from './manifests.ts';
import { pastList } from './past.ts';
import type { Happening } from './rules/types.ts';
import { shrink } from './shrink.ts';
import { simulate } from './simulate.ts';
import { Story } from './story.ts';
import { World } from './world.ts';

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

/** Everything that happened, with every object in full. */
async function digest(history: History): Promise<string> {
  const hash = createHash('sha256');
  await simulate(history, { onHappening: (happening) => hash.update(JSON.stringify(happening)) });
  return hash.digest('hex');
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

describe('a history', () => {
  it('is the same byte for byte for the same seed', async () => {
    for (const seed of [3, 17]) {
      const history = randomHistory(seed);
      assert.deepEqual(randomHistory(seed), history);
      assert.equal(await digest(history), await digest(history), `seed ${seed}`);
    }
    assert.notEqual(await digest(randomHistory(3)), await digest(randomHistory(17)));
  });

  it('waits for nothing real: no disk, no network, no timer but those of the virtual clock', async () => {
    const turns = new Set(['PROMISE', 'Immediate', 'Microtask', 'TickObject']);
    const real = new Set<string>();
    const watch = createHook({
      init: (_id, type) => {
        if (!turns.has(type)) real.add(type);
      },
    }).enable();
    // The second one asks CloudWatch, whose credentials may stand in files.
    for (const seed of [3, 10_675]) await simulate(randomHistory(seed));
    watch.disable();
    assert.deepEqual([...real], []);
  });

  it('begins with a valid Rollout', () => {
    for (const seed of SEEDS) {
      const decoded = decodeRollout(randomHistory(seed).setup.rollout);
      assert.ok(decoded.ok, `seed ${seed}`);
      if (decoded.value.spec.workloadRef !== undefined) continue;
      assert.deepEqual(validateRollout(decoded.value), [], `seed ${seed}`);
    }
  });

  it('has two releases and five accidents in the middle of many', () => {
    const isRelease = ({ do: what }: HistoryEvent): boolean => what.startsWith('image');
    const people = new Set([
      'image',
      'image-and-replicas',
      'scale',
      'command',
      'spec',
      'recreate',
      'git',
      'break',
      'mend',
    ]);
    const histories = SEEDS.map((seed) => randomHistory(seed).events);
    assert.ok(median(histories.map((events) => events.filter(isRelease).length)) >= 2);
    assert.ok(median(histories.map((events) => events.filter((event) => !people.has(event.do)).length)) >= 5);
  });
});

/** One canary of one step, with one process. */
const oneStep = (events: History['events']): History => ({
  seed: 1,
  setup: {
    objects: [service('web')],
    rollout: rollout({ canary: { steps: [{ setWeight: 50 }] } }),
    processes: 1,
    source: 'rollout',
  },
  events,
});

describe('a process that stood still', () => {
  it('knows what happened meanwhile only when it has read it', async () => {
    const told: Happening[] = [];
    await simulate(
      oneStep([
        { at: 20_000, do: 'sleep', forMs: 60_000, machine: false },
        { at: 40_000, do: 'unready-pods', count: 2, forMs: 5_000 },
      ]),
      { onHappening: (happening) => told.push(happening) },
    );
    const wakes = told.findIndex((it) => it.what === 'process' && it.state === 'wakes');
    const ages = told
      .slice(wakes)
      .flatMap((it) => (it.what === 'pass' && it.state === 'begins' ? it.at - it.informedSince : []));
    assert.deepEqual([ages[0], ages.at(-1)], [40_001, 0]);
  });
});

describe('a watch that is cut', () => {
  it('brings nothing behind the cut, and what it cut off is known only with the next one', async () => {
    const told: Happening[] = [];
    await simulate(
      oneStep([
        {
          at: 20_000,
          do: 'weather',
          fault: 'watch-cut',
          target: 'Rollout',
          rate: 1,
          forMs: 5_000,
          lengthMs: 0,
          salt: 1,
        },
        { at: 21_000, do: 'image', tag: 'v2' },
        { at: 21_100, do: 'scale', replicas: 5, by: 'person' },
        { at: 21_200, do: 'unready-pods', count: 2, forMs: 100 },
        { at: 30_000, do: 'ask' },
      ]),
      { onHappening: (happening) => told.push(happening) },
    );
    const start = told[0]?.at ?? 0;
    const cuts = told.flatMap((it) => (it.what === 'fault' && it.kind === 'watch-cut' ? it.at - start : []));
    assert.equal(cuts[0], 21_000);
    assert.ok(cuts.length > 1);
    assert.equal(new Set(cuts).size, cuts.length, 'once for each watch');
    const known = told.flatMap((it) =>
      it.what === 'pass' && it.state === 'begins' && it.controller === 'Rollouts'
        ? [[it.at - start, it.informedSince - start] as const]
        : [],
    );
    const meanwhile = known.filter(([at]) => at > 21_000 && at < (cuts[1] ?? 0));
    assert.ok(meanwhile.length > 0);
    assert.deepEqual(new Set(meanwhile.map(([, since]) => since)), new Set([20_999]));
    const [at, since] = known.at(-1) ?? [];
    assert.equal(at, since);
  });
});

describe('a process that crashes', () => {
  it('does nothing any more, and another one takes its place', async () => {
    const told: Happening[] = [];
    const { end, faults } = await simulate(
      oneStep([
        { at: 20_000, do: 'aim', fault: 'crash-after-write', nth: 2, forMs: 7_000 },
        { at: 30_000, do: 'image', tag: 'v2' },
      ]),
      { onHappening: (happening) => told.push(happening) },
    );
    assert.equal(end, 'Healthy');
    assert.deepEqual(faults, { 'crash-after-write': 1 });
    const crash = told.findIndex(
      ({ what, ...rest }) => what === 'process' && 'state' in rest && rest.state === 'crashes',
    );
    const after = told.slice(crash + 1);
    const bySluice = after.filter(
      (happening) => happening.what === 'change' && happening.actor.role === 'sluice',
    );
    assert.ok(bySluice.length > 5);
    assert.ok(bySluice.every((happening) => happening.what === 'change' && happening.actor.name === 'a2'));
    assert.equal((bySluice[0] as Happening).at - (told[crash] as Happening).at >= 7_000, true);
  });
});

describe('a replica that lags behind', () => {
  it('lists what there was, in all namespaces where none is named', async () => {
    const world = new World(1, () => {});
    const person = world.as('person');
    const first = await person.create(SERVICE, service('a'));
    await person.create(SERVICE, service('b'));
    for (const namespace of [undefined, '', 'shop']) {
      const { items } = pastList(
        world.cluster.server,
        SERVICE,
        { namespace },
        Number(first.metadata.resourceVersion),
      ) as KubeList;
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        ['a'],
      );
    }
    world.end();
  });
});

describe('shrinking', () => {
  /** Somebody uses v3 after v2. */
  async function breaks(history: History): Promise<boolean> {
    let second = false;
    let found = false;
    await simulate(history, {
      onlyUntilQuiet: true,
      onHappening(happening) {
        if (happening.what !== 'command') return;
        if (happening.text === 'image v2') second = true;
        if (second && happening.text === 'image v3') found = true;
      },
    });
    return found;
  }

  it('leaves the events that matter, and a plain world', async () => {
    const noise = randomHistory(5).events.filter(({ do: what }) => !what.startsWith('image'));
    const events: HistoryEvent[] = [
      ...noise,
      { at: 50_000, do: 'image' as const, tag: 'v2' },
      { at: 90_000, do: 'image' as const, tag: 'v3' },
    ].toSorted((a, b) => a.at - b.at);
    const { history } = await shrink({ ...randomHistory(5), events }, breaks);
    assert.deepEqual(
      history.events.map((event) => ('tag' in event ? event.tag : event.do)),
      ['v2', 'v3'],
    );
    assert.equal(history.setup.processes, 1);
  });
});

describe('a story', () => {
  it('says who wrote what, when, and what clients saw', async () => {
    const history: History = {
      seed: 1,
      setup: {
        objects: [service('web')],
        rollout: rollout({ canary: { steps: [{ setWeight: 50 }] } }),
        processes: 1,
        source: 'rollout',
      },
      events: [{ at: 30_000, do: 'image', tag: 'v2' }],
    };
    const story = new Story(history);
    await simulate(history, { onHappening: (happening) => story.see(happening) });
    const text = story.lines.join('\n');
    assert.match(text, /30\.0 s {2}person: image v2/);
    assert.match(text, /30\.0 s {2}a1 creates ReplicaSet web-\w+ \(v2, 1 pods\)/);
    assert.match(text, /clients got: v1 \d+/);
    assert.match(text, /clients got: .*v2 \d+/);
    assert.match(text, /a1 updates Rollout\/status web: .*phase "Progressing" -> "Healthy"/);
  });
});

describe('who asks', () => {
  it('is answered by a world whose size is below zero', async () => {
    const history: History = {
      seed: 1,
      setup: {
        objects: [service('web')],
        rollout: rollout({ canary: {} }, { replicas: 3 }),
        processes: 1,
        source: 'rollout',
        crds: 'open',
      },
      events: [
        { at: 30_000, do: 'break', what: 'no size', of: 'Rollout/web', change: { spec: { replicas: -1 } } },
        { at: 40_000, do: 'ask' },
        { at: 50_000, do: 'mend' },
      ],
    };
    const { end } = await simulate(history, {});
    assert.equal(end, 'Healthy');
  });
});
