/** Follows references to templates, nested ones too (spec 05 section 2, step 1). */

import type { AnalysisTemplateRef, TemplateObject } from './types.ts';

export interface TemplateLookup<T extends TemplateObject = TemplateObject> {
  template(name: string): T | undefined;
  clusterTemplate(name: string): T | undefined;
}

export interface CollectedTemplates<T extends TemplateObject = TemplateObject> {
  templates: T[];
  clusterTemplates: T[];
}

export interface CollectError {
  /** `AnalysisTemplate 'x' not found`, or the cycle in words. */
  error: string;
  /** The reference that failed. */
  templateName: string;
  clusterScope: boolean;
  /** True where the reference stands in a template, not in the Rollout, Experiment or run. */
  nested: boolean;
}

/**
 * Pre-order: a template, then what it refers to. Each kind has its own list without repetitions. A template that
 * comes back to itself is an error (the reference recurses for ever); two ways to the same template are not.
 */
export function collectTemplates<T extends TemplateObject>(
  refs: readonly AnalysisTemplateRef[],
  lookup: TemplateLookup<T>,
): CollectedTemplates<T> | CollectError {
  const templates: T[] = [];
  const clusterTemplates: T[] = [];
  const done = new Set<string>();

  const visit = (list: readonly AnalysisTemplateRef[], path: readonly string[]): CollectError | undefined => {
    for (const ref of list) {
      const clusterScope = ref.clusterScope === true;
      const templateName = ref.templateName ?? '';
      const kind = clusterScope ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
      const id = `${kind} '${templateName}'`;
      const failed = { templateName, clusterScope, nested: path.length > 0 };
      if (path.includes(id)) {
        const cycle = [...path.slice(path.indexOf(id)), id].join(' -> ');
        return { ...failed, error: `${id} refers to itself: ${cycle}` };
      }
      if (done.has(id)) continue;
      done.add(id);
      const found = clusterScope ? lookup.clusterTemplate(templateName) : lookup.template(templateName);
      if (found === undefined) return { ...failed, error: `${id} not found` };
      (clusterScope ? clusterTemplates : templates).push(found);
      const inner = visit(found.spec.templates ?? [], [...path, id]);
      if (inner !== undefined) return inner;
    }
    return undefined;
  };

  return visit(refs, []) ?? { templates, clusterTemplates };
}
