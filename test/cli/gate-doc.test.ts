/** docs/analysis-gate.md shows the run that the demo's gate left (fixtures/demo-gate.json), as the command shows it today. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findingsIn } from '../../src/cli/lint/findings.ts';
import { analysisDetail } from '../../src/cli/model/analysis-detail.ts';
import { analysisRunLines } from '../../src/cli/view/analysis-run.ts';
import { repositoryFiles } from '../../src/demo/manifests.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { parseTime } from '../../src/lang/time.ts';
import { parseYamlDocuments } from '../../src/lang/yaml.ts';

const run = JSON.parse(
  readFileSync(new URL('fixtures/demo-gate.json', import.meta.url), 'utf8'),
) as KubeObject & { status: { completedAt: string } };

describe("the demo's gate", () => {
  it('is shown in docs/analysis-gate.md as the command shows it', () => {
    const file = new URL('../../docs/analysis-gate.md', import.meta.url);
    const now = (parseTime(run.status.completedAt) ?? 0) + 50_000;
    const lines = analysisRunLines(analysisDetail(run), { now, style: { color: false, symbols: true } });
    const text = readFileSync(file, 'utf8');
    const [before = '', after = ''] = text.split(/(?<=get analysisrun \S+ -n shop\n)[^]*?\n(?=```)/);
    const written = `${before}${lines.join('\n')}\n${after}`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, written);
    assert.equal(text, written);
  });

  it('is one that lint finds nothing wrong with', () => {
    const source = repositoryFiles({ version: 'v1', speed: 1 });
    const documents = [...source].flatMap(([path, text]) =>
      path.endsWith('.yaml')
        ? parseYamlDocuments(text, path).map(({ value, lineOf }) => ({
            manifest: value as JsonObject,
            file: path,
            lineOf,
          }))
        : [],
    );
    assert.ok(documents.some(({ manifest }) => manifest['kind'] === 'AnalysisTemplate'));
    assert.deepEqual(findingsIn(documents), []);
  });
});
