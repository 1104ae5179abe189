// host/linux/netlinkWatch.ts: changes of interfaces, neighbours, addresses and routes, as the kernel tells them.

import { MaglevError } from '../errors.js';
import type { Prefix } from './address.js';
import { parseAddress } from './addresses.js';
import { type Link, parseLink, RTM_DELLINK } from './links.js';
import { type Neighbour, parseNeighbour } from './neighbours.js';
import { NetlinkSocket, type Notice } from './netlinkSocket.js';
import type { Message } from './netlinkWire.js';
import { onReadable, type Readable } from './readable.js';
import { parseRouteChange } from './route.js';

// enum rtnetlink_groups of linux/rtnetlink.h
const RTNLGRP_LINK = 1;
const RTNLGRP_NEIGH = 3;
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV4_ROUTE = 7;
const RTNLGRP_IPV4_RULE = 8;
const RTNLGRP_IPV6_IFADDR = 9;
const RTNLGRP_IPV6_ROUTE = 11;
const RTNLGRP_IPV6_RULE = 19;
const RTNLGRP_NEXTHOP = 32;
const GROUPS = [
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV4_RULE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV6_RULE,
  RTNLGRP_NEXTHOP,
];
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;
const RTM_NEWNEXTHOP = 104;
const RTM_DELNEXTHOP = 105;
const DATAGRAMS_MAX = 256; // per turn of the event loop, so that a storm of changes does not stop everything else

/** What happened. Called on the main thread, in the order of the kernel; must not throw. */
export interface NetlinkListener {
  /** An interface is new or has changed: name, MAC, MTU, up, running. */
  link?(link: Link): void;
  linkRemoved?(link: Link): void;
  /** An entry of the neighbour table is new, has changed or is gone (then without MAC). */
  neighbour?(neighbour: Neighbour): void;
  /** Routes to these destinations may have changed; undefined: any may have (addresses, rules, next-hop groups). */
  routes?(destination: Prefix | undefined): void;
  /** An address of this host is new or gone. */
  addresses?(): void;
  /** Changes were lost: ask for everything again. */
  overrun?(): void;
  /** The watch broke and is closed; nothing more will come. */
  failed?(error: MaglevError): void;
}

/** Follows changes until the handle is closed; close() takes effect at once. @throws MaglevError ERR_SYSCALL */
export function watchNetlink(listener: NetlinkListener): Readable {
  const socket = new NetlinkSocket(GROUPS);
  let readable: Readable;
  try {
    readable = onReadable(socket.fd, read);
  } catch (error) {
    socket.close();
    throw error;
  }
  let isOpen = true;
  function close(): void {
    isOpen = false;
    readable.close(); // first: the event loop must not watch a closed descriptor
    socket.close();
  }
  function read(): void {
    for (let i = 0; i < DATAGRAMS_MAX && isOpen; i++) {
      const notice = nextNotice();
      if (notice === 'nothing') return;
      if (notice === 'lost') listener.overrun?.();
      else for (const message of notice) if (isOpen) tell(listener, message);
    }
  }
  function nextNotice(): Notice {
    try {
      return socket.notice();
    } catch (error) {
      close();
      if (!(error instanceof MaglevError)) throw error;
      listener.failed?.(error);
      return 'nothing';
    }
  }
  return { close };
}

function tell(listener: NetlinkListener, message: Message): void {
  const link = parseLink(message);
  if (link !== undefined) {
    if (message.type === RTM_DELLINK) listener.linkRemoved?.(link);
    else listener.link?.(link);
    return;
  }
  const neighbour = parseNeighbour(message);
  if (neighbour !== undefined) {
    listener.neighbour?.(neighbour);
    return;
  }
  if (parseAddress(message) !== undefined) listener.addresses?.();
  const destination = parseRouteChange(message);
  if (destination !== undefined || changesAnyRoute(message)) listener.routes?.(destination);
}

function changesAnyRoute(message: Message): boolean {
  return (
    parseAddress(message) !== undefined ||
    [RTM_NEWRULE, RTM_DELRULE, RTM_NEWNEXTHOP, RTM_DELNEXTHOP].includes(message.type)
  );
}
