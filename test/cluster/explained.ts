/**
 * The differences from the recordings that are on purpose. Each names its row in docs/compat.md, and covers one kind
 * of difference: an order, or the in-between values of a sequence whose remaining values must be equal.
 */

import type { Explanation, Kind } from './differences.ts';
import { flipsLess, isWithin, sameBut } from './differences.ts';
import { BLUE_GREEN_EXPLANATIONS } from './explained-blue-green.ts';

const reasonOf = (value: unknown): unknown => (Array.isArray(value) ? value[1] : undefined);
const isOrder = (
  kind: Kind,
  earlier: RegExp,
  later: RegExp,
): kind is Extract<Kind, { readonly kind: 'order' }> =>
  kind.kind === 'order' && earlier.test(kind.earlier) && later.test(kind.later);
const isTrack = (kind: Kind, track: string): boolean =>
  kind.kind === 'track' && kind.object.startsWith('Rollout/') && kind.track === track;

/** What a status says of an update under way or of an abort; never that one has ended well. */
const RECORD = /^Rollout\/\S+ (phase = (Progressing|Degraded)|pod = |step = |weights = 0)/;
/** The first size of a ReplicaSet (later ones are numbered when they come again, and of no concern here). */
const FIRST_SIZE = /^ReplicaSet\/\S+ replicas = \d+$/;
const SIZE = /^ReplicaSet\/\S+ (replicas = \d+|deadline = true)( \(\d+\))?$/;
const CLEANED = /^(ReplicaSet\/\S+ deleted|AnalysisRun\/\S+ terminate = true)$/;

const WAITING: ReadonlySet<unknown> = new Set([
  'more replicas need to be updated',
  'updated replicas are still becoming available',
  'old replicas are pending termination',
  'waiting for all steps to complete',
  'active service cutover pending',
]);
const UNDER_WAY: ReadonlySet<unknown> = new Set([
  'FoundNewReplicaSet',
  'NewReplicaSetCreated',
  'ReplicaSetUpdated',
  'ReplicaSetNotAvailable',
  'RolloutResumed',
]);

/** The text of a JSON object that Argo Rollouts would not have written. */
function hasOnlyOurKeys(text: string): boolean {
  try {
    const keys = Object.keys(JSON.parse(text) as object);
    return keys.length > 0 && keys.every((key) => key.startsWith('sluice.dev/'));
  } catch {
    return false;
  }
}

/** A value of a track without an annotation that Argo Rollouts does not know; undefined: nothing is left of it. */
function without(annotation: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, item]) =>
    key === annotation ? [] : [[key, key === 'annotations' ? without(annotation, item) : item] as const],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A difference that is one annotation of ours and nothing else, on objects of one kind. */
const isAnnotation =
  (objects: string, track: string, annotation: string): Explanation['explains'] =>
  (kind, sequences) => {
    if (kind.kind === 'track') {
      if (!kind.object.startsWith(`${objects}/`) || kind.track !== track || sequences === undefined)
        return false;
      const { reference, ours } = sequences;
      const kept = (rows: readonly unknown[]): unknown[] =>
        rows.map((value) => without(annotation, value)).filter((value) => value !== undefined);
      return sameBut(
        { reference: { ...reference, core: kept(reference.core) }, ours: { ...ours, core: kept(ours.core) } },
        () => false,
      );
    }
    if (kind.kind !== 'checkpoint' && kind.kind !== 'final') return false;
    const { place, values } = kind;
    if (!place.startsWith(`${objects}/`) || !values.startsWith('null -> ')) return false;
    const isOnly = values.startsWith(`null -> {"${annotation}": `) && !values.includes(', ');
    return place.endsWith(`.annotations.${annotation}`) || (/[ .]annotations$/.test(place) && isOnly);
  };

/** Scenarios in which something waits in a pause, so that conditions flip while pods come. */
const PAUSED = [
  'bluegreen-auto-preview-count',
  'bluegreen-supersede-scale',
  'canary-bad-image-deadline',
  'canary-scale-to-zero',
  'canary-scale-while-paused',
  'canary-spec-paused',
  'canary-steps-edit',
  'nginx-max-weight',
];

export const EXPLANATIONS: readonly Explanation[] = [
  ...BLUE_GREEN_EXPLANATIONS,
  {
    compat: 'spec of the Rollout',
    explains: (kind) =>
      kind.kind === 'final' && /^Rollout\/.*\.resources$/.test(kind.place) && kind.values === '{} -> null',
  },
  {
    compat: '`metadata` of measurements',
    explains: (kind) =>
      kind.kind === 'final' &&
      /^AnalysisRun\/.*\.measurements\[\d+\]\.metadata(\.sluice\.dev\/[\w-]+)?$/.test(kind.place) &&
      kind.values.startsWith('null -> ') &&
      (kind.place.includes('.metadata.sluice.dev/') || hasOnlyOurKeys(kind.values.slice('null -> '.length))),
  },
  {
    compat: 'start of an AnalysisRun',
    explains: isAnnotation('AnalysisRun', 'metadata', 'sluice.dev/attempt'),
  },
  {
    compat: '`rollbackWindow` and a version whose last analysis failed, or that its deadline aborted',
    explains: isAnnotation('ReplicaSet', 'annotations', 'sluice.dev/found-bad'),
  },
  {
    compat: 'Services of a Rollout that is deleted',
    scenarios: ['delete-rollout'],
    explains: (kind) =>
      isOrder(kind, /^ReplicaSet\/\S+ deleted$/, /^Service\/\S+ selector = \{"app": "demo"\}$/),
  },
  {
    // Ours stands in one milestone with the creation, before all that the status says of the new version.
    compat: 'new ReplicaSet',
    explains: (kind) =>
      isOrder(
        kind,
        /^(Rollout\/\S+ (pod = |step = |abort = false)|Service\/\S+-preview selector = )/,
        FIRST_SIZE,
      ) ||
      isOrder(kind, /^ReplicaSet\/\S+ replicas = \d+/, /^ReplicaSet\/\S+-<rs:(?!1>)\d+> replicas = \d+$/),
  },
  {
    compat: 'order of status and scaling',
    explains: (kind) =>
      isOrder(kind, SIZE, RECORD) || isOrder(kind, CLEANED, /^Rollout\/\S+ phase = Healthy/),
  },
  {
    // Stable shrinks, and the canary of an abort, after the status that tells of the weight.
    compat: 'order of status and scaling',
    scenarios: ['dynamic-stable-scale'],
    explains: (kind) => isOrder(kind, SIZE, /^Rollout\/demo (phase = Paused|weights = 20)/),
  },
  {
    compat: 'Services of one pass',
    explains: (kind) => isOrder(kind, /^Service\/\S+-stable selector = /, /^Service\/\S+-canary selector = /),
  },
  {
    compat: 'start of an AnalysisRun',
    explains: (kind) => isOrder(kind, /^Rollout\/\S+ phase = Progressing/, /^AnalysisRun\/\S+ created$/),
  },
  {
    compat: '`setWeight` step of a basic canary',
    scenarios: ['canary-bad-image-deadline', 'canary-steps-edit'],
    explains: (kind) => isOrder(kind, /^Rollout\/demo phase = Paused/, SIZE),
  },
  {
    compat: 'counts, `Progressing` messages and reasons for "under way"',
    explains: (kind, rows) =>
      rows !== undefined &&
      ((isTrack(kind, 'phase') &&
        sameBut(rows, (value) => reasonOf(value) !== undefined && WAITING.has(reasonOf(value)))) ||
        (isTrack(kind, 'condition Progressing') && sameBut(rows, (value) => UNDER_WAY.has(reasonOf(value))))),
  },
  {
    compat: '`Progressing` while a paused Rollout is scaled',
    scenarios: PAUSED,
    explains: (kind, rows) =>
      rows !== undefined &&
      isTrack(kind, 'condition Progressing') &&
      sameBut(rows, (value) => UNDER_WAY.has(reasonOf(value)) || reasonOf(value) === 'RolloutPaused'),
  },
  {
    compat: '`Available` in mid-update',
    explains: (kind, rows) => rows !== undefined && isTrack(kind, 'condition Available') && flipsLess(rows),
  },
  {
    compat: '`revision-history` of a ReplicaSet',
    scenarios: ['workloadref-onsuccess', 'workloadref-progressively'],
    explains: (kind, rows) => {
      if (kind.kind === 'checkpoint') return kind.place === 'ReplicaSet/demo-<rs:1> revision[1]';
      if (kind.kind === 'final') return /^ReplicaSet\/\S+\/revision-history$/.test(kind.place);
      return (
        rows !== undefined &&
        kind.kind === 'track' &&
        kind.object === 'ReplicaSet/demo-<rs:1>' &&
        kind.track === 'revision' &&
        isWithin(rows.ours.core, rows.reference.core)
      );
    },
  },
  {
    // Each size is a generation of the Deployment, and so one more value here.
    compat: '`scaleDown: progressively` with pods that come together',
    scenarios: ['workloadref-progressively'],
    explains: (kind, rows) =>
      rows !== undefined &&
      kind.kind === 'track' &&
      ((kind.object === 'Rollout/demo' && kind.track === 'workload') ||
        (kind.object.startsWith('ReplicaSet/') && kind.track === 'annotations')) &&
      isWithin(rows.ours.core, [...rows.reference.core, ...rows.reference.optional]),
  },
  {
    // Two restarts in two and three turns each; the reference takes all pods of the first at once.
    compat: '`restartAt` where all pods may be unavailable',
    scenarios: ['canary-restart-pdb'],
    explains: (kind, rows) =>
      rows !== undefined &&
      (isTrack(kind, 'condition Available') || isTrack(kind, 'condition Healthy')) &&
      isWithin(rows.reference.core, rows.ours.core) &&
      rows.ours.core.length <= rows.reference.core.length + 6,
  },
  {
    compat: '`Healthy` after an edit that changes nothing that runs',
    scenarios: [
      'bluegreen-auto-preview-count',
      'canary-min-ready-history',
      'canary-steps-edit',
      'canary-string-surge',
      'strategy-switch',
    ],
    explains: (kind, rows) => rows !== undefined && isTrack(kind, 'condition Healthy') && flipsLess(rows),
  },
  {
    compat: 'weight 100 before promotion behind a router',
    scenarios: ['nginx-canary', 'nginx-max-weight', 'invalid-by-edit', 'dynamic-stable-scale'],
    explains: (kind, rows) =>
      isOrder(
        kind,
        /^Rollout\/demo stable = /,
        /^(Service\/demo-stable selector|Ingress\/\S+ annotations) = /,
      ) ||
      (rows !== undefined &&
        kind.kind === 'track' &&
        ((isTrack(kind, 'weights') && sameBut(rows, hasWholeWeight)) ||
          (/^Ingress\/\S+-canary$/.test(kind.object) &&
            kind.track === 'annotations' &&
            sameBut(rows, hasWholeWeight)))),
  },
  {
    // The recorder keeps the first and the last value of a Service that flaps; ours goes over and back once.
    compat: 'canary Service while an aborted canary lives out its delay',
    scenarios: ['nginx-canary', 'nginx-max-weight'],
    explains: (kind, rows) =>
      rows !== undefined &&
      kind.kind === 'track' &&
      kind.object === 'Service/demo-canary' &&
      kind.track === 'selector' &&
      isWithin(rows.reference.core, rows.ours.core) &&
      rows.ours.core.length <= rows.reference.core.length + 2,
  },
  {
    compat: 'template and replicas in one edit',
    scenarios: ['canary-scale-with-template'],
    explains: (kind, rows, { lines }) => {
      switch (kind.kind) {
        case 'track':
          return (
            kind.object === 'ReplicaSet/demo-<rs:2>' &&
            kind.track === 'replicas' &&
            rows !== undefined &&
            JSON.stringify(rows.reference.core.filter((size, i) => i > 0 || size !== 4)) ===
              JSON.stringify(rows.ours.core)
          );
        case 'events':
          // One Event less lets the next one into the part that the recorder compares.
          return lines.every(
            (line) =>
              /RolloutPaused|demo-<rs:2> \(revision 2\) from (0 to [34]|4 to 3)"/.test(line) ||
              !/^[-+]/.test(line),
          );
        case 'order':
          return (
            /^ReplicaSet\/demo-<rs:2> replicas = [34]$/.test(kind.earlier) ||
            /<rs:2> replicas = [34]$/.test(kind.later)
          );
        case 'checkpoint':
          return kind.place === 'Pods <rs:2>.made so far';
        default:
          return false;
      }
    },
  },
  {
    // The step of which the reference thinks that it needs no pods, and all that follows from their being there.
    compat: 'canary target without surge, half a pod below all replicas (5 at 90, 10 at 95, ...)',
    scenarios: ['canary-string-surge'],
    explains: (kind, rows) => {
      switch (kind.kind) {
        case 'checkpoint':
          return (
            kind.at === 'phase=Paused step=1' &&
            /^(Pods <rs:[23]>|ReplicaSet\/demo-<rs:[23]> replicas|Rollout\/demo replicas updated ready)/.test(
              kind.place,
            )
          );
        case 'final':
          return (
            /^ReplicaSet\/demo-<rs:[23]>\.(spec|status)\.\w*[rR]eplicas$/.test(kind.place) ||
            kind.place === 'Rollout/demo.status.updatedReplicas'
          );
        case 'track':
          if (rows === undefined) return false;
          return (
            (/^ReplicaSet\/demo-<rs:[23]>$/.test(kind.object) &&
              kind.track === 'replicas' &&
              isWithin(rows.reference.core, rows.ours.core)) ||
            (isTrack(kind, 'condition Available') && rows.ours.core.length <= rows.reference.core.length + 4)
          );
        default:
          return false;
      }
    },
  },
  {
    // Ours is carried out where the reference's is forgotten, so that the second promotion finds nothing to do.
    compat: 'promotion while `spec.paused` holds',
    scenarios: ['canary-spec-paused'],
    explains: (kind, rows, { what }) => {
      switch (kind.kind) {
        case 'checkpoint':
          return (
            kind.at === 'the promotion was lost' ||
            (kind.at === 'promoted but paused by the user' && kind.place === 'Rollout/demo controllerPause')
          );
        case 'order':
          return /the promotion was lost|promote \(2\)/.test(`${kind.earlier} ${kind.later}`);
        case 'track':
          return (
            rows !== undefined &&
            (isTrack(kind, 'pauses') || isTrack(kind, 'controllerPause') || isTrack(kind, 'phase')) &&
            isWithin(
              rows.ours.core.filter((value) => !WAITING.has(reasonOf(value))),
              rows.reference.core,
            )
          );
        default:
          return (
            what ===
            'the candidate has a problem: timed out: wait {"phase": "Paused", "message": "CanaryPauseStep"}'
          );
      }
    },
  },
];

function hasWholeWeight(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { canary } = value as { canary?: { weight?: unknown } };
  const { 'nginx.ingress.kubernetes.io/canary-weight': weight } = value as Record<string, unknown>;
  return canary?.weight === 100 || weight === '100';
}
