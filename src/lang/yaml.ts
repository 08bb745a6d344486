/** YAML as Kubernetes reads and prints it. Pure. */

export { parseYaml, YamlError } from './yaml/parse.ts';
export { printYaml } from './yaml/print.ts';
