/** The watchers of what is told to people: on answers that pass, and on ones that were made false. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foresee } from '../../../src/plan/rehearsal/foresee.ts';
import type { Start } from '../../../src/plan/rehearsal/rehearse.ts';
import type { Explanation } from '../../../src/plan/why/explain.ts';
import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import { randomHistory } from '../generate.ts';
import type { History } from '../history.ts';
import { analysisOf, analysisTemplate, rollout, service, templateOf } from '../manifests.ts';
import { ANSWERS, newScene } from '../registry.ts';
import type { Asked, Happening, Rehearsed, Rule } from '../rules/types.ts';
import { basic, blueGreen, routed, second } from '../scenarios/worlds.ts';
import { simulate } from '../simulate.ts';
import { plan, readyAfterMs } from './plan.ts';
import { why } from './why.ts';

async function toldIn(history: History): Promise<Happening[]> {
  const told: Happening[] = [];
  const { violations } = await simulate(history, { rules: ANSWERS, onHappening: (one) => told.push(one) });
  assert.deepEqual(violations, []);
  return told;
}

/** What the rule finds when the told happenings are these. */
function found(rule: Rule, happenings: readonly Happening[]): string[] {
  const watcher = rule.start();
  const scene = newScene();
  return happenings.flatMap((happening) => {
    scene.take(happening);
    return watcher.see(happening, scene)?.text ?? [];
  });
}

const isAsked = (told: Happening): told is Asked => told.what === 'asked';
const isRehearsed = (told: Happening): told is Rehearsed => told.what === 'rehearsed';

async function asked(
  history: History,
  cause: Explanation['cause'],
): Promise<Asked & { answer: Explanation }> {
  const all = (await toldIn(history)).filter(isAsked);
  const one = all.find(({ answer }) => typeof answer !== 'string' && answer.cause === cause);
  assert.ok(
    one !== undefined && typeof one.answer !== 'string',
    all.map((a) => JSON.stringify(a.answer)).join('\n'),
  );
  return one as Asked & { answer: Explanation };
}

const ask = (at: number): History['events'][number] => ({ at: second(at), do: 'ask' });
const image = (at: number, tag: string): History['events'][number] => ({ at: second(at), do: 'image', tag });

const WAITS: readonly (readonly [Explanation['cause'], History])[] = [
  ['pause', basic([{ setWeight: 50 }, { pause: { duration: 60 } }], [image(20, 'v2'), ask(40)])],
  ['pods', basic([{ setWeight: 50 }], [image(20, 'bad-v2'), ask(40)])],
  [
    'late',
    basic([{ setWeight: 50 }], [image(20, 'bad-v2'), ask(90)], { spec: { progressDeadlineSeconds: 30 } }),
  ],
  [
    'aborted',
    basic(
      [{ setWeight: 50 }, { pause: {} }],
      [image(20, 'v2'), { at: second(40), do: 'command', command: 'abort' }, ask(60)],
    ),
  ],
  [
    'held',
    basic(
      [{ setWeight: 50 }],
      [image(20, 'v2'), { at: second(20), do: 'command', command: 'pause' }, ask(40)],
    ),
  ],
  ['settled', basic([], [image(20, 'v2')])],
];

describe('why', () => {
  for (const [cause, history] of WAITS)
    it(`is told the cause ${cause}, and is believed`, async () => {
      const told = await asked(history, cause);
      assert.deepEqual(found(why, [told]), []);
    });

  const lie = async (
    [cause, history]: (typeof WAITS)[number],
    change: (answer: Explanation) => Explanation | string,
    text: RegExp,
  ): Promise<void> => {
    const told = await asked(history, cause);
    const [first = ''] = found(why, [{ ...told, answer: change(told.answer) }]);
    assert.match(first, text);
  };
  const [pause, pods, , , , settled] = WAITS as [W, W, W, W, W, W];
  type W = (typeof WAITS)[number];

  it('names the pods once the time of a pause is over', async () => {
    const told = await asked(
      blueGreen({ autoPromotionSeconds: 20 }, [
        image(20, 'v2'),
        { at: second(30), do: 'unready-pods', count: 9, forMs: second(60) },
        ask(60),
      ]),
      'pods',
    );
    assert.equal(told.answer.until, undefined);
    assert.doesNotMatch(told.answer.text, /paused/);
  });

  it('names the gate that an update is late for, and breaks where it does not', async () => {
    const slow = analysisTemplate('success', { interval: '10s', count: 3 });
    const told = await asked(
      blueGreen({ prePromotionAnalysis: analysisOf('success') }, [image(20, 'v2'), ask(30)], {
        spec: { progressDeadlineSeconds: 5 },
        setup: { objects: [slow, service('web-active'), service('web-preview')] },
      }),
      'late',
    );
    assert.match(told.answer.text, /; waiting for AnalysisRun web-\w+-2-pre: /);
    assert.deepEqual(found(why, [told]), []);
    const answer: Explanation = { ...(told.answer as Explanation), gates: [] };
    const [text = ''] = found(why, [{ ...told, answer }]);
    assert.match(text, /has come, and it says the same/);
  });

  it('breaks where there is no answer', () => lie(settled, () => 'TypeError: x', /no answer: TypeError/));
  it('breaks where it says that nothing is waited for in the middle of an update', () =>
    lie(pods, (answer) => ({ ...answer, cause: 'settled' }), /phase Progressing does not go with it/));
  it('breaks where the pods are counted wrongly', () =>
    lie(pods, (answer) => ({ ...answer, pods: { ...answer.pods, available: 1 } }), /not 1 of/));
  it('breaks where a pause is over before it is said to be', () =>
    lie(pause, (answer) => ({ ...answer, until: (answer.until ?? 0) + 10_000 }), /but it is over/));
  it('breaks where a pause goes on when it is said to be over', () =>
    lie(
      pause,
      (answer) => ({ ...answer, until: (answer.until ?? 0) - 10_000 }),
      /has come, and it says the same/,
    ));
  it('breaks where it is still about to write when nothing was written for long', async () => {
    const told = await asked(basic([], [image(20, 'v2'), ask(20)]), 'acting');
    assert.deepEqual(found(why, [told]), []);
    assert.match(found(why, [{ ...told, atRest: true }])[0] ?? '', /nothing has been written for long/);
  });
  it('breaks where a name is missing', () =>
    lie(pods, (answer) => ({ ...answer, text: 'waiting for undefined pods' }), /is missing/));
});

describe('plan', () => {
  const rehearse = (at: number, tag: string): History['events'][number] => ({
    at: second(at),
    do: 'rehearse',
    spec: templateOf(tag),
  });
  const steps = [
    { setWeight: 20 },
    { pause: { duration: 10 } },
    { setWeight: 60 },
    { pause: { duration: 5 } },
  ];
  const calm = basic(steps, [rehearse(20, 'v2'), image(20, 'v2')]);

  it('is held to what happens, and is right', async () => {
    for (const history of [calm, blueGreen({}, [rehearse(20, 'v2'), image(20, 'v2')])]) {
      const told = await toldIn(history);
      const watcher = plan.start();
      const scene = newScene();
      for (const one of told) {
        scene.take(one);
        assert.equal(watcher.see(one, scene), undefined);
      }
      assert.equal(watcher.checks, 2, 'the rehearsal, and its end');
    }
  });

  const broken = async (change: (told: Rehearsed, start: Start) => Partial<Rehearsed>): Promise<string> => {
    const told = await toldIn(calm);
    return (
      found(
        plan,
        told.map((one) => (isRehearsed(one) ? { ...one, ...change(one, one.snapshot as Start) } : one)),
      )[0] ?? ''
    );
  };

  it('breaks where it throws', async () => {
    assert.match(
      await broken(() => ({ foresight: 'RehearsalError: x' })),
      /could not be rehearsed: RehearsalError/,
    );
  });
  it('breaks where it comes out otherwise the next time', async () => {
    const text = await broken((_, start) => ({ foresight: foresee(start, { readyAfterMs: () => 60_000 }) }));
    assert.match(text, /comes out otherwise/);
  });
  it('breaks where the Rollout takes other steps', async () => {
    const text = await broken((_, start) => {
      const canary = { ...start.rollout.spec.strategy?.canary, steps: [{ setWeight: 20 }] };
      const snapshot: Start = {
        ...start,
        rollout: { ...start.rollout, spec: { ...start.rollout.spec, strategy: { canary } } },
      };
      return { snapshot, foresight: foresee(snapshot, { readyAfterMs }) };
    });
    assert.match(text, /steps 0 1 2 3 4 came, and 0 1 were foreseen/);
  });
  it('breaks where it is finished much later', async () => {
    const text = await broken((_, start) => {
      const now = start.now;
      const spec = { ...start.rollout.spec, minReadySeconds: 60 };
      const snapshot: Start = { ...start, now, rollout: { ...start.rollout, spec } };
      return { snapshot, foresight: foresee(snapshot, { readyAfterMs }) };
    });
    assert.match(text, /it was finished after .* were foreseen/);
  });
  it('is not held to the time that a router takes to confirm a weight', async () => {
    const setup = {
      router: { confirms: 'late' },
      objects: [service('web-stable'), service('web-canary')],
    } as const;
    const canary = { trafficRouting: RECORDER_ROUTING };
    const told = await toldIn(
      routed([{ setWeight: 50 }], [rehearse(20, 'v2'), image(20, 'v2')], { setup, canary }),
    );
    const isSure = (one: Happening): Happening =>
      JSON.parse(JSON.stringify(one).replaceAll('"verified":false', '"verified":true')) as Happening;
    assert.deepEqual(found(plan, told), []);
    const text = found(
      plan,
      told.map((one) => (one.what === 'change' ? isSure(one) : one)),
    )[0];
    assert.match(text ?? '', /it was finished after .* were foreseen/);
  });
  it('breaks where an abort leaves users on a new version, though stable has pods', async () => {
    const told = await toldIn(calm);
    const harmful = (pods: number): string[] =>
      found(
        plan,
        told.filter(isRehearsed).map((one) => {
          const { snapshot, foresight } = one;
          if (typeof foresight === 'string' || snapshot.rollout === undefined)
            throw new Error('no rehearsal');
          const spec = { ...snapshot.rollout.spec, replicas: pods };
          const sized = { ...snapshot, rollout: { ...snapshot.rollout, spec } };
          const again = foresee(sized, { readyAfterMs });
          const abort = { safe: undefined, done: 0, step: 0 };
          return { ...one, snapshot: sized, foresight: { ...again, times: { ...again.times, abort } } };
        }),
      );
    assert.match(harmful(4)[0] ?? '', /an abort is safe after .*, and done after 0 s/);
    assert.deepEqual(harmful(0), []);
  });
  it('is not held to what happens where a person comes between', async () => {
    const told = await toldIn(
      basic(steps, [
        rehearse(20, 'v2'),
        image(20, 'v2'),
        { at: second(30), do: 'command', command: 'promote' },
      ]),
    );
    assert.ok(told.some(isRehearsed));
    assert.deepEqual(found(plan, told), []);
  });
});

describe('people who read', () => {
  it('ask in every history, and rehearse in some', () => {
    const all = Array.from({ length: 96 }, (_, seed) => randomHistory(seed).events);
    assert.ok(all.every((events) => events.some(({ do: what }) => what === 'ask')));
    const rehearsing = all.filter((events) => events.some(({ do: what }) => what === 'rehearse'));
    assert.ok(rehearsing.length > 20 && rehearsing.length < 50, String(rehearsing.length));
  });

  it('change nothing', async () => {
    const world = {
      seed: 1,
      setup: {
        objects: [service('web')],
        rollout: rollout({ canary: { steps } }),
        processes: 1 as const,
        source: 'rollout' as const,
      },
    };
    const events: History['events'] = [
      image(20, 'v2'),
      { at: second(90), do: 'command', command: 'promote' },
    ];
    const asking: History['events'] = [
      image(20, 'v2'),
      ask(21),
      ask(40),
      { at: second(50), do: 'rehearse', spec: {} },
    ];
    const changes = async (history: History): Promise<string[]> =>
      (await toldIn(history)).flatMap((one) =>
        one.what === 'change' && one.kind !== 'Lease' ? `${one.at} ${one.verb} ${one.kind} ${one.key}` : [],
      );
    assert.deepEqual(
      await changes({ ...world, events: [...asking, ...events.slice(1)] }),
      await changes({ ...world, events }),
    );
  });
});

const steps = [{ setWeight: 50 }, { pause: { duration: 10 } }];
