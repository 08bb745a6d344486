/** Worlds with a second Application: what is drawn is all of it, and what others say of the objects is heard. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { isBeside } from './generate-side.ts';
import { randomHistory } from './generate.ts';
import type { HistoryEvent } from './history.ts';
import { rollout, service } from './manifests.ts';
import { RULES } from './registry.ts';
import { COMMITS, FILES, LIVES, SIDE_MISTAKES, sideApplication } from './side-objects.ts';
import { simulate } from './simulate.ts';

const SECOND = 1_000;

/** How the second Application and its objects went on. */
async function play(events: readonly HistoryEvent[], paths: readonly string[]) {
  const changes: { kind: string; after: KubeObject | undefined }[] = [];
  const { violations } = await simulate(
    {
      seed: 1,
      setup: {
        objects: [service('web')],
        rollout: rollout({ canary: {} }),
        processes: 1,
        source: 'rollout',
        side: {
          application: sideApplication('sluice', false),
          files: Object.fromEntries(paths.map((path) => [path, FILES[path] as KubeObject])),
        },
      },
      events,
    },
    { rules: RULES, onHappening: (happening) => happening.what === 'change' && changes.push(happening) },
  );
  assert.deepEqual(violations, []);
  const of = (kind: string): KubeObject[] =>
    changes.flatMap(({ kind: changed, after }) => (changed === kind && after !== undefined ? [after] : []));
  const healths = of('Application').map(
    ({ status }) => (status as { health?: { status?: string } } | undefined)?.health?.status,
  );
  return { of, healths };
}

describe('a second Application', () => {
  it('hears what the controller of another kind says', async () => {
    const status = (LIVES.find(({ of }) => of === 'Deployment/api') as { status: JsonObject }).status;
    const late = LIVES.filter(({ of }) => of === 'Deployment/api')[1]?.status ?? status;
    const { healths } = await play(
      [{ at: 20 * SECOND, do: 'live', of: 'Deployment/api', status: late }],
      ['api.yaml'],
    );
    assert.equal(healths.at(-1), 'Degraded');
    assert.ok(healths.includes('Progressing'), healths.join(' '));
  });

  it('puts back what somebody changed by hand, and brings what is committed', async () => {
    const { of } = await play(
      [
        {
          at: 20 * SECOND,
          do: 'break',
          what: 'a value',
          of: 'ConfigMap/settings',
          change: { data: { value: 'x' } },
        },
        { at: 60 * SECOND, do: 'commit', files: COMMITS[0]?.files ?? {} },
      ],
      ['settings.yaml'],
    );
    const values = of('ConfigMap').flatMap(({ metadata, data }) =>
      metadata.name === 'settings' ? [(data as { value: string }).value] : [],
    );
    assert.deepEqual(values, ['a', 'x', 'a', 'b']);
  });
});

describe('the worlds with a second Application', () => {
  it('draw everything in some hundred histories', () => {
    const mistakes = new Set<string>();
    const lives = new Set<string>();
    const commits = new Set<string>();
    for (let seed = 1; seed <= 1000; seed++) {
      if (!isBeside(seed)) continue;
      for (const event of randomHistory(seed).events) {
        if (event.do === 'break') mistakes.add(event.what);
        if (event.do === 'live') lives.add(JSON.stringify(event.status));
        if (event.do === 'commit') commits.add(JSON.stringify(event.files));
      }
    }
    const missed = [
      ...SIDE_MISTAKES.map(({ what }) => what).filter((what) => !mistakes.has(what)),
      ...LIVES.map(({ status }) => JSON.stringify(status)).filter((status) => !lives.has(status)),
      ...COMMITS.map(({ files }) => JSON.stringify(files)).filter((files) => !commits.has(files)),
    ];
    assert.deepEqual(missed, []);
  });
});
