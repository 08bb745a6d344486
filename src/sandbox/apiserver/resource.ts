/** What the server knows about a kind that it serves: its names, its shape, and the rules of its life. */

import type { JsonObject } from '../../lang/json.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import type { FieldError } from './errors.ts';
import type { FieldSet } from './field-set.ts';
import type { Schema } from './schema.ts';

/** Paths of the `scale` subresource, without the leading dot. */
export interface ScalePaths {
  readonly spec: string;
  readonly status: string;
  readonly selector?: string | undefined;
}

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: number | undefined;
}

/** What a kind's rules may ask of the server while they run. All of it is synchronous. */
export interface RuleContext {
  readonly now: number;
  readonly random: () => number;
  /** Takes an address for a Service; the same one again when it is free. */
  allocateClusterIp(wanted?: string): string | undefined;
}

/** An object under construction: not frozen where it differs from the stored one. */
export type Draft = KubeObject & JsonObject;

export interface KindRules {
  /** Server-side defaulting, at decoding. Only called with parts that may be changed. */
  defaults?(object: Draft): void;
  /** What create resets and fills in, after managedFields were taken. */
  prepareCreate?(object: Draft, context: RuleContext): void;
  prepareUpdate?(object: Draft, old: KubeObject, context: RuleContext): void;
  validate?(object: KubeObject): FieldError[];
  validateUpdate?(object: KubeObject, old: KubeObject): FieldError[];
  validateStatus?(object: KubeObject, old: KubeObject): FieldError[];
  /** Errors of the name, in the words of the server. Default: a DNS subdomain. */
  validateName?(name: string): string[];
  /** Seconds that a delete without `gracePeriodSeconds` waits; undefined: deleted at once. */
  gracePeriod?(object: KubeObject): number | undefined;
}

export interface Resource {
  readonly type: ResourceType;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly custom: boolean;
  readonly schema: Schema;
  /** CRDs: the structural schema as written, for value validation and OpenAPI. */
  readonly structural?: JsonObject | undefined;
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths | undefined;
  /** metadata.generation counts changes of what the user wants. */
  readonly generation: 'spec' | 'none';
  /** A PUT without resourceVersion overwrites. */
  readonly unconditionalUpdate: boolean;
  /** Delete answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  /** Only answers a question: nothing is stored. */
  readonly review?: ((object: JsonObject, user: UserInfo) => JsonObject) | undefined;
  /** Fields beyond metadata.name and metadata.namespace, with their getters. */
  readonly selectable: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Fields that the main resource (and the status subresource) resets. */
  readonly resetMain?: FieldSet | undefined;
  readonly resetStatus?: FieldSet | undefined;
  readonly rules: KindRules;
  readonly columns: readonly PrinterColumn[];
  readonly cells: (object: KubeObject, now: number) => (string | number | boolean | null)[];
}

export interface UserInfo {
  readonly name: string;
  readonly groups?: readonly string[] | undefined;
}

export const resourceKey = (type: Pick<ResourceType, 'group' | 'plural'>): string =>
  `${type.group}/${type.plural}`;
