import { bytesText, durationText } from './units.ts';

/** Text of a file, or null when it cannot be read. */
export type ReadText = (path: string) => string | null;

/** What this process may use, and who says so. */
export interface Available {
  /** Threads worth having: processors rounded up. */
  readonly cores: number;
  /** Processors' worth of time, with a fraction. */
  readonly processors: number;
  readonly coresFrom: string;
  readonly memoryBytes: number;
  readonly memoryFrom: string;
}

/** `fine`: leave it. `look`: it may cost something, the word says when. `trouble`: change it before a broker runs here. */
export type FindingState = 'fine' | 'look' | 'trouble';

/** One thing that was found about the machine. */
export interface Finding {
  readonly name: string;
  readonly value: string;
  readonly state: FindingState;
  /** What it is worth, or what to do. */
  readonly word: string;
}

/** What the configuration asks of the machine. */
export interface Wanted {
  readonly shards: number;
  readonly arenaBytes: number;
  readonly listenBacklog: number;
  /** -1: as the kernel decides. */
  readonly socketReceiveBufferBytes: number;
  readonly socketSendBufferBytes: number;
  readonly flushPolicy: 'never' | 'interval' | 'acknowledged';
}

/** What was measured and asked of the volume that holds the data. */
export interface VolumeFacts {
  readonly directory: string;
  readonly fileSystem: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Of an appended block and its sync, in milliseconds. */
  readonly syncMs: { readonly median: number; readonly worst: number };
  /** Written and synced one after the other, bytes in a second. */
  readonly sequentialBytesPerSecond: number;
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

export function findingsOf(
  read: ReadText,
  available: Available,
  wanted: Wanted,
  volume: VolumeFacts,
): readonly Finding[] {
  return [
    ...processorFindings(read, available, wanted),
    ...memoryFindings(read, available, wanted),
    ...descriptorFindings(read),
    ...volumeFindings(volume, wanted),
    ...writeBackFindings(read, available, volume),
    ...networkFindings(read, wanted),
  ];
}

function processorFindings(read: ReadText, available: Available, wanted: Wanted): Finding[] {
  const { cores, processors, coresFrom } = available;
  const found: Finding[] = [];
  const value = `${processors}, from ${coresFrom}`;
  if (wanted.shards > cores) {
    found.push(look('cores', value, `${wanted.shards} shards share ${cores}: each waits for the others`));
  } else if (processors < cores) {
    found.push(look('cores', value, 'a quota that is no whole number stops all threads at the end of each period'));
  } else found.push(fine('cores', value, `room for ${cores === 1 ? 'one shard' : `${cores} shards`}`));

  const source = read('/sys/devices/system/clocksource/clocksource0/current_clocksource')?.trim();
  if (source !== undefined) {
    const isFast = ['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter'].includes(source);
    found.push(
      isFast
        ? fine('clock source', source, 'read without a system call')
        : look('clock source', source, 'each look at the clock is a system call; tsc or kvm-clock is not'),
    );
  }
  const governor = read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor')?.trim();
  if (governor !== undefined) {
    found.push(
      governor === 'powersave'
        ? look('frequency governor', governor, 'cores that rest slowly answer late; performance suits a broker')
        : fine('frequency governor', governor, 'cores are fast when there is work'),
    );
  }
  return found;
}

function memoryFindings(read: ReadText, available: Available, wanted: Wanted): Finding[] {
  const { memoryBytes, memoryFrom } = available;
  const found: Finding[] = [];
  const arenas = wanted.shards * wanted.arenaBytes;
  const value = `${bytesText(memoryBytes)}, from ${memoryFrom}`;
  if (memoryBytes < 512 * MIB)
    found.push(trouble('memory', value, 'a node with two shards needs some 300 MiB of its own'));
  else if (arenas > memoryBytes / 2) {
    found.push(look('memory', value, `requests may take ${bytesText(arenas)} of it: more than half`));
  } else found.push(fine('memory', value, `requests take ${bytesText(arenas)} of it at most; page cache has the rest`));

  const swappiness = numberIn(read, '/proc/sys/vm/swappiness');
  const swap = /^SwapTotal:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1] ?? '0';
  if (swappiness !== null) {
    if (Number(swap) === 0) found.push(fine('swap', 'none', `vm.swappiness ${swappiness} means nothing without any`));
    else if (swappiness > 10) {
      found.push(look('swap', `vm.swappiness ${swappiness}`, 'heap goes to disk for page cache; 1 keeps it in memory'));
    } else found.push(fine('swap', `vm.swappiness ${swappiness}`, 'page cache goes before heap does'));
  }
  const huge = /\[(\w+)\]/.exec(read('/sys/kernel/mm/transparent_hugepage/enabled') ?? '')?.[1];
  if (huge !== undefined) {
    found.push(
      huge === 'always'
        ? look('transparent huge pages', huge, 'memory grows by 2 MiB where 4 KiB are touched; madvise does not')
        : fine('transparent huge pages', huge, 'memory grows as it is touched'),
    );
  }
  const maps = numberIn(read, '/proc/sys/vm/max_map_count');
  if (maps !== null) {
    found.push(
      maps < 65_530
        ? look('vm.max_map_count', String(maps), 'below the default of the kernel; threads and heaps are maps')
        : fine('vm.max_map_count', String(maps), 'segments are not mapped here, threads and heaps need some hundreds'),
    );
  }
  return found;
}

function descriptorFindings(read: ReadText): Finding[] {
  const found: Finding[] = [];
  const [, , hard] = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(read('/proc/self/limits') ?? '') ?? [];
  if (hard !== undefined) {
    const limit = hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
    const word = 'one for each connection and some for each partition';
    if (limit < 4096) found.push(trouble('open files', hard, `${word}: raise it (ulimit -Hn, LimitNOFILE=)`));
    else if (limit < 65_536) found.push(look('open files', hard, `${word}: 100000 is a good limit`));
    else found.push(fine('open files', hard, word));
  }
  const all = numberIn(read, '/proc/sys/fs/file-max');
  if (all !== null && all < 200_000) {
    found.push(look('fs.file-max', String(all), 'open files of the whole machine'));
  }
  return found;
}

function volumeFindings(volume: VolumeFacts, { flushPolicy }: Wanted): Finding[] {
  const { fileSystem, freeBytes, totalBytes, syncMs, sequentialBytesPerSecond } = volume;
  const found: Finding[] = [];
  const name = `file system of ${volume.directory}`;
  if (['tmpfs', 'ramfs'].includes(fileSystem))
    found.push(trouble(name, fileSystem, 'memory: nothing survives a restart'));
  else if (['nfs', 'nfs4', 'cifs', 'smb3', '9p', 'fuse', 'fuseblk', 'virtiofs'].includes(fileSystem)) {
    found.push(look(name, fileSystem, 'syncs and renames are as good as the server behind it'));
  } else if (fileSystem === 'overlay') {
    found.push(look(name, fileSystem, "a container's own layer: give the data directory a volume"));
  } else found.push(fine(name, fileSystem, 'local'));

  const free = `${bytesText(freeBytes)} of ${bytesText(totalBytes)}`;
  if (freeBytes < totalBytes * 0.05) found.push(trouble('free space', free, 'producers are slowed down already'));
  else if (freeBytes < Math.max(10 * GIB, totalBytes * 0.15)) {
    found.push(look('free space', free, 'at 95 % of the volume producers are slowed down'));
  } else found.push(fine('free space', free, 'enough for now'));

  const sync = `${durationText(syncMs.median)} each, ${durationText(syncMs.worst)} at worst`;
  if (syncMs.median < 0.05) {
    found.push(look('sync', sync, 'no medium is so fast: it may not survive a loss of power'));
  } else if (syncMs.median > 5) {
    const word = 'a lone producer waits so long for each answer with millrace.flush.policy=acknowledged';
    found.push(flushPolicy === 'acknowledged' ? look('sync', sync, word) : fine('sync', sync, word));
  } else found.push(fine('sync', sync, 'millrace.flush.policy=acknowledged adds this to an answer'));

  const rate = `${bytesText(sequentialBytesPerSecond)}/s`;
  found.push(
    sequentialBytesPerSecond < 50 * MIB
      ? look('sequential writes', rate, 'no broker here takes more than that for long')
      : fine('sequential writes', rate, 'the most that the broker can take for long'),
  );
  return found;
}

/** A writer that has made so much dirty waits for the disk; the longer that takes, the longer it stalls. */
function writeBackFindings(read: ReadText, available: Available, volume: VolumeFacts): Finding[] {
  const bytes = (name: string): number | null => {
    const exact = numberIn(read, `/proc/sys/vm/${name}_bytes`);
    if (exact !== null && exact > 0) return exact;
    const percent = numberIn(read, `/proc/sys/vm/${name}_ratio`);
    return percent === null ? null : (available.memoryBytes * percent) / 100;
  };
  const most = bytes('dirty');
  const begins = bytes('dirty_background');
  if (most === null || begins === null) return [];
  const seconds = most / Math.max(1, volume.sequentialBytesPerSecond);
  const value = `begins at ${bytesText(begins)}, makes writers wait at ${bytesText(most)}`;
  const name = 'write back (vm.dirty_…)';
  if (begins >= most) return [look(name, value, 'vm.dirty_background_ratio is to be below vm.dirty_ratio')];
  if (seconds > 30) {
    const enough = Math.max(4, Math.round((volume.sequentialBytesPerSecond * 5) / (64 * MIB))) * 64 * MIB;
    return [look(name, value, `the disk needs ${seconds.toFixed(0)} s for that: vm.dirty_background_bytes=${enough}`)];
  }
  return [fine(name, value, `the disk needs ${Math.max(1, Math.round(seconds))} s for that`)];
}

function networkFindings(read: ReadText, wanted: Wanted): Finding[] {
  const found: Finding[] = [];
  const queue = numberIn(read, '/proc/sys/net/core/somaxconn');
  if (queue !== null) {
    const value = String(queue);
    const asked = `socket.listen.backlog.size asks for ${wanted.listenBacklog}`;
    if (queue < wanted.listenBacklog) found.push(look('net.core.somaxconn', value, `${asked} and gets less`));
    else found.push(fine('net.core.somaxconn', value, asked));
  }
  const half = numberIn(read, '/proc/sys/net/ipv4/tcp_max_syn_backlog');
  if (half !== null) {
    found.push(
      half < wanted.listenBacklog
        ? look('net.ipv4.tcp_max_syn_backlog', String(half), 'many clients that connect at once wait longer')
        : fine('net.ipv4.tcp_max_syn_backlog', String(half), 'connections that are being made'),
    );
  }
  const sides = [
    ['receive', 'tcp_rmem', 'rmem_max', wanted.socketReceiveBufferBytes],
    ['send', 'tcp_wmem', 'wmem_max', wanted.socketSendBufferBytes],
  ] as const;
  for (const [side, automatic, fixed, asked] of sides) {
    const value = read(`/proc/sys/net/ipv4/${automatic}`)?.trim().replaceAll(/\s+/g, ' ');
    const most = Number(value?.split(' ')[2] ?? Number.NaN);
    const cap = numberIn(read, `/proc/sys/net/core/${fixed}`);
    if (asked > 0 && cap !== null && cap < asked) {
      const word = `socket.${side}.buffer.bytes asks for ${asked}; -1 lets the kernel choose, up to ${most}`;
      found.push(look(`net.core.${fixed}`, String(cap), word));
    }
    if (value === undefined || Number.isNaN(most)) continue;
    found.push(
      most < 4 * MIB
        ? look(
            `net.ipv4.${automatic}`,
            value,
            `far clients ${side === 'send' ? 'fetch' : 'produce'} slowly; 4 MiB or more`,
          )
        : fine(`net.ipv4.${automatic}`, value, 'grows as a connection needs it'),
    );
  }
  return found;
}

function numberIn(read: ReadText, path: string): number | null {
  const number = Number.parseInt(read(path) ?? '', 10);
  return Number.isNaN(number) ? null : number;
}

function fine(name: string, value: string, word: string): Finding {
  return { name, value, state: 'fine', word };
}

function look(name: string, value: string, word: string): Finding {
  return { name, value, state: 'look', word };
}

function trouble(name: string, value: string, word: string): Finding {
  return { name, value, state: 'trouble', word };
}
