import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/**
 * What Linux tells in /proc about who holds something. Null everywhere else, and for holders that cannot be
 * seen: in another pid namespace, or of another user.
 */

/** The process that holds an advisory lock for writing (fcntl) on a file, or null. */
export function holderOfFileLock(path: string): number | null {
  const file = statOrNull(path);
  if (file === null) return null;
  for (const line of textOf('/proc/locks').split('\n')) {
    // `1: POSIX  ADVISORY  WRITE 1234 08:01:131073 0 EOF`: device numbers are hexadecimal, the inode is decimal.
    const [, pid, major, minor, inode] =
      /^\d+: (?:POSIX|OFDLCK) +ADVISORY +WRITE (-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? [];
    if (pid === undefined || inode !== String(file.ino)) continue;
    const holder = Number(pid);
    const names = openFilesOf(holder);
    // The device of a lock is the file system's, which for some (btrfs, overlays) is not the one that stat gives;
    // what the process has open is certain where it may be seen.
    const isThisFile =
      names === null
        ? isDevice(file.dev, Number(`0x${major}`), Number(`0x${minor}`))
        : names.includes(realpathSync(path));
    if (isThisFile) return holder;
  }
  return null;
}

/** The process that listens on an abstract Unix socket, or null. */
export function holderOfAbstractSocket(name: string): number | null {
  for (const line of textOf('/proc/net/unix').split('\n')) {
    // `0000000000000000: 00000002 00000000 00010000 0001 01 25321 @name`
    const [, inode] = / (\d+) @(.*)$/.exec(line.trimEnd()) ?? [];
    if (inode === undefined || !line.trimEnd().endsWith(` ${inode} @${name}`)) continue;
    for (const entry of namesIn('/proc')) {
      if (/^\d+$/.test(entry) && openFilesOf(Number(entry))?.includes(`socket:[${inode}]`)) return Number(entry);
    }
  }
  return null;
}

/** makedev(3) of Linux, as far as the major and minor numbers in use need it. */
function isDevice(device: bigint, major: number, minor: number): boolean {
  const majorOf = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minorOf = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  return majorOf === BigInt(major) && minorOf === BigInt(minor);
}

/** What a process has open, by the names that the kernel gives them; null when this user may not see it. */
function openFilesOf(pid: number): string[] | null {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).map((descriptor) => linkOf(`${directory}/${descriptor}`));
  } catch {
    return null;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function statOrNull(path: string): { readonly dev: bigint; readonly ino: bigint } | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}
