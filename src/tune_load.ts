/** The process that makes the load for `millrace tune`: the generator of the bench. */
import '../bench/load/generator.ts';
