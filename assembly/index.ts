// index.ts: what the host may call. Packet workers: init, runRing, takeQueued, runBatch. Builder: the rest.

export { runBatch, runGeneralBatch } from './batch';
export { countMoved, countTracks, inherit, releaseTracks } from './build/history';
export { fillTable, placeAll } from './build/maglev';
export { countFlows, forget as forgetFlows, sweep as sweepFlows } from './flow/table';
export { countPrevious, countTracked, mergeLastOther, replacePrevious } from './flow/tracks';
export { init, layoutVersion } from './memory';
export { runRing, takeQueued } from './ring/tpacket';
export { enter as enterVip } from './vip';
