/**
 * Replays the recorded scenarios of the reference controller against ours, as its own process on a real control
 * plane, with the recorder's own comparison. A difference that docs/compat.md doesn't explain is a failure.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sharedPath } from '../shared.ts';
import { findOnPath } from './binaries.ts';
import { ControllerProcess } from './controller-process.ts';
import { type Difference, parseCheck, printDifference, type Traces, unexplained } from './differences.ts';
import { EXPLANATIONS } from './explained.ts';
import { withCluster } from './harness.ts';

/** Those that this version is meant to play. */
const SCENARIOS: readonly string[] = [
  'analysis-background-fail',
  'analysis-errors',
  'analysis-inconclusive',
  'analysis-inline-failure',
  'analysis-inline-success',
  'analysis-job-and-dry-run',
  'analysis-job-failure',
  'analysis-provider-down',
  'bluegreen-abort-before',
  'bluegreen-auto-preview-count',
  'bluegreen-auto-seconds-resume',
  'bluegreen-fast-rollback',
  'bluegreen-manual',
  'bluegreen-post-fail',
  'bluegreen-pre-fail',
  'bluegreen-pre-post-success',
  'bluegreen-revision-limit',
  'bluegreen-supersede-scale',
  'canary-abort-new-revision',
  'canary-abort-retry',
  'canary-bad-image-deadline',
  'canary-bad-image-deadline-abort',
  'canary-basic',
  'canary-first-deploy-bad',
  'canary-metadata-antiaffinity',
  'canary-min-ready-history',
  'canary-no-steps',
  'canary-promote-full',
  'canary-restart-pdb',
  'canary-rollback-in-middle',
  'canary-rollback-window',
  'canary-scale-to-zero',
  'canary-scale-while-paused',
  'canary-scale-with-template',
  'canary-spec-paused',
  'canary-steps-edit',
  'canary-string-surge',
  'canary-supersede-in-middle',
  'canary-surge-n10',
  'canary-surge-n3',
  'canary-surge-n5',
  'delete-rollout',
  'dynamic-stable-scale',
  'invalid-at-creation',
  'invalid-by-edit',
  'nginx-canary',
  'nginx-max-weight',
  'strategy-switch',
  'workloadref-never',
  'workloadref-onsuccess',
  'workloadref-progressively',
];

/** They wait for pods and pauses most of the time. */
const JOBS = '8';

const recorder = sharedPath('tools/record.py');
const compat = readFileSync(fileURLToPath(new URL('../../docs/compat.md', import.meta.url)), 'utf8');

const traceOf = (scenario: string): string => sharedPath(`recordings/traces/${scenario}.json`);
const readJson = (file: string): unknown =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;

async function check(kubeconfig: string, out: string, scenarios: readonly string[]): Promise<string> {
  const traces = scenarios.map(traceOf);
  return await new Promise((resolve, reject) => {
    execFile(
      'python3',
      [recorder, '--kubeconfig', kubeconfig, '--jobs', JOBS, '--out', out, '--check', ...traces],
      { maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        // 1 means that something differs; that is for us to judge.
        if (error !== null && error.code !== 1)
          reject(new Error(`${recorder} failed: ${stderr.slice(-3000)}`));
        else resolve(stdout);
      },
    );
  });
}

withCluster('recordings', { stages: sharedPath('recordings/kwok-pods.yaml') }, (cluster) => {
  const missing = !existsSync(recorder)
    ? `${recorder} is not there`
    : findOnPath('python3') === undefined
      ? 'python3 is not on the PATH'
      : undefined;
  if (missing !== undefined) {
    if (process.env['CI'] !== undefined)
      throw new Error(`CI must be able to replay the recordings: ${missing}`);
    it('needs the recordings', { skip: missing }, () => {});
    return;
  }

  const out = mkdtempSync(join(tmpdir(), 'sluice-recordings-'));
  let controller: ControllerProcess;
  let differences: Difference[] = [];
  before(async () => {
    controller = new ControllerProcess({
      kubeconfig: cluster().kubeconfig,
      log: join(out, 'controller.log'),
      args: ['--controllers', 'rollouts,services,analysis', '--leader-elect=false'],
    });
    const traces: Traces = {
      reference: (scenario) => readJson(traceOf(scenario)),
      ours: (scenario) => readJson(join(out, `${scenario}.json`)),
    };
    const judge = (output: string): Difference[] => unexplained(parseCheck(output), EXPLANATIONS, traces);
    differences = judge(await check(cluster().kubeconfig, out, SCENARIOS));
    // Races of the recorder remain: what differs is played once more before it is believed.
    const again = [...new Set(differences.map(({ scenario }) => scenario))];
    if (again.length > 0) differences = judge(await check(cluster().kubeconfig, out, again));
  });
  after(async () => {
    await controller?.end();
    rmSync(out, { recursive: true, force: true });
  });

  for (const scenario of SCENARIOS) {
    it(scenario, () => {
      const left = differences.filter((difference) => difference.scenario === scenario);
      assert.equal(
        left.length,
        0,
        `differences that docs/compat.md does not explain:\n${left.map(printDifference).join('\n')}`,
      );
    });
  }

  it('every explanation stands in docs/compat.md', () => {
    const absent = EXPLANATIONS.filter(({ compat: row }) => !compat.includes(`\n| ${row} |`));
    assert.deepEqual(
      absent.map(({ compat: row }) => row),
      [],
    );
  });
});
