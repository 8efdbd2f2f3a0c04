import { runCampaign } from './campaign.ts';

/**
 * `node test/hostile/fuzz.ts [inputs] [seed]`: drawn and spoilt requests through real sockets. Says what was answered,
 * and the memory.
 */
const inputs = Number(process.argv[2] ?? 100_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const began = performance.now();
const { seen, residentBytesBefore, residentBytesMax, ...counts } = await runCampaign({ inputs, seed });
const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
console.log(
  [...seen]
    .map(([what, count]) => `${what}: ${count}`)
    .sort()
    .join('\n'),
);
console.log(JSON.stringify({ seed, seconds: Math.round((performance.now() - began) / 1000), ...counts }));
console.log(`resident ${mebibytes(residentBytesBefore)} MiB before, ${mebibytes(residentBytesMax)} MiB at most`);
