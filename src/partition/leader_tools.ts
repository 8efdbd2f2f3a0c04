import type { Codecs } from '../port/codecs.ts';
import type { Kernels } from '../port/kernels.ts';
import { BatchValidation } from './batch_validation.ts';

/**
 * What all leaders of a thread use. A batch is judged and staged in one go, so one judge serves all of them, and a
 * leader at rest holds none of the memory that this takes.
 */
export class LeaderTools {
  readonly kernels: Kernels;
  readonly codecs: Codecs;
  readonly validation: BatchValidation;

  constructor(kernels: Kernels, codecs: Codecs) {
    this.kernels = kernels;
    this.codecs = codecs;
    this.validation = new BatchValidation(kernels, codecs);
  }
}
