/** YAML as Kubernetes reads and prints it. Pure. */

export { parseYaml, parseYamlDocuments, YamlError } from './yaml/parse.ts';
export type { YamlDocument } from './yaml/parse.ts';
export { printYaml } from './yaml/print.ts';
