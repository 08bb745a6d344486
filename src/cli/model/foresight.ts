/** What `plan` prints as data: durations in seconds, versions by their revision. Pure. */

import type { AnalysisRun } from '../../api/analysis.ts';
import type { Rollout } from '../../api/rollout.ts';
import { evidenceMode, OUTCOMES, policyFor } from '../../plan/analysis/outcomes.ts';
import type { ForeseenGate, Foresight, Times } from '../../plan/rehearsal/foresee.ts';
import type { Moment } from '../../plan/rehearsal/rehearse.ts';
import { metricsOf } from '../../plan/rehearsal/runs.ts';
import { intentText } from '../../plan/rehearsal/words.ts';
import { stepsOf } from '../../plan/rollout/defaults.ts';
import type { RolloutIntent } from '../../plan/rollout/index.ts';
import { stepText } from '../../plan/rollout/step-text.ts';
import { queryOf } from '../../plan/why/gate.ts';
import type { Course } from '../foresight/course.ts';
import type { Problem } from '../foresight/problems.ts';
import { UNSEEN } from '../foresight/stand-ins.ts';

export interface CourseModel {
  readonly name: string;
  readonly namespace: string;
  readonly strategy: 'canary' | 'blueGreen' | '';
  readonly routers: readonly string[];
  /** Undefined: the spec can't be read. */
  readonly replicas?: number | undefined;
  readonly steps: readonly string[];
  readonly problems: readonly Problem[];
  /** Not in the manifests: taken to be there and to fit. */
  readonly assumed: readonly string[];
  readonly podReadySeconds: number;
  readonly parts: readonly PartModel[];
}

export interface PartModel {
  readonly kind: Foresight['kind'];
  readonly refusal?: string | undefined;
  readonly ending: Foresight['rehearsal']['ending'];
  /** How often a person promotes. */
  readonly promotions: number;
  readonly moments: readonly MomentModel[];
  readonly gates: readonly GateModel[];
  readonly times: TimesModel;
}

export interface MomentModel {
  readonly seconds: number;
  /** Index of the step that is being worked on; the number of steps when all are done. */
  readonly step?: number | undefined;
  readonly phase: string;
  readonly message: string;
  readonly weight?: number | undefined;
  readonly new: { readonly available: number; readonly size: number };
  readonly old: { readonly available: number; readonly size: number };
  readonly actions: readonly string[];
  readonly promoted: boolean;
}

export interface GateModel {
  readonly run: string;
  readonly type: string;
  readonly step?: number | undefined;
  readonly startsAtSeconds: number;
  readonly quickestSeconds?: number | undefined;
  readonly slowestSeconds?: number | undefined;
  readonly failsAfterSeconds?: number | undefined;
  readonly metrics: readonly MetricModel[];
}

export interface MetricModel {
  readonly name: string;
  readonly provider: string;
  readonly query?: string | undefined;
  readonly interval?: string | undefined;
  readonly initialDelay?: string | undefined;
  readonly count?: number | string | undefined;
  readonly successCondition?: string | undefined;
  readonly failureCondition?: string | undefined;
  readonly failureLimit?: number | string | undefined;
  /** Some answers that are not clear hold it, for as long as there is no other. */
  readonly holds: boolean;
  readonly waitsForTraffic: boolean;
  readonly seen: boolean;
}

export interface TimesModel {
  readonly finishSeconds?: number | undefined;
  readonly longestSeconds?: number | undefined;
  readonly noticedSeconds?: number | undefined;
  readonly abortsByItself: boolean;
  readonly abort?:
    | {
        /** Undefined: users stay on the new version. */
        readonly safeSeconds?: number | undefined;
        readonly doneSeconds: number;
        readonly step?: number | undefined;
      }
    | undefined;
}

export function courseModel(
  { snapshot, parts, missing }: Course,
  problems: readonly Problem[],
  podReadyMs: number,
): CourseModel {
  const { rollout, stored } = snapshot;
  const strategy = rollout?.spec.strategy ?? {};
  return {
    name: stored.metadata.name,
    namespace: stored.metadata.namespace ?? '',
    strategy: strategy.blueGreen !== undefined ? 'blueGreen' : strategy.canary !== undefined ? 'canary' : '',
    routers: Object.keys(strategy.canary?.trafficRouting ?? {}).filter((key) => ROUTER_FIELD.test(key)),
    ...(rollout === undefined ? {} : { replicas: rollout.spec.replicas ?? 1 }),
    steps: stepTexts(rollout),
    problems,
    assumed: missing,
    podReadySeconds: podReadyMs / 1000,
    parts: parts.map(partModel),
  };
}

const ROUTER_FIELD = /^(?!managedRoutes$|maxTrafficWeight$)/;

const stepTexts = (rollout: Rollout | undefined): string[] =>
  stepsOf(rollout?.spec.strategy?.canary ?? {}).map(stepText);

function partModel(foresight: Foresight): PartModel {
  const { kind, refusal, rehearsal, gates, times, hash } = foresight;
  const revisions = new Map(
    rehearsal.moments
      .flatMap(({ versions }) => versions)
      .map(({ name, hash: of, revision }) => [name, { hash: of, text: `revision ${revision}` }]),
  );
  const byHash = new Map([...revisions.values()].map(({ hash: of, text }) => [of, text]));
  const text = (intent: RolloutIntent): string | undefined =>
    intent.kind === 'annotateReplicaSet' || intent.kind === 'patchRolloutMeta'
      ? undefined
      : intentText(intent, {
          replicaSet: (name) => revisions.get(name)?.text ?? name,
          version: (of) => byHash.get(of) ?? of,
        });
  return {
    kind,
    ...(refusal === undefined ? {} : { refusal }),
    ending: rehearsal.ending,
    promotions: rehearsal.promotions,
    moments: rehearsal.moments.map((moment) => momentModel(moment, hash, text)),
    gates: gates.map(gateModel),
    times: timesModel(times),
  };
}

const seconds = (ms: number): number => Math.round(ms) / 1000;

function momentModel(
  moment: Moment,
  hash: string,
  text: (intent: RolloutIntent) => string | undefined,
): MomentModel {
  const sum = (isNew: boolean): { available: number; size: number } => {
    const versions = moment.versions.filter((version) => (version.hash === hash) === isNew);
    const add = (field: 'available' | 'size'): number => versions.reduce((total, v) => total + v[field], 0);
    return { available: add('available'), size: add('size') };
  };
  return {
    seconds: seconds(moment.at),
    ...(moment.step === undefined ? {} : { step: moment.step }),
    phase: moment.phase,
    message: moment.message,
    ...(moment.weight === undefined ? {} : { weight: moment.weight }),
    new: sum(true),
    old: sum(false),
    actions: moment.writes.map(text).filter((line) => line !== undefined),
    promoted: moment.promoted === true,
  };
}

function gateModel({ run, startsAt, quickest, slowest, failsAfter }: ForeseenGate): GateModel {
  const object = run as unknown as AnalysisRun;
  const { labels = {}, name } = object.metadata;
  const mode = evidenceMode(object, 'stock');
  const step = labels['step-index'];
  return {
    run: name,
    type: labels['rollout-type'] ?? '',
    ...(step === undefined ? {} : { step: Number(step) }),
    startsAtSeconds: seconds(startsAt),
    ...(quickest === undefined ? {} : { quickestSeconds: seconds(quickest) }),
    ...(slowest === undefined ? {} : { slowestSeconds: seconds(slowest) }),
    ...(failsAfter === undefined ? {} : { failsAfterSeconds: seconds(failsAfter) }),
    metrics: metricsOf(object).map((metric) => {
      const { name: metricName, provider, interval, initialDelay, count, failureLimit } = metric;
      const { successCondition, failureCondition } = metric;
      const [kind = ''] = Object.keys(provider ?? {});
      const query = queryOf(metric);
      return {
        name: metricName,
        provider: kind,
        ...defined({
          query,
          interval,
          initialDelay,
          count,
          successCondition,
          failureCondition,
          failureLimit,
        }),
        holds: OUTCOMES.some((outcome) => policyFor(metric, outcome, { mode, dryRun: false }) === 'hold'),
        waitsForTraffic: metric.evidence?.waitForTraffic === true,
        seen: metricName !== UNSEEN,
      };
    }),
  };
}

const defined = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Partial<T>;

function timesModel({ finish, longest, noticed, abortsByItself, abort }: Times): TimesModel {
  return {
    ...(finish === undefined ? {} : { finishSeconds: seconds(finish) }),
    ...(longest === undefined ? {} : { longestSeconds: seconds(longest) }),
    ...(noticed === undefined ? {} : { noticedSeconds: seconds(noticed) }),
    abortsByItself,
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...(abort.safe === undefined ? {} : { safeSeconds: seconds(abort.safe) }),
            doneSeconds: seconds(abort.done),
            ...(abort.step === undefined ? {} : { step: abort.step }),
          },
        }),
  };
}
