/** Objects and what belongs to them, as lines of a table with a tree in its first column (spec 09 section 7). Pure. */

import { humanDuration } from '../../lang/duration.ts';
import { parseTime } from '../../lang/time.ts';
import type { AnalysisRunModel } from '../model/analysis-run.ts';
import type { ExperimentModel } from '../model/experiment.ts';
import type { PodModel } from '../model/pod.ts';
import type { ReplicaSetModel } from '../model/replica-set.ts';
import type { RevisionModel } from '../model/rollout.ts';
import { countsCell, KIND_ICONS, runColor, type ShownKind, statusCell, tagColor } from './icons.ts';
import { type Cell, type Color, plain, type Style } from './style.ts';
import { tableLines } from './table.ts';

export interface TreeNode {
  readonly kind: ShownKind;
  readonly name: string;
  readonly nameColor?: Color | undefined;
  readonly status: string;
  readonly createdAt: string;
  readonly info: Cell;
  readonly children: readonly TreeNode[];
}

export interface Scene {
  /** Milliseconds since the epoch; ages are counted from it. */
  readonly now: number;
  readonly style: Style;
}

const DRAWN = { branch: '├──', last: '└──', through: '│  ', blank: '   ' };
const TYPED = { branch: '|-- ', last: '`-- ', through: '|   ', blank: '    ' };

export function treeLines(root: TreeNode, scene: Scene): string[] {
  const { style } = scene;
  const rows: Cell[][] = [['NAME', 'KIND', 'STATUS', 'AGE', 'INFO'].map(plain)];
  const lines = style.symbols ? DRAWN : TYPED;
  const add = (node: TreeNode, lead: string, indent: string): void => {
    const icon = style.symbols ? `${KIND_ICONS[node.kind]} ` : '';
    const first = [{ text: `${lead}${icon}` }, { text: node.name, color: node.nameColor }];
    rows.push(
      node.kind === 'Revision'
        ? [first]
        : [
            first,
            plain(node.kind),
            statusCell(node.kind, node.status, style),
            plain(ageOf(node.createdAt, scene.now)),
            node.info,
          ],
    );
    for (const [i, child] of node.children.entries()) {
      const isLast = i === node.children.length - 1;
      add(
        child,
        indent + (isLast ? lines.last : lines.branch),
        indent + (isLast ? lines.blank : lines.through),
      );
    }
  };
  add(root, '', '');
  return tableLines(rows, style);
}

export function ageOf(createdAt: string, now: number): string {
  const since = parseTime(createdAt);
  return since === undefined ? '<unknown>' : humanDuration(Math.max(0, now - since));
}

export function revisionNode(model: RevisionModel, scene: Scene): TreeNode {
  return {
    kind: 'Revision',
    name: `revision:${model.revision}`,
    status: '',
    createdAt: '',
    info: [],
    children: [
      ...model.replicaSets.map((rs) => replicaSetNode(rs, scene)),
      ...model.experiments.map((experiment) => experimentNode(experiment, scene)),
      ...model.analysisRuns.map((run) => analysisRunNode(run, scene)),
    ],
  };
}

function replicaSetNode(rs: ReplicaSetModel, scene: Scene): TreeNode {
  const delay = delayOf(rs.scaleDownDeadline, scene.now);
  const tags = delay === undefined ? rs.tags : [...rs.tags, delay];
  return {
    kind: 'ReplicaSet',
    name: rs.name,
    nameColor: rs.tags.map(tagColor).find((color) => color !== undefined),
    status: rs.status,
    createdAt: rs.createdAt,
    info: tags.flatMap((tag, i) => [{ text: i === 0 ? '' : ',' }, { text: tag, color: tagColor(tag) }]),
    children: rs.pods.map(podNode),
  };
}

function delayOf(deadline: string, now: number): string | undefined {
  const at = parseTime(deadline);
  if (at === undefined) return undefined;
  return at < now ? 'delay:passed' : `delay:${humanDuration(at - now)}`;
}

function podNode(pod: PodModel): TreeNode {
  const restarts = pod.restarts > 0 ? `,restarts:${pod.restarts}` : '';
  return { ...pod, kind: 'Pod', info: plain(`ready:${pod.ready}/${pod.total}${restarts}`), children: [] };
}

function analysisRunNode(run: AnalysisRunModel, { style }: Scene): TreeNode {
  return {
    kind: 'AnalysisRun',
    name: run.name,
    nameColor: runColor(run.status),
    status: run.status,
    createdAt: run.createdAt,
    info: countsCell(run, style),
    children: run.jobs.map((job) => ({ ...job, kind: 'Job', info: [], children: [] })),
  };
}

export function experimentNode(experiment: ExperimentModel, scene: Scene): TreeNode {
  return {
    kind: 'Experiment',
    name: experiment.name,
    nameColor: runColor(experiment.status),
    status: experiment.status,
    createdAt: experiment.createdAt,
    info: [],
    children: [
      ...experiment.replicaSets.map((rs) => replicaSetNode(rs, scene)),
      ...experiment.analysisRuns.map((run) => analysisRunNode(run, scene)),
    ],
  };
}
