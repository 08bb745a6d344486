/**
 * People who read: `why` at any moment, `plan` before a release or in the middle of one. In some histories nothing else
 * happens than releases, so that what was foreseen can be held to what comes of it.
 */

import type { JsonObject } from '../../src/lang/json.ts';
import { Dice } from './dice.ts';
import type { History, HistoryEvent } from './history.ts';
import { templateOf } from './manifests.ts';

const STREAM = 0x61736b;
const SECOND = 1_000;
/** A rehearsal costs as much as a history. */
const REHEARSING = 24;
const CALM = 24;
/** Between two releases of a calm history; the Rollout is at rest by then, more often than not. */
const CALM_MS = 240 * SECOND;

const DEEDS: ReadonlySet<string> = new Set([
  'command',
  'recreate',
  'spec',
  'scale',
  'terminate',
  'break',
  'kill-pods',
]);

/** Edits that people look at before they make them; none is a new version, which would cost more. */
const EDITS: readonly JsonObject[] = [
  { replicas: 2 },
  { replicas: 9 },
  { replicas: 0 },
  { replicas: -1 },
  { paused: true },
  { minReadySeconds: 3 },
  { revisionHistoryLimit: 0 },
  { restartAt: '2026-01-01T00:00:30Z' },
  { restartAt: '2026-01-01T00:00:10Z', replicas: 3 },
  { strategy: { canary: { steps: [{ setWeight: 200 }] } } },
  { strategy: null },
];

export function withAsks(history: History): History {
  const { seed, setup } = history;
  const dice = new Dice(seed ^ STREAM);
  const calm = seed % CALM === 5 && setup.source === 'rollout';
  const events = calm ? onlyReleases(history.events) : history.events;
  const span = (events.at(-1)?.at ?? 0) + 90 * SECOND;
  const asks = Array.from({ length: dice.int(2, 6) }, (): HistoryEvent => ({
    at: dice.int(0, span),
    do: 'ask',
  }));
  // What a person did is what another one asks about.
  for (const { at, do: what } of events)
    if (DEEDS.has(what) && dice.chance(0.5))
      asks.push({ at: at + dice.pick([0, 0.3, 3, 12]) * SECOND, do: 'ask' });
  const rehearses = calm || seed % REHEARSING === 1 || seed % (4 * REHEARSING) === 7;
  const rehearsals = rehearses ? rehearsalsOf(dice, history, events, calm) : [];
  // Stable: who looks before an edit does so at the same instant.
  if (!calm && dice.chance(0.4))
    rehearsals.push({ at: dice.int(0, span), do: 'rehearse', spec: dice.pick(EDITS) });
  if (setup.source === 'workload') rehearsals.push({ at: dice.int(0, 8) * SECOND, do: 'rehearse', spec: {} });
  return { ...history, events: [...rehearsals, ...asks, ...events].toSorted((a, b) => a.at - b.at) };
}

function onlyReleases(events: readonly HistoryEvent[]): HistoryEvent[] {
  return events
    .filter((event) => event.do === 'image')
    .slice(0, 3)
    .map((event, index) => ({ ...event, at: 60 * SECOND + index * CALM_MS }));
}

function rehearsalsOf(
  dice: Dice,
  { setup }: History,
  events: readonly HistoryEvent[],
  calm: boolean,
): HistoryEvent[] {
  const releases = setup.source === 'rollout' ? events.filter((event) => event.do === 'image') : [];
  const chosen = calm ? releases : releases.slice(0, 1);
  return [
    ...chosen.map(({ at, tag }): HistoryEvent => ({ at, do: 'rehearse', spec: templateOf(tag) })),
    {
      at: dice.chance(0.3) ? 0 : dice.int(0, (events.at(-1)?.at ?? 0) + 30 * SECOND),
      do: 'rehearse',
      spec: {},
    },
  ];
}
