/**
 * The clock of a container.
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";

/** The clock of a container. */
export interface ContainerClock {
  /** The container's name. */
  readonly name: string;
  /** The unit of its times. */
  readonly timeBase: Rational;
  /** Units that two frames must be apart, and the last be shown. */
  readonly minTicks: number;
  /** Units that two frames may be apart; `null` where any number will do. */
  readonly maxTicks: number | null;
}
