/**
 * The CustomResourceDefinitions of our kinds, and JSON schemas of them for editors, made from the schemas
 * (spec 01 section 1, 05, 06, 11). Pure; `npm run gen` writes them to `crds/` and `docs/schema/`.
 *
 * An API server accepts everything that a controller can report better itself: no bounds, no enums (but
 * Datadog's), no rule but the immutable selector. Pod templates are preserved unread, which keeps a definition
 * small enough for client-side apply.
 */

import type { z } from 'zod';
import type { JsonObject } from '../lang/json.ts';
import { analysisRunSchema, analysisTemplateSchema, clusterAnalysisTemplateSchema } from './analysis.ts';
import { applicationSchema } from './application.ts';
import { experimentSchema } from './experiment.ts';
import { rolloutSchema } from './rollout.ts';
import { editorSchema, structuralSchema } from './structural.ts';

/** An object to be created: raw JSON with what every manifest has. */
export interface KubeManifest extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

interface Definition {
  kind: string;
  plural: string;
  shortNames: string[];
  scope: 'Namespaced' | 'Cluster';
  schema: z.ZodType;
  columns: JsonObject[];
  subresources?: JsonObject;
}

const GROUP = 'argoproj.io';
const VERSION = 'v1alpha1';

const age: JsonObject = {
  name: 'Age',
  type: 'date',
  description: 'Time since resource was created',
  jsonPath: '.metadata.creationTimestamp',
};
const column = (name: string, type: string, jsonPath: string, description: string): JsonObject => ({
  name,
  type,
  description,
  jsonPath,
});

const DEFINITIONS: readonly Definition[] = [
  {
    kind: 'Rollout',
    plural: 'rollouts',
    shortNames: ['ro'],
    scope: 'Namespaced',
    schema: rolloutSchema,
    columns: [
      column('Desired', 'integer', '.spec.replicas', 'Number of desired pods'),
      column('Current', 'integer', '.status.replicas', 'Number of pods of all versions'),
      column('Up-to-date', 'integer', '.status.updatedReplicas', 'Number of pods of the new version'),
      column('Available', 'integer', '.status.availableReplicas', 'Number of available pods'),
      age,
    ],
    subresources: {
      status: {},
      // HPAReplicas, not replicas: in a blue-green update an autoscaler must see the active version only.
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.HPAReplicas',
        labelSelectorPath: '.status.selector',
      },
    },
  },
  {
    kind: 'AnalysisTemplate',
    plural: 'analysistemplates',
    shortNames: ['at'],
    scope: 'Namespaced',
    schema: analysisTemplateSchema,
    columns: [age],
  },
  {
    kind: 'ClusterAnalysisTemplate',
    plural: 'clusteranalysistemplates',
    shortNames: ['cat'],
    scope: 'Cluster',
    schema: clusterAnalysisTemplateSchema,
    columns: [age],
  },
  // No status subresource below: clients of Argo Rollouts and Argo CD write status to the main resource, and a
  // server that has the subresource would silently drop it there.
  {
    kind: 'AnalysisRun',
    plural: 'analysisruns',
    shortNames: ['ar'],
    scope: 'Namespaced',
    schema: analysisRunSchema,
    columns: [column('Status', 'string', '.status.phase', 'Phase of the analysis'), age],
  },
  {
    kind: 'Experiment',
    plural: 'experiments',
    shortNames: ['exp'],
    scope: 'Namespaced',
    schema: experimentSchema,
    columns: [column('Status', 'string', '.status.phase', 'Phase of the experiment'), age],
  },
  {
    kind: 'Application',
    plural: 'applications',
    shortNames: ['app', 'apps'],
    scope: 'Namespaced',
    schema: applicationSchema,
    columns: [
      column('Sync Status', 'string', '.status.sync.status', 'Whether the cluster is as Git says'),
      column('Health Status', 'string', '.status.health.status', 'Worst health of the resources'),
      { ...column('Revision', 'string', '.status.sync.revision', 'Commit compared with'), priority: 10 },
      { ...column('Project', 'string', '.spec.project', 'Project'), priority: 10 },
    ],
  },
];

/** The definitions, in the order in which they are listed above. Fresh objects at each call. */
export function customResourceDefinitions(): KubeManifest[] {
  return DEFINITIONS.map((definition) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${definition.plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: definition.kind,
        listKind: `${definition.kind}List`,
        plural: definition.plural,
        singular: definition.kind.toLowerCase(),
        shortNames: definition.shortNames,
      },
      scope: definition.scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: definition.columns,
          schema: { openAPIV3Schema: rootSchema(definition) },
          ...(definition.subresources === undefined ? {} : { subresources: definition.subresources }),
        },
      ],
    },
  }));
}

/** A JSON Schema (draft 7) for each kind, by the name of the kind in lower case. */
export function editorSchemas(): Record<string, JsonObject> {
  return Object.fromEntries(
    DEFINITIONS.map((definition) => {
      const root = editorSchema(rootSchema(definition));
      const properties = root['properties'] as Record<string, JsonObject>;
      return [
        definition.kind.toLowerCase(),
        {
          $schema: 'http://json-schema.org/draft-07/schema#',
          title: `${definition.kind} (${GROUP}/${VERSION})`,
          ...root,
          properties: {
            ...properties,
            apiVersion: { ...properties['apiVersion'], const: `${GROUP}/${VERSION}` },
            kind: { ...properties['kind'], const: definition.kind },
          },
          required: ['apiVersion', 'kind', 'metadata', 'spec'],
        },
      ];
    }),
  );
}

/** The server has its own schema for metadata, and fills in nothing of a definition's. */
function rootSchema(definition: Definition): JsonObject {
  const root = structuralSchema(definition.schema);
  return {
    ...root,
    properties: { ...(root['properties'] as JsonObject), metadata: { type: 'object' } },
    required: ['spec'],
  };
}
