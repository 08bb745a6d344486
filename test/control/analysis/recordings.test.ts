/** Runs of the recorded stories, measured by our controller: phases, messages, events, results and Jobs must be equal. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SECRET } from '../../../src/kube/kinds.ts';
import { parseYaml } from '../../../src/lang/yaml.ts';
import type { AnalysisRunSpec, AnalysisRunStatus } from '../../../src/plan/analysis/types.ts';
import { sharedPath } from '../../shared.ts';
import { Bench } from './bench.ts';
import { withoutEvidence } from './without-evidence.ts';
import type { Answer } from './bench.ts';

interface RecordedRun {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: AnalysisRunSpec;
  status: AnalysisRunStatus;
}

interface RecordedJob {
  metadata: Record<string, unknown>;
}

interface Trace {
  tracks: Record<string, Record<string, unknown[]>>;
  events: Record<string, unknown[]>;
  final: Record<string, RecordedRun | RecordedJob>;
}

const WEB = 'http://web';

/** Names that a trace has in place of what differs from run to run can't stand in objects. */
const real = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(/<rs:(\d)>/g, 'hash-$1')
      .replaceAll('{{web}}', WEB),
  ) as T;

function normal<T>(value: T, bench: Bench): T {
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replaceAll(`"${bench.namespace}"`, '"<ns>"'),
  ) as T;
}

/** The distinct values of a track, as the traces keep them. */
function track(
  statuses: readonly AnalysisRunStatus[],
  pick: (status: AnalysisRunStatus) => unknown,
): unknown[] {
  const rows: unknown[] = [];
  for (const status of statuses) {
    const value = pick(status);
    if (value !== undefined && JSON.stringify(rows.at(-1)) !== JSON.stringify(value)) rows.push(value);
  }
  return rows;
}

const byName = (status: AnalysisRunStatus): AnalysisRunStatus => ({
  ...status,
  ...(status.metricResults === undefined
    ? {}
    : { metricResults: [...status.metricResults].sort((a, b) => (a.name < b.name ? -1 : 1)) }),
});

/** What the story's user does: seconds after which a run is terminated. */
const TERMINATED: Record<string, number> = { 'for-ever': 6, 'demo-hash-2-2.1': 3 };

const STORIES = [
  'errors',
  'inline-success',
  'inline-failure',
  'inconclusive',
  'background-fail',
  'provider-down',
  'job-failure',
  'job-and-dry-run',
];

describe('recorded analysis', () => {
  if (!existsSync(sharedPath('recordings'))) {
    it('needs the shared recordings', { skip: 'they are not there' }, () => {});
    return;
  }
  for (const story of STORIES)
    it(story, async () => {
      const trace = real(
        JSON.parse(readFileSync(sharedPath(`recordings/traces/analysis-${story}.json`), 'utf8')) as Trace,
      );
      const [scenario] = parseYaml(
        readFileSync(sharedPath(`recordings/scenarios/analysis-${story}.yaml`), 'utf8'),
      ) as { web?: Record<string, Answer[]> }[];
      await using bench = new Bench();
      bench.web = scenario?.web ?? {};
      await bench.api.create(SECRET, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'key', namespace: bench.namespace },
        data: { token: btoa('t') },
      });
      const names = Object.keys(trace.final).filter((name) => name.startsWith('AnalysisRun/'));
      // Runs of one Rollout come one after the other, those of the user at once.
      for (const [i, key] of names.entries()) {
        const name = key.slice('AnalysisRun/'.length);
        const recorded = trace.final[key] as RecordedRun;
        const { labels = {}, annotations = {} } = recorded.metadata;
        const { terminate, ...spec } = recorded.spec;
        await bench.create(name, spec, { labels, annotations });
        const seconds = terminate === true ? (TERMINATED[name] ?? assert.fail(name)) : undefined;
        if (seconds !== undefined)
          bench.clock.setTimer(seconds * 1000, () => void bench.terminate(name).catch(assert.fail));
        if (story !== 'errors' || i === names.length - 1) await bench.clock.advance(30_000);
      }
      for (const key of names) {
        const name = key.slice('AnalysisRun/'.length);
        const recorded = trace.final[key] as RecordedRun;
        const statuses = bench.statuses.get(name) ?? [];
        const tracks = trace.tracks[key] ?? {};
        assert.deepEqual(
          track(statuses, ({ phase, message }) => [phase, message ?? '']),
          tracks['phase'],
          name,
        );
        for (const [of, rows] of Object.entries(tracks))
          if (of.startsWith('metric '))
            assert.deepEqual(
              track(statuses, ({ metricResults }) => {
                const result = metricResults?.find((each) => `metric ${each.name}` === of);
                return result === undefined ? undefined : [result.phase, result.message ?? ''];
              }),
              rows,
              `${name} ${of}`,
            );
        assert.deepEqual(await bench.events(name), trace.events[key], name);
        const status = byName(withoutEvidence(normal(await bench.status(name), bench)));
        if (JSON.stringify(recorded.status).includes('<unstable>')) continue;
        assert.deepEqual(status, recorded.status, name);
      }
      const jobs = normal(await bench.jobs(), bench);
      const recordedJobs = Object.keys(trace.final).filter((key) => key.startsWith('Job/'));
      assert.deepEqual(
        jobs.map(({ metadata }) => `Job/${metadata.name}`),
        recordedJobs,
      );
      for (const { metadata } of jobs) {
        const { name, labels = {}, annotations, ownerReferences = [] } = metadata;
        const recorded = (trace.final[`Job/${name}`] as RecordedJob).metadata;
        const owners = normal(
          ownerReferences.map((owner) => ({ ...owner, uid: undefined })),
          bench,
        );
        const ours = Object.entries(labels).filter(([label]) => !label.includes('batch'));
        assert.deepEqual(
          { name, labels: Object.fromEntries(ours), annotations, ownerReferences: owners },
          recorded,
        );
      }
    });
});
