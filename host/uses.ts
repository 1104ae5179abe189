// host/uses.ts: what is used by whom: addresses of backends and of VIPs, each by one VIP or several. So a change of one VIP costs its
// own addresses, not those of all.
export class Uses {
  private readonly ofUser = new Map<string, ReadonlySet<string>>();
  private readonly counts = new Map<string, number>();

  /** `user` uses these too. Returns those that nobody used before. */
  add(user: string, things: Iterable<string>): string[] {
    const before = this.ofUser.get(user) ?? new Set<string>();
    const added = [...things].filter((thing) => !before.has(thing));
    if (added.length === 0) return [];
    this.ofUser.set(user, new Set([...before, ...added]));
    return added.filter((thing) => this.count(thing, 1) === 1);
  }

  /** `user` uses none but these any more. Returns those that nobody uses now. */
  keep(user: string, things: Iterable<string>): string[] {
    const before = this.ofUser.get(user);
    if (before === undefined) return [];
    const kept = new Set([...things].filter((thing) => before.has(thing)));
    if (kept.size === before.size) return [];
    if (kept.size > 0) this.ofUser.set(user, kept);
    else this.ofUser.delete(user);
    return [...before].filter((thing) => !kept.has(thing) && this.count(thing, -1) === 0);
  }

  /** All that is used, each once. */
  get all(): Iterable<string> {
    return this.counts.keys();
  }

  private count(thing: string, by: 1 | -1): number {
    const count = (this.counts.get(thing) ?? 0) + by;
    if (count > 0) this.counts.set(thing, count);
    else this.counts.delete(thing);
    return count;
  }
}
