import { BrokerProcess } from './broker_process.ts';
import { RawConnection } from './raw_connection.ts';
import { frame, requestFrame } from './wire.ts';
const M = 1 << 20;
await using broker = await BrokerProcess.start({
  overrides: { 'queued.max.request.bytes': 64 * M, 'socket.request.max.bytes': 8 * M },
});
const half = frame(Buffer.alloc(M / 2, 1), M);
requestFrame(0, 8, 1, new Uint8Array(0)).copy(half, 4, 4);
let n = 0;
try {
  for (; n < 2000; n++) (await RawConnection.open(broker.port)).write(half);
} catch (e) {
  console.log(n, String(e));
}
console.log(await Promise.race([broker.exited, new Promise((f) => setTimeout(f, 2000))]));
console.log(broker.output.slice(-3000));
process.exit();
