/**
 * Worlds with a second Application, of objects of many kinds: people commit, change its policy and get it wrong, sync by
 * hand, and controllers of other kinds say how their objects fare. Not by the dice of the history. What is drawn is taken
 * in turn, so that some dozens of such histories have all of it.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import { Dice } from './dice.ts';
import type { Action, History, HistoryEvent } from './history.ts';
import { SHOP, SIDE } from './manifests.ts';
import {
  COMMITS,
  FILES,
  LIVES,
  NEEDS,
  sharedObject,
  SIDE_MISTAKES,
  sideApplication,
} from './side-objects.ts';

const SECOND = 1_000;
/** One history in so many. */
const EACH = 5;
const MISTAKES_EACH = 3;
const COMMITS_EACH = 3;
const LIVES_EACH = 8;
const FILES_EACH = 4;

const DRIFT = { data: { value: 'drift', more: 'drift' } };
const SIZE = { spec: { replicas: 5, template: { metadata: { annotations: { by: 'hand' } } } } };

export const isBeside = (seed: number): boolean => seed % EACH === 3;

export function withSide(history: History): History {
  const { seed, setup, events } = history;
  if (!isBeside(seed)) return history;
  const dice = new Dice(seed ^ 0x73_69_64_65);
  const turn = Math.floor(seed / EACH);
  const take = <T>(list: readonly T[], count: number): T[] =>
    Array.from({ length: count }, (_, i) => list[(turn * count + i) % list.length] as T);

  const home = dice.chance(0.5) ? 'sluice' : SHOP;
  const application = sideApplication(home, dice.chance(0.4));
  const said = take(LIVES, LIVES_EACH);
  const files = filesOf(dice, new Set(said.map(({ of }) => of)));
  const made: HistoryEvent[] = [];
  let at = dice.int(2, 20) * SECOND;
  const then = (action: Action, waits: readonly number[] = [0.2, 2, 5, 15]): void => {
    made.push({ at, ...action });
    at += dice.pick(waits) * SECOND;
  };
  const commits = take(COMMITS, COMMITS_EACH).map(({ files: changed }): Action => ({
    do: 'commit',
    files: changed,
  }));
  const mistakes = take(SIDE_MISTAKES, MISTAKES_EACH);
  for (const [index, { what, change }] of mistakes.entries()) {
    for (const { of, status } of said.slice(index * 3, index * 3 + 3))
      then({ do: 'live', of: of === `Application/${SIDE}` ? `${of}/${home}` : of, status });
    then({ do: 'break', what, of: `Application/${SIDE}/${home}`, change });
    // Something is to be done under it, too.
    const commit = commits[index];
    if (commit !== undefined && dice.chance(0.7)) then(commit);
    if (dice.chance(0.5))
      then({ do: 'break', what: 'a value by hand', of: 'ConfigMap/settings', change: DRIFT });
    if (dice.chance(0.3)) then({ do: 'break', what: 'a size by hand', of: 'Deployment/api', change: SIZE });
    then({ do: 'mend' }, [2, 10, 30]);
    if (commit !== undefined) then(commit);
  }
  // Without an end it would try for ever what is refused for ever.
  then({ do: 'commit', files: { 'bad.yaml': null, 'settings.yaml': FILES['settings.yaml'] as never } });
  return {
    seed,
    setup: {
      ...setup,
      objects:
        dice.chance(0.3) && setup.source !== 'git' ? [...setup.objects, sharedObject()] : setup.objects,
      side: { application, files },
      flags: {
        ...setup.flags,
        ...(dice.chance(0.2) ? { defaultAccount: dice.pick(['deployer', `${SHOP}:deployer`]) } : {}),
        ...(dice.chance(0.1) ? { requiresAccount: true } : {}),
      },
    },
    events: [...events, ...made].toSorted((a, b) => a.at - b.at),
  };
}

/** Some, and those about which something is said. */
function filesOf(dice: Dice, said: ReadonlySet<string>): Record<string, KubeObject> {
  const names = new Set(['settings.yaml', 'widget-crd.yaml', 'widget.yaml']);
  for (const [path, { kind, metadata }] of Object.entries(FILES))
    if (said.has(`${kind}/${metadata.name}`)) names.add(path);
  for (let i = 0; i < FILES_EACH; i++) names.add(dice.pick(Object.keys(FILES)));
  const needed = [...names].flatMap((name) => NEEDS[name] ?? []);
  return Object.fromEntries(
    [...new Set([...names, ...needed])].map((name) => [name, FILES[name] as KubeObject]),
  );
}
