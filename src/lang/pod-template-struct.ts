/** The struct of a pod template, read from the generated table. Pure. */

import { POD_TEMPLATE_STRUCTS } from './core-v1-fields.ts';
import { readStructs, type Struct } from './struct-table.ts';

export const POD_TEMPLATE_SPEC: Struct = readStructs(POD_TEMPLATE_STRUCTS).get('PodTemplateSpec') as Struct;
