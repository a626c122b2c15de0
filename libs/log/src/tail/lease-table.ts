/**
 * Which parts of a tail ring are lent to readers. The ring's positions are divided into sectors, 32 to a lap, and
 * each sector counts its readers; positions only grow, and none is leased that lies two laps back, so a table of two
 * laps serves for ever. One table per memory: when a ring moves on, late readers give back to the old table.
 */

const SECTORS_PER_LAP = 32;
const SECTORS = 2 * SECTORS_PER_LAP;

export class LeaseTable {
  private readonly counts: Int32Array;
  private readonly sectorBytes: number;
  private total = 0;

  constructor(capacity: number) {
    this.counts = new Int32Array(capacity === 0 ? 0 : SECTORS);
    this.sectorBytes = Math.max(1, capacity / SECTORS_PER_LAP);
  }

  add(from: number, to: number): void {
    this.change(from, to, 1);
  }

  remove(from: number, to: number): void {
    this.change(from, to, -1);
  }

  /** Whether any part of [from, to) may be leased. */
  covers(from: number, to: number): boolean {
    if (this.total === 0 || to <= from || to <= 0) return false;
    const last = Math.floor((to - 1) / this.sectorBytes);
    for (let sector = Math.floor(Math.max(from, 0) / this.sectorBytes); sector <= last; sector += 1) {
      if ((this.counts[sector % SECTORS] ?? 0) > 0) return true;
    }
    return false;
  }

  private change(from: number, to: number, by: number): void {
    if (to <= from) return;
    this.total += by;
    const last = Math.floor((to - 1) / this.sectorBytes);
    for (let sector = Math.floor(from / this.sectorBytes); sector <= last; sector += 1) {
      const slot = sector % SECTORS;
      this.counts[slot] = (this.counts[slot] ?? 0) + by;
    }
  }
}
