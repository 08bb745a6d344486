/** Differences on purpose of blue-green updates; see explained.ts. */

import type { Explanation, Kind } from './differences.ts';
import { isWithin } from './differences.ts';

const isOrder = (kind: Kind, earlier: RegExp, later: RegExp): boolean =>
  kind.kind === 'order' && earlier.test(kind.earlier) && later.test(kind.later);
const trackIs = (kind: Kind, object: RegExp, track: string): boolean =>
  kind.kind === 'track' && object.test(kind.object) && kind.track === track;

/** After a promotion by hand the reference passes through this phase; its number is that of the promotion. */
const AFTER_PROMOTE = /^Rollout\/demo phase = Progressing \(\d\)$/;

export const BLUE_GREEN_EXPLANATIONS: readonly Explanation[] = [
  {
    compat: 'new ReplicaSet behind a preview Service',
    explains: (kind) =>
      isOrder(kind, /^Service\/demo-preview selector = /, /^ReplicaSet\/demo-<rs:\d> replicas = \d$/),
  },
  {
    // One status where the reference has two: what it calls the n-th Progressing is our n+1-th.
    compat: 'promotion of a paused blue-green update',
    scenarios: ['bluegreen-abort-before', 'bluegreen-fast-rollback', 'bluegreen-pre-fail', 'strategy-switch'],
    explains: (kind) => isOrder(kind, AFTER_PROMOTE, /./),
  },
  {
    compat: 'deadline of a version that is rolled back to',
    scenarios: ['bluegreen-fast-rollback', 'bluegreen-revision-limit'],
    explains: (kind) =>
      isOrder(
        kind,
        /^ReplicaSet\/demo-<rs:[12]> deadline = false$/,
        /^(Service\/demo-active selector = |Rollout\/demo (phase = Healthy|stable = ))/,
      ),
  },
  {
    compat: 'old versions of one pass',
    scenarios: ['bluegreen-revision-limit'],
    explains: (kind) =>
      isOrder(
        kind,
        /^ReplicaSet\/demo-<rs:\d> deadline = true( \(\d\))?$/,
        /^ReplicaSet\/demo-<rs:\d> (replicas = 0|deadline = false)$/,
      ),
  },
  {
    compat: 'abort after the switch',
    scenarios: ['bluegreen-post-fail'],
    explains: (kind, _, { lines }) =>
      isOrder(kind, /^ReplicaSet\/demo-<rs:\d> deadline = true$/, /^Service\/demo-active selector = /) ||
      isOrder(kind, /^AnalysisRun\/\S+ terminate = true$/, /^Rollout\/demo phase = Degraded/) ||
      (kind.kind === 'events' &&
        lines.every((line) => !/^[-+]/.test(line) || /"Rollout aborted update to revision 3"/.test(line))),
  },
  {
    compat: 'abort delay of a version that still serves',
    scenarios: ['bluegreen-post-fail'],
    // The run ends in its own time once it is told to.
    explains: (kind) =>
      isOrder(
        kind,
        /^ReplicaSet\/demo-<rs:\d> deadline = true$/,
        /^AnalysisRun\/\S+ (terminate = true|phase = Successful)$/,
      ),
  },
  {
    compat: 'runs of an update that is retried',
    scenarios: ['bluegreen-pre-fail'],
    explains: (kind, rows) =>
      rows !== undefined &&
      trackIs(kind, /^Rollout\/demo$/, 'pre analysis') &&
      JSON.stringify(rows.ours.core.filter((value) => value !== null)) ===
        JSON.stringify(rows.reference.core),
  },
  {
    compat: "a user's `abort: false` in the status",
    scenarios: ['bluegreen-abort-before'],
    explains: (kind) =>
      kind.kind === 'final' && kind.place === 'Rollout/demo.status.abort' && kind.values === 'null -> false',
  },
  {
    // The pause comes once instead of twice.
    compat: 'resuming a timed promotion',
    scenarios: ['bluegreen-auto-seconds-resume'],
    explains: (kind, rows, { lines }) =>
      (rows !== undefined &&
        ['phase', 'pauses', 'controllerPause', 'condition Progressing', 'condition Paused'].some((track) =>
          trackIs(kind, /^Rollout\/demo$/, track),
        ) &&
        isWithin(rows.ours.core, rows.reference.core)) ||
      (kind.kind === 'events' &&
        lines.every((line) => !/^[-+]/.test(line) || /^- .*"Rollout is resumed"/.test(line))),
  },
];
