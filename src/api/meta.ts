/**
 * Building blocks of the schemas: Kubernetes' scalar types and the objects that every kind shares. Pure.
 *
 * A schema says each thing once: TypeScript types are inferred from it, the CRDs and the editor schemas are
 * generated from it (`structural.ts`), and `decode` reads by it. Facts that only Kubernetes knows about
 * (formats, defaults, preserved fields) stand in `.meta`, as keys of the OpenAPI schema.
 *
 * Objects are loose: a field that the schema doesn't name survives decoding.
 */

import * as z from 'zod';
import type { JsonObject } from '../lang/json.ts';

export const int32 = z.int32().meta({ format: 'int32' });
export const int64 = z.int().meta({ format: 'int64' });
/** RFC 3339. Kept as text: what the API server accepts is read with `parseTime`, which tolerates the rest. */
export const time = z.string().meta({ format: 'date-time' });
/** A number, or text: a percentage, a duration, or `{{args.x}}`, as the field says. */
export const intOrString = z.union([z.int(), z.string()]).meta({ 'x-kubernetes-int-or-string': true });
export const stringMap = z.record(z.string(), z.string());

const preserve = { 'x-kubernetes-preserve-unknown-fields': true } as const;
/** Marks an object whose further fields an API server must not prune. */
export const preservesUnknown = preserve;

/** An object that belongs to somebody else's schema: kept whole, looked at field by field where needed. */
export const freeObject = (z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>).meta(
  preserve,
);
/** Any JSON value. */
export const freeValue = z.unknown().meta(preserve);

/**
 * A field that the CRD requires, but that a decoder must be able to miss: the object may have been stored under
 * another CRD, and validation then has a text for it.
 */
export function requiredInStore<T extends z.ZodType>(schema: T): z.ZodOptional<T> {
  return schema.optional().meta({ 'x-required': true });
}

export const ownerReferenceSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
});

/** `metadata` of a top-level object. The API server has its own schema for it. */
export const objectMetaSchema = z.looseObject({
  name: z.string(),
  generateName: z.string().exactOptional(),
  namespace: z.string().exactOptional(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
  generation: int64.exactOptional(),
  creationTimestamp: time.exactOptional(),
  deletionTimestamp: time.exactOptional(),
  deletionGracePeriodSeconds: int64.exactOptional(),
  labels: stringMap.exactOptional(),
  annotations: stringMap.exactOptional(),
  ownerReferences: z.array(ownerReferenceSchema).exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
});

/** The fields of every top-level object, to be spread into its schema. */
export const topLevel = {
  apiVersion: z.string().describe('Version of the schema of this object: group/version.'),
  kind: z.string().describe('Kind of this object.'),
  metadata: objectMetaSchema,
};

/** Labels and annotations to set on something. */
export const templateMetadataSchema = z.looseObject({
  labels: stringMap.optional(),
  annotations: stringMap.optional(),
});
export type TemplateMetadata = z.infer<typeof templateMetadataSchema>;

export const labelSelectorSchema = z
  .looseObject({
    matchLabels: stringMap.optional(),
    matchExpressions: z
      .array(
        z.looseObject({
          key: z.string(),
          operator: z.string(),
          values: z.array(z.string()).optional(),
        }),
      )
      .optional(),
  })
  .meta({ 'x-kubernetes-map-type': 'atomic' });
export type LabelSelector = z.infer<typeof labelSelectorSchema>;

/**
 * A condition as the kinds of Argo Rollouts write it: two timestamps, and all six fields required. What other
 * writers leave out must not make the whole object unreadable.
 */
export const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string().describe('True, False or Unknown.'),
  reason: z.string(),
  message: z.string(),
  lastUpdateTime: requiredInStore(time),
  lastTransitionTime: requiredInStore(time),
});
