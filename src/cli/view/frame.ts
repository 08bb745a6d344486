/** What `get` shows: key lines, images, and the tree (spec 09 section 7). Pure. */

import type { ExperimentModel } from '../model/experiment.ts';
import type { ImageModel } from '../model/images.ts';
import type { RolloutModel } from '../model/rollout.ts';
import { statusCell, tagColor } from './icons.ts';
import { type Cell, paint, plain, type Style } from './style.ts';
import { experimentNode, revisionNode, type Scene, treeLines } from './tree.ts';

const KEY_WIDTH = 17;

export const keyLine = (key: string, value: Cell, style: Style): string =>
  (key.padEnd(KEY_WIDTH) + paint(value, style)).trimEnd();

export function rolloutLines(model: RolloutModel, scene: Scene): string[] {
  const { style } = scene;
  const line = (key: string, value: string | number): string => keyLine(key, plain(String(value)), style);
  return [
    line('Name:', model.name),
    line('Namespace:', model.namespace),
    keyLine('Status:', statusCell('Rollout', model.status, style), style),
    ...(model.message === '' ? [] : [line('Message:', model.message)]),
    line('Strategy:', model.strategy),
    ...(model.strategy === 'Canary'
      ? [
          line('  Step:', model.step ?? ''),
          line('  SetWeight:', model.setWeight ?? 0),
          line('  ActualWeight:', model.actualWeight ?? 0),
        ]
      : []),
    ...imageLines(model.images, style),
    line('Replicas:', ''),
    line('  Desired:', model.replicas.desired),
    line('  Current:', model.replicas.current),
    line('  Updated:', model.replicas.updated),
    line('  Ready:', model.replicas.ready),
    line('  Available:', model.replicas.available),
    '',
    ...treeLines(
      {
        kind: 'Rollout',
        name: model.name,
        status: model.status,
        createdAt: model.createdAt,
        info: [],
        children: model.revisions.map((revision) => revisionNode(revision, scene)),
      },
      scene,
    ),
  ];
}

export function experimentLines(model: ExperimentModel, scene: Scene): string[] {
  const { style } = scene;
  const line = (key: string, value: string): string => keyLine(key, plain(value), style);
  return [
    line('Name:', model.name),
    line('Namespace:', model.namespace),
    keyLine('Status:', statusCell('Experiment', model.status, style), style),
    ...(model.message === '' ? [] : [line('Message:', model.message)]),
    ...imageLines(model.images, style),
    '',
    ...treeLines(experimentNode(model, scene), scene),
  ];
}

function imageLines(images: readonly ImageModel[], style: Style): string[] {
  return images.map(({ image, tags }, i) => {
    const shown = tags.flatMap((tag, n) => [
      { text: n === 0 ? ' (' : ', ' },
      { text: style.symbols ? tag : tag.replace(/^Σ:/, 'experiment:'), color: tagColor(tag) },
    ]);
    const cell = [{ text: image }, ...shown, { text: tags.length === 0 ? '' : ')' }];
    return keyLine(i === 0 ? 'Images:' : '', cell, style);
  });
}
