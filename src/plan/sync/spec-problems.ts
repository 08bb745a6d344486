/**
 * What of an Application's spec is wrong, or is not acted on yet. Nothing is ignored silently: what would change
 * the result stops the sync, the rest is a warning. Spec 11 sections 1 and 6.
 */

import type { Application } from '../../api/application.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import { annotationsOf, describe, syncOptionsOf } from './identity.ts';
import type { Problem, ResourceIdentity } from './types.ts';

const IN_CLUSTER = new Set([
  undefined,
  '',
  'https://kubernetes.default.svc',
  'https://kubernetes.default.svc/',
]);

/** Options that are done, or that ask for what is done anyway. */
const OPTIONS_DONE = new Set([
  'CreateNamespace=true',
  'CreateNamespace=false',
  'Prune=true',
  'Prune=false',
  'PruneLast=true',
  'PruneLast=false',
  'Validate=true',
  'Validate=false',
  'Delete=true',
  'Delete=false',
  'Replace=false',
  'Force=false',
  'ServerSideApply=true',
  'ApplyOutOfSyncOnly=true',
  'ApplyOutOfSyncOnly=false',
  'FailOnSharedResource=true',
  'FailOnSharedResource=false',
  'RespectIgnoreDifferences=true',
  'RespectIgnoreDifferences=false',
  'SkipDryRunOnMissingResource=true',
  'SkipDryRunOnMissingResource=false',
  'PrunePropagationPolicy=foreground',
  'PrunePropagationPolicy=background',
  'PrunePropagationPolicy=orphan',
]);
/** Objects are always applied on the server's side: the result is what such an option is there for. */
const OPTIONS_HARMLESS = new Set(['ServerSideApply=false', 'ClientSideApplyMigration=false']);

const KNOWN_SPEC = new Set([
  'project',
  'source',
  'sources',
  'destination',
  'syncPolicy',
  'ignoreDifferences',
  'info',
  'revisionHistoryLimit',
]);
const KNOWN_SOURCE = new Set([
  'repoURL',
  'targetRevision',
  'path',
  'chart',
  'ref',
  'directory',
  'kustomize',
  'helm',
  'plugin',
  'name',
]);
const KNOWN_POLICY = new Set(['automated', 'syncOptions', 'retry', 'managedNamespaceMetadata']);

interface SpecProblems {
  /** The first one that makes a sync impossible. */
  readonly fatal: Problem | undefined;
  readonly warnings: readonly Problem[];
}

export function specProblems(application: Application): SpecProblems {
  const { spec } = application;
  const warnings: Problem[] = [];
  const invalid = (message: string): SpecProblems => ({
    fatal: { type: 'InvalidSpecError', message },
    warnings,
  });
  if (spec.project !== undefined && spec.project !== '' && spec.project !== 'default') {
    warnings.push({
      type: 'UnknownProjectWarning',
      message: `spec.project "${spec.project}" is not known: only "default" is, and its limits (none) apply`,
    });
  }
  const unknown = (object: unknown, known: ReadonlySet<string>, at: string): void => {
    if (!isObject(object)) return;
    for (const field of Object.keys(object)) {
      if (known.has(field) || object[field] === undefined) continue;
      warnings.push({
        type: 'UnknownFieldWarning',
        message: `${at}.${field} is not known and has no effect`,
      });
    }
  };
  unknown(spec, KNOWN_SPEC, 'spec');
  unknown(spec.source, KNOWN_SOURCE, 'spec.source');
  unknown(spec.syncPolicy, KNOWN_POLICY, 'spec.syncPolicy');

  if (spec.sources !== undefined && spec.sources.length > 0) {
    return invalid('spec.sources: several sources are not supported yet; use spec.source');
  }
  if (spec.source === undefined)
    return invalid('spec.source is missing; name repoURL, targetRevision and path');
  if (spec.source.repoURL.trim() === '') return invalid('spec.source.repoURL is empty');
  if (spec.source.chart) return invalid('spec.source.chart: Helm charts are not supported yet; use a path');
  if (spec.source.helm !== undefined) return invalid('spec.source.helm: Helm is not supported yet');
  if (spec.source['plugin'] !== undefined) {
    return invalid('spec.source.plugin: config management plugins are not supported');
  }
  if (spec.source.ref)
    return invalid('spec.source.ref has a meaning only among several sources, which are not supported yet');
  const { server, name } = spec.destination;
  if (server !== undefined && server !== '' && name !== undefined && name !== '') {
    return invalid('spec.destination has both server and name; keep one');
  }
  if (!IN_CLUSTER.has(server)) {
    return invalid(
      `spec.destination.server "${server}" is another cluster, which is not supported yet; use https://kubernetes.default.svc`,
    );
  }
  if (name !== undefined && name !== '' && name !== 'in-cluster') {
    return invalid(
      `spec.destination.name "${name}" is another cluster, which is not supported yet; use in-cluster`,
    );
  }
  if (spec.ignoreDifferences !== undefined && spec.ignoreDifferences.length > 0) {
    return invalid(
      'spec.ignoreDifferences is not supported yet; leave the fields out of Git instead, then other managers keep them',
    );
  }
  for (const option of spec.syncPolicy?.syncOptions ?? []) {
    const problem = optionProblem(option);
    if (problem === 'not-done') return invalid(`spec.syncPolicy.syncOptions: ${option} is not supported yet`);
    if (problem === 'no-effect') {
      warnings.push({
        type: 'UnknownFieldWarning',
        message: `spec.syncPolicy.syncOptions: ${option} has no effect: objects are always applied on the server's side`,
      });
    }
  }
  const { operation } = application;
  if (operation?.sync?.['source'] !== undefined || operation?.sync?.['sources'] !== undefined) {
    return invalid('operation.sync.source: a sync to another source is not supported yet');
  }
  return { fatal: undefined, warnings };
}

function optionProblem(option: string): 'not-done' | 'no-effect' | undefined {
  if (OPTIONS_DONE.has(option)) return undefined;
  return OPTIONS_HARMLESS.has(option) ? 'no-effect' : 'not-done';
}

/** The same for one manifest: hooks and options that are not done yet. */
export function manifestProblems(identity: ResourceIdentity, manifest: JsonObject): SpecProblems {
  const annotations = annotationsOf(manifest);
  const warnings: Problem[] = [];
  const hook = annotations['argocd.argoproj.io/hook'] ?? annotations['helm.sh/hook'];
  const fail = (text: string): SpecProblems => ({
    fatal: { type: 'ComparisonError', message: `${describe(identity)}: ${text}` },
    warnings,
  });
  if (hook !== undefined && hook !== 'Skip')
    return fail(`it is a ${hook} hook, and hooks are not supported yet`);
  for (const option of syncOptionsOf(manifest)) {
    if (optionProblem(option) === 'not-done') return fail(`the sync option ${option} is not supported yet`);
  }
  const wave = annotations['argocd.argoproj.io/sync-wave'];
  if (wave !== undefined && wave !== '0') {
    warnings.push({
      type: 'SyncWaveWarning',
      message: `${describe(identity)} has sync-wave ${wave}: waves order the apply, but health is not waited for between them yet`,
    });
  }
  return { fatal: undefined, warnings };
}

export const isSkipped = (manifest: JsonObject): boolean =>
  annotationsOf(manifest)['argocd.argoproj.io/hook'] === 'Skip';
