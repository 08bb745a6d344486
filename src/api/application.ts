/**
 * Application, in Argo CD's shape (spec 11). Pure.
 *
 * Objects that Argo CD gives more fields than Sluice knows preserve what they don't name: a manifest written for
 * Argo CD is stored whole, and the syncer can say which of its fields it doesn't act on.
 */

import * as z from 'zod';
import {
  freeObject,
  freeValue,
  int64,
  intOrString,
  preservesUnknown,
  stringMap,
  time,
  topLevel,
} from './meta.ts';

const directorySchema = z
  .looseObject({
    recurse: z.boolean().optional(),
    include: z.string().optional().describe('Glob, or {glob,glob}.'),
    exclude: z.string().optional().describe('Glob, or {glob,glob}.'),
  })
  .meta(preservesUnknown);

const kustomizeSchema = z
  .looseObject({
    namePrefix: z.string().optional(),
    nameSuffix: z.string().optional(),
    images: z.array(z.string()).optional(),
    replicas: z.array(z.looseObject({ name: z.string(), count: intOrString })).optional(),
    commonLabels: stringMap.optional(),
    commonAnnotations: stringMap.optional(),
    namespace: z.string().optional(),
    patches: z
      .array(
        z
          .looseObject({
            path: z.string().optional(),
            patch: z.string().optional(),
            target: z
              .looseObject({
                group: z.string().optional(),
                version: z.string().optional(),
                kind: z.string().optional(),
                name: z.string().optional(),
                namespace: z.string().optional(),
                annotationSelector: z.string().optional(),
                labelSelector: z.string().optional(),
              })
              .optional(),
            options: z.record(z.string(), z.boolean()).optional(),
          })
          .meta(preservesUnknown),
      )
      .optional(),
    components: z.array(z.string()).optional(),
  })
  .meta(preservesUnknown);

const helmSchema = z
  .looseObject({
    valueFiles: z.array(z.string()).optional(),
    values: z.string().optional(),
    valuesObject: freeObject.optional(),
    parameters: z
      .array(
        z.looseObject({
          name: z.string().optional(),
          value: z.string().optional(),
          forceString: z.boolean().optional(),
        }),
      )
      .optional(),
    fileParameters: z
      .array(z.looseObject({ name: z.string().optional(), path: z.string().optional() }))
      .optional(),
    releaseName: z.string().optional(),
    namespace: z.string().optional(),
    skipCrds: z.boolean().optional(),
  })
  .meta(preservesUnknown);

export const applicationSourceSchema = z
  .looseObject({
    repoURL: z.string(),
    targetRevision: z.string().optional().describe('Branch, tag, SHA or HEAD.'),
    path: z.string().optional().describe('Folder in the repository.'),
    chart: z.string().optional(),
    ref: z.string().optional(),
    directory: directorySchema.optional(),
    kustomize: kustomizeSchema.optional(),
    helm: helmSchema.optional(),
  })
  .meta(preservesUnknown);
export type ApplicationSource = z.infer<typeof applicationSourceSchema>;
/** A copy of a source in a record: decoded as a source, but stored as it comes. */
const recordedSourceSchema = applicationSourceSchema.meta({ ...preservesUnknown, 'x-opaque': true });

export const applicationDestinationSchema = z.looseObject({
  server: z.string().optional().describe('https://kubernetes.default.svc.'),
  name: z.string().optional().describe('in-cluster; instead of server.'),
  namespace: z.string().optional().describe('For namespaced objects that name none.'),
});
export type ApplicationDestination = z.infer<typeof applicationDestinationSchema>;

export const retryStrategySchema = z.looseObject({
  limit: int64.optional().describe('Attempts after the first; -1 without end.'),
  backoff: z
    .looseObject({
      duration: z.string().optional().describe('Go duration; 5s when absent.'),
      factor: int64.optional().describe('2 when absent.'),
      maxDuration: z.string().optional().describe('Go duration; 3m when absent.'),
    })
    .optional(),
  refresh: z.boolean().optional().describe('Retries with the newest revision.'),
});
export type RetryStrategy = z.infer<typeof retryStrategySchema>;

export const syncPolicySchema = z
  .looseObject({
    automated: z
      .looseObject({
        prune: z.boolean().optional().describe('Deletes what Git no longer has.'),
        selfHeal: z.boolean().optional().describe('Undoes changes made in the cluster.'),
        allowEmpty: z.boolean().optional().describe('Lets a prune delete everything.'),
        enabled: z.boolean().optional().describe('true when absent.'),
      })
      .optional(),
    syncOptions: z.array(z.string()).optional().describe('Such as CreateNamespace=true.'),
    retry: retryStrategySchema.optional(),
    managedNamespaceMetadata: z
      .looseObject({ labels: stringMap.optional(), annotations: stringMap.optional() })
      .optional(),
  })
  .meta(preservesUnknown);
export type SyncPolicy = z.infer<typeof syncPolicySchema>;

export const ignoreDifferencesSchema = z.looseObject({
  group: z.string().optional(),
  kind: z.string(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  jsonPointers: z.array(z.string()).optional(),
  jqPathExpressions: z.array(z.string()).optional(),
  managedFieldsManagers: z.array(z.string()).optional(),
});
export type ResourceIgnoreDifferences = z.infer<typeof ignoreDifferencesSchema>;

const infoSchema = z.array(z.looseObject({ name: z.string(), value: z.string() }));

export const applicationSpecSchema = z
  .looseObject({
    project: z.string().optional().describe('Only default is known.'),
    source: applicationSourceSchema.optional(),
    sources: z.array(applicationSourceSchema).optional(),
    destination: applicationDestinationSchema,
    syncPolicy: syncPolicySchema.optional(),
    ignoreDifferences: z.array(ignoreDifferencesSchema).optional(),
    info: infoSchema.optional(),
    revisionHistoryLimit: int64.optional().describe('10 when absent.'),
  })
  .meta(preservesUnknown);
export type ApplicationSpec = z.infer<typeof applicationSpecSchema>;

const operationResourceSchema = z.looseObject({
  group: z.string().optional(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});

const initiatorSchema = z.looseObject({
  username: z.string().optional(),
  automated: z.boolean().optional(),
});

export const operationSchema = z
  .looseObject({
    sync: z
      .looseObject({
        revision: z.string().optional(),
        revisions: z.array(z.string()).optional(),
        prune: z.boolean().optional(),
        dryRun: z.boolean().optional(),
        resources: z.array(operationResourceSchema).optional(),
        syncOptions: z.array(z.string()).optional(),
        source: recordedSourceSchema.optional(),
        sources: z.array(recordedSourceSchema).optional(),
      })
      .meta(preservesUnknown)
      .optional(),
    initiatedBy: initiatorSchema.optional(),
    info: infoSchema.optional(),
    retry: retryStrategySchema.optional(),
  })
  .meta(preservesUnknown);
export type Operation = z.infer<typeof operationSchema>;

export const resourceHealthSchema = z.looseObject({
  status: z.string().optional().describe('Healthy, Suspended, Progressing, Missing, Degraded or Unknown.'),
  message: z.string().optional(),
  lastTransitionTime: time.optional(),
});
export type HealthStatus = z.infer<typeof resourceHealthSchema>;

export const resourceStatusSchema = z
  .looseObject({
    group: z.string().optional(),
    version: z.string().optional(),
    kind: z.string().optional(),
    namespace: z.string().optional(),
    name: z.string().optional(),
    status: z.string().optional().describe('Synced, OutOfSync or Unknown.'),
    health: resourceHealthSchema.optional(),
    hook: z.boolean().optional(),
    requiresPruning: z.boolean().optional(),
    syncWave: int64.optional(),
  })
  .meta(preservesUnknown);
export type ResourceStatus = z.infer<typeof resourceStatusSchema>;

export const resourceResultSchema = z
  .looseObject({
    group: z.string(),
    version: z.string(),
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    status: z.string().optional().describe('Synced, SyncFailed, Pruned or PruneSkipped.'),
    message: z.string().optional(),
    hookType: z.string().optional(),
    hookPhase: z.string().optional(),
    syncPhase: z.string().optional(),
    images: z.array(z.string()).optional(),
  })
  .meta(preservesUnknown);
export type ResourceResult = z.infer<typeof resourceResultSchema>;

export const operationStateSchema = z
  .looseObject({
    operation: operationSchema,
    phase: z.string().describe('Running, Terminating, Failed, Error or Succeeded.'),
    message: z.string().optional(),
    syncResult: z
      .looseObject({
        revision: z.string().optional(),
        revisions: z.array(z.string()).optional(),
        source: recordedSourceSchema.optional(),
        sources: z.array(recordedSourceSchema).optional(),
        resources: z.array(resourceResultSchema).optional(),
      })
      .meta(preservesUnknown)
      .optional(),
    startedAt: time,
    finishedAt: time.optional(),
    retryCount: int64.optional(),
  })
  .meta(preservesUnknown);
export type OperationState = z.infer<typeof operationStateSchema>;

export const revisionHistorySchema = z
  .looseObject({
    id: int64,
    revision: z.string().optional(),
    revisions: z.array(z.string()).optional(),
    source: recordedSourceSchema.optional(),
    sources: z.array(recordedSourceSchema).optional(),
    deployStartedAt: time.optional(),
    deployedAt: time,
    initiatedBy: initiatorSchema.optional(),
  })
  .meta(preservesUnknown);
export type RevisionHistory = z.infer<typeof revisionHistorySchema>;

export const applicationConditionSchema = z.looseObject({
  type: z.string(),
  message: z.string(),
  lastTransitionTime: time.optional(),
});
export type ApplicationCondition = z.infer<typeof applicationConditionSchema>;

export const applicationStatusSchema = z
  .looseObject({
    sync: z
      .looseObject({
        status: z.string().describe('Synced, OutOfSync or Unknown.'),
        comparedTo: z
          .looseObject({
            source: recordedSourceSchema.optional(),
            sources: z.array(recordedSourceSchema).optional(),
            destination: applicationDestinationSchema.optional(),
            ignoreDifferences: z.array(ignoreDifferencesSchema).optional(),
          })
          .meta(preservesUnknown)
          .optional(),
        revision: z.string().optional(),
        revisions: z.array(z.string()).optional(),
      })
      .optional(),
    health: resourceHealthSchema.optional(),
    resources: z.array(resourceStatusSchema).optional(),
    operationState: operationStateSchema.optional(),
    history: z.array(revisionHistorySchema).optional(),
    conditions: z.array(applicationConditionSchema).optional(),
    reconciledAt: time.optional(),
    observedAt: time.optional(),
    sourceType: z.string().optional().describe('Directory, Kustomize or Helm.'),
    sourceTypes: z.array(z.string()).optional(),
    summary: z
      .looseObject({ images: z.array(z.string()).optional(), externalURLs: z.array(z.string()).optional() })
      .meta(preservesUnknown)
      .optional(),
    resourceHealthSource: z.string().optional(),
    controllerNamespace: z.string().optional(),
    sluice: freeValue.optional().describe("Sluice's own records; Argo CD has no such field."),
  })
  .meta(preservesUnknown);
export type ApplicationStatus = z.infer<typeof applicationStatusSchema>;

export const applicationSchema = z
  .looseObject({
    ...topLevel,
    spec: applicationSpecSchema,
    operation: operationSchema.optional().describe('Asks for one sync; removed when it is taken up.'),
    status: applicationStatusSchema.optional(),
  })
  .describe('Keeps a part of the cluster as a Git repository says.');
export type Application = z.infer<typeof applicationSchema>;
