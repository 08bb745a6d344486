/** What the bench updates: three kinds of Rollouts, each with the least number of object writes that its update takes. */

import { nginxCanary, nginxYaml, rolloutYaml } from '../world.ts';

export interface Kind {
  readonly name: string;
  /** Object writes of one update, Events not counted (docs/measured.md). */
  readonly bound: number;
  readonly yaml: (name: string) => string;
}

const STEPS = '[{setWeight: 25}, {setWeight: 50}, {setWeight: 75}]';

const blueGreenYaml = (name: string): string =>
  nginxYaml(name) +
  rolloutYaml(name, { replicas: 4 }).replace(
    /canary:[^]*?---/,
    `blueGreen: {activeService: ${name}-stable, previewService: ${name}-canary}\n---`,
  );

export const KINDS: readonly Kind[] = [
  { name: 'canary', bound: 14, yaml: (name) => rolloutYaml(name, { replicas: 4, steps: STEPS }) },
  {
    name: 'nginx',
    bound: 18,
    yaml: (name) =>
      nginxYaml(name) + rolloutYaml(name, { replicas: 4, steps: STEPS, canary: nginxCanary(name) }),
  },
  { name: 'blue-green', bound: 8, yaml: blueGreenYaml },
];

export const UPDATE = (image: string) => ({
  spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
});
