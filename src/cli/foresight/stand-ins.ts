/** A file seldom holds all that a Rollout refers to. What is missing is taken to be there and to fit, and is named. */

import type { AnalysisTemplate } from '../../api/analysis.ts';
import type { AnalysisTemplateRef } from '../../api/analysis-args.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { RolloutSnapshot, ServiceView } from '../../plan/rollout/index.ts';
import { templateReferences } from '../../plan/rollout/validate-references.ts';

export interface Completed<S> {
  readonly snapshot: S;
  /** `Service web-canary`, `AnalysisTemplate rate`. */
  readonly missing: readonly string[];
}

/** The metric of a template that nobody has seen: measured once, with an answer at once. */
export const UNSEEN = 'unseen';

export function withStandIns<S extends RolloutSnapshot>(snapshot: S): Completed<S> {
  const missing: string[] = [];
  const services: Record<string, ServiceView> = {};
  for (const [name, service] of Object.entries(snapshot.services)) {
    services[name] = service ?? { name, selector: {}, managedBy: undefined };
    if (service === null) missing.push(`Service ${name}`);
  }
  const templates = [...snapshot.templates];
  const clusterTemplates = [...snapshot.clusterTemplates];
  const unknown = unseenTemplates(snapshot);
  for (const ref of unknown) {
    const { templateName = '', clusterScope } = ref;
    const kind = clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
    if (missing.includes(`${kind} ${templateName}`)) continue;
    missing.push(`${kind} ${templateName}`);
    (clusterScope === true ? clusterTemplates : templates).push(unseen(kind, templateName));
  }
  const references: Record<string, unknown> = {};
  for (const [family, found] of Object.entries(snapshot.references as Record<string, Found | undefined>)) {
    if (found === undefined) continue;
    const absent = Object.entries(found).filter(([, object]) => object === undefined);
    if (family !== 'services')
      missing.push(...absent.map(([name]) => `${SINGULAR[family] ?? family} ${name}`));
    // Only whole families can be judged.
    const isComplete = absent.length === 0 && (unknown.length === 0 || !family.endsWith('Templates'));
    if (isComplete) references[family] = found;
  }
  return { snapshot: { ...snapshot, services, templates, clusterTemplates, references }, missing };
}

type Found = Readonly<Record<string, JsonObject | undefined>>;

const SINGULAR: Readonly<Record<string, string>> = {
  ingresses: 'Ingress',
  virtualServices: 'VirtualService',
  mappings: 'Mapping',
  appMeshVirtualServices: 'VirtualService of App Mesh',
  appMeshVirtualRouters: 'VirtualRouter',
};

function unseenTemplates({ rollout, templates, clusterTemplates }: RolloutSnapshot): AnalysisTemplateRef[] {
  if (rollout === undefined) return [];
  return templateReferences(rollout).filter(({ templateName, clusterScope }) =>
    (clusterScope === true ? clusterTemplates : templates).every(
      ({ metadata }) => metadata.name !== templateName,
    ),
  );
}

const unseen = (kind: string, name: string): AnalysisTemplate => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind,
  metadata: { name },
  spec: {
    metrics: [{ name: UNSEEN, consecutiveErrorLimit: 0, provider: { web: { url: 'https://example.com' } } }],
  },
});
