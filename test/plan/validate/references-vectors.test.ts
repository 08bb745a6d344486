import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AnalysisTemplate } from '../../../src/api/analysis.ts';
import { decode, formatIssues } from '../../../src/api/decode.ts';
import { formatFieldError, type FieldError } from '../../../src/api/field-error.ts';
import { rolloutSchema, type Rollout } from '../../../src/api/rollout.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import {
  validateIngress,
  validateIngressConfig,
} from '../../../src/plan/rollout/validate/references/ingresses.ts';
import {
  validateIstioConfig,
  validateVirtualService,
} from '../../../src/plan/rollout/validate/references/istio.ts';
import {
  validateMapping,
  validateVirtualRouter,
} from '../../../src/plan/rollout/validate/references/mesh.ts';
import type {
  AnalysisReference,
  AnalysisRole,
} from '../../../src/plan/rollout/validate/references/objects.ts';
import { validateService } from '../../../src/plan/rollout/validate/references/services.ts';
import { validateTemplates } from '../../../src/plan/rollout/validate/references/templates.ts';
import { withVectors } from '../../shared.ts';

interface Named extends JsonObject {
  metadata: { name: string };
}
interface Row {
  reference: string;
  role?: string;
  rollout: object;
  objects?: Named[];
  errors?: { field: string; type: string; detail: string; error: string }[];
  error?: string;
}

const SERVICE_FIELDS: Record<string, string> = {
  CanaryService: 'canary.canaryService',
  StableService: 'canary.stableService',
  ActiveService: 'blueGreen.activeService',
  PreviewService: 'blueGreen.previewService',
  PingService: 'canary.pingPong.pingService',
  PongService: 'canary.pingPong.pongService',
};

/** The place that a row of kind analysisTemplates speaks of; undefined: a place that is not judged. */
function analysisReference(role: string, { spec }: Rollout): AnalysisReference | undefined {
  const places: Record<string, [AnalysisRole, string]> = {
    InlineAnalysis: ['step', 'canary.steps[1].analysis'],
    BackgroundAnalysis: ['background', 'canary.analysis'],
    PrePromotionAnalysis: ['prePromotion', 'blueGreen.prePromotionAnalysis'],
    PostPromotionAnalysis: ['postPromotion', 'blueGreen.postPromotionAnalysis'],
  };
  const place = places[role];
  if (place === undefined) return undefined;
  const [kind, path] = place;
  const analysis = kind === 'background' ? (spec.strategy?.canary?.analysis ?? {}) : {};
  return { role: kind, field: `spec.strategy.${path}.templates`, analysis };
}

const named = (object: Named): string => object.metadata.name;

function judge(row: Row, rollout: Rollout): FieldError[] {
  const objects = row.objects ?? [];
  const role = row.role ?? '';
  switch (row.reference) {
    case 'services':
      return objects.flatMap((service) =>
        validateService(
          { field: `spec.strategy.${SERVICE_FIELDS[role]}`, name: named(service) },
          service,
          rollout,
        ),
      );
    case 'analysisTemplates': {
      const reference = analysisReference(role, rollout);
      return reference === undefined
        ? []
        : validateTemplates(reference, objects as unknown as AnalysisTemplate[], [], rollout);
    }
    case 'ingresses':
      return objects.flatMap((ingress) => validateIngress(named(ingress), ingress, rollout));
    case 'virtualServices':
      return objects.flatMap((object) => validateVirtualService(named(object), object, rollout));
    case 'ambassadorMappings': {
      const mappings = rollout.spec.strategy?.canary?.trafficRouting?.ambassador?.mappings ?? [];
      return objects
        .filter((mapping) => mappings.includes(named(mapping)))
        .flatMap((mapping) => validateMapping(named(mapping), mapping));
    }
    case 'appMeshResources':
      return objects.flatMap((router) => validateVirtualRouter(router));
    case 'config':
      return role === 'istio' ? validateIstioConfig(rollout) : validateIngressConfig(rollout);
    default:
      throw new Error(`unknown kind of reference ${row.reference}`);
  }
}

const brief = ({ field, type, detail }: { field: string; type: string; detail: string }): string =>
  `${field} | ${type.replace(/^FieldValue/, '')} | ${detail}`;

withVectors<Row>('validation-references', (rows) => {
  it('gives the same errors in the same order', () => {
    const differences: string[] = [];
    for (const [index, row] of rows.entries()) {
      const decoded = decode(rolloutSchema, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        ...row.rollout,
      });
      assert.ok(decoded.ok, `row ${index}: ${decoded.ok ? '' : formatIssues(decoded.issues)}`);
      const errors = judge(row, decoded.value);
      const got = row.reference === 'config' ? errors.map(formatFieldError) : errors.map(brief);
      const want =
        row.reference === 'config'
          ? row.error === undefined
            ? []
            : [row.error]
          : (row.errors ?? []).map(brief);
      if (JSON.stringify(got) !== JSON.stringify(want)) {
        differences.push(
          `row ${index} ${row.reference} ${row.role ?? ''}\n  got  ${got.join('\n       ')}\n  want ${want.join('\n       ')}`,
        );
      }
    }
    assert.equal(differences.length, 0, differences.join('\n'));
  });
});
