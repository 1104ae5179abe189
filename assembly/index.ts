// index.ts: what the host may call. Packet workers: init, runRing, takeQueued, runBatch; a decapsulator's: the four of decapRun.ts.
// Builder: the rest.

export { runBatch, runGeneralBatch } from './batch';
export { countMoved, countTracks, inherit, releaseTracks } from './build/history';
export { fillTable, placeAll, placeCilium, placeEnvoy, placeKatran } from './build/maglev';
export { decapTaken, giveBackDecap, runDecapBatch, runDecapRing } from './decapRun';
export { explained, explainFrame } from './explain';
export { forget as forgetFlows, sweep as sweepFlows, youngest as youngestFlows } from './flow/table';
export { countTracked, markPrevious, mergeLastOther, replacePrevious } from './flow/tracks';
export { init, layoutVersion } from './memory';
export { fillTable as fillCilium } from './profiles/cilium';
export { fillTable as fillEnvoy } from './profiles/envoy';
export { fillV1 as fillKatranV1, fillV2 as fillKatranV2 } from './profiles/katran';
export { runRing, takeQueued } from './ring/tpacket';
export { enter as enterMark } from './select/mark';
export { enter as enterServerId } from './select/serverIds';
export { enter as enterRoute } from './select/sourceRoute';
export { enter as enterVip } from './vip';
