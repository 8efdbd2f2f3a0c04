/**
 * CPU time and memory as Linux tells them under /proc. Seconds; the kernel counts in hundredths. Where there is no
 * /proc (other systems) everything reads as zero, and the reports say that it was not measured.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** USER_HZ, the unit of /proc: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** User and kernel time are each cut to a tick, at both readings. */
const TICK_ROUNDING_SECONDS = 0.02;

export interface CpuSeconds {
  readonly user: number;
  readonly kernel: number;
}

export interface ThreadCpu extends CpuSeconds {
  readonly id: number;
  readonly name: string;
}

/** CPU time up to now, to be subtracted from a later one. */
export interface CpuReading extends CpuSeconds {
  /** Of each thread that lives now, on a processor: nanoseconds. Empty where the kernel does not tell. */
  readonly nanosecondsOf: ReadonlyMap<number, number>;
}

/** What a process had used before it began. */
export const NO_CPU: CpuReading = { user: 0, kernel: 0, nanosecondsOf: new Map() };

/** All threads of a process; the ticks count ended ones too. */
export function readProcessCpu(pid: number): CpuReading {
  const nanosecondsOf = new Map<number, number>();
  for (const id of threadsOf(pid)) {
    const text = read(`/proc/${pid}/task/${id}/schedstat`);
    if (text !== '') nanosecondsOf.set(id, Number(text.split(' ')[0]));
  }
  return { ...parseStat(read(`/proc/${pid}/stat`)), nanosecondsOf };
}

/**
 * What was used between two readings: the exact sum, cut into user and kernel as the ticks are. What a thread did that
 * has ended meanwhile is in the ticks alone, so these count where they say more than their rounding explains.
 */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuSeconds {
  const user = after.user - before.user;
  const kernel = after.kernel - before.kernel;
  let nanoseconds = 0;
  for (const [id, now] of after.nanosecondsOf) {
    const then = before.nanosecondsOf.get(id) ?? 0;
    // Less than before: the number belongs to a new thread.
    nanoseconds += now < then ? now : now - then;
  }
  const exact = nanoseconds / 1e9;
  if (exact <= 0 || user + kernel <= 0 || user + kernel > exact + TICK_ROUNDING_SECONDS) return { user, kernel };
  return { user: (exact * user) / (user + kernel), kernel: (exact * kernel) / (user + kernel) };
}

/** Both together, between two readings. */
export function cpuSecondsBetween(before: CpuReading, after: CpuReading): number {
  const { user, kernel } = cpuBetween(before, after);
  return user + kernel;
}

/** The threads of a process that live now. */
export function readThreadsCpu(pid: number): ThreadCpu[] {
  return threadsOf(pid).map((id) => {
    const text = read(`/proc/${pid}/task/${id}/stat`);
    return { id, name: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), ...parseStat(text) };
  });
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** A stat line of a process or of a thread: the fields behind the name, which may hold anything. */
export function parseStat(text: string): CpuSeconds {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11] ?? 0) / TICKS_PER_SECOND, kernel: Number(fields[12] ?? 0) / TICKS_PER_SECOND };
}

export function readMachineCpu(): { busy: number; stolen: number } {
  return parseMachineStat(read('/proc/stat'));
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal … */
export function parseMachineStat(text: string): { busy: number; stolen: number } {
  const fields = (text.split('\n', 1)[0] ?? '').split(/\s+/).slice(1).map(Number);
  const at = (index: number) => fields[index] ?? 0;
  const busy = at(0) + at(1) + at(2) + at(5) + at(6);
  return { busy: busy / TICKS_PER_SECOND, stolen: at(7) / TICKS_PER_SECOND };
}

/** The most memory that a process has had resident since its start or the last reset; bytes. */
export function readPeakMemory(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return found === null ? 0 : Number(found[1]) * 1024;
}

/** Memory that a process has resident now; bytes. */
export function readResidentMemory(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return found === null ? 0 : Number(found[1]) * 1024;
}

/** Peak memory counts from now on. Does nothing where that is not allowed. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    return;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
