/** What lint rules look at, and what they say. */

import type { Metric } from '../../api/analysis.ts';
import type { Argument } from '../../api/analysis-args.ts';
import type { Node } from '../../lang/expr/ast.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { QueryFacts } from './promql.ts';

/**
 * - `error`: it can't work, or decides nothing.
 * - `warning`: it passes, or aborts, without evidence.
 * - `info`: worth a look.
 */
export type Severity = 'error' | 'warning' | 'info';

export type Path = readonly (string | number)[];

export interface ConditionFacts {
  /** With defaults in the place of arguments. */
  readonly source: string;
  /** Undefined where it is no expression. */
  readonly tree: Node | undefined;
  readonly path: Path;
}

export interface MetricFacts {
  /** As it stands in the manifest. */
  readonly metric: Metric;
  /** With the defaults of arguments, and stand-ins for those without. */
  readonly filled: Metric;
  readonly path: Path;
  /** `prometheus`, `web`, ...; empty where there is none. */
  readonly provider: string;
  readonly success: ConditionFacts | undefined;
  readonly failure: ConditionFacts | undefined;
  /** Of a Prometheus metric. */
  readonly query: QueryFacts | undefined;
}

/** A place in a Rollout that runs the template. */
export interface Use {
  readonly manifest: JsonObject;
  readonly path: Path;
  readonly kind: 'step' | 'background' | 'gate';
  readonly args: readonly { readonly name: string }[];
  /** How long the canary has had its weight when the step begins; undefined where nobody knows. */
  readonly heldMs: number | undefined;
  /** What the steps before have given the canary; undefined where it is no step. */
  readonly weight: number | undefined;
  /** The run has this template only, and it refers to no other. */
  readonly alone: boolean;
}

/** An AnalysisTemplate, a ClusterAnalysisTemplate or an AnalysisRun. */
export interface Subject {
  readonly kind: string;
  readonly manifest: JsonObject;
  readonly args: readonly Argument[];
  readonly metrics: readonly MetricFacts[];
  /** Refers to further templates, whose arguments are merged with its own. */
  readonly nests: boolean;
  /** Names of arguments that stand anywhere in its metrics, with the first place. */
  readonly usedArgs: ReadonlyMap<string, Path>;
  readonly uses: readonly Use[];
}

export interface Hit {
  /** Where it stands; of the subject's manifest, where no other is named. */
  readonly path: Path;
  readonly manifest?: JsonObject;
  /** What is wrong, and what comes of it. */
  readonly message: string;
  /** How to write it. */
  readonly write?: string;
}

/** YAML of one metric, or of a whole spec; and of a Rollout's canary that uses it. */
export interface Example {
  readonly metric?: string;
  readonly spec?: string;
  readonly canary?: string;
}

export interface Rule {
  readonly name: string;
  readonly severity: Severity;
  /** One sentence for the list of rules. */
  readonly summary: string;
  readonly bad: Example;
  readonly good: Example;
  check(subject: Subject): Hit[];
}
