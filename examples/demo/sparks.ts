/**
 * Sparks that fly off a moving point of light, and dust that floats in front of the cloth. Both are functions
 * of time alone.
 *
 * @module
 */
import type { Pen } from "./lettering.ts";
import { type Light, type LightPlanes, scaled } from "./light.ts";
import { randomNumbers } from "./random.ts";

/** Lengths are in pixels, times in seconds. */
interface Spark {
  readonly bornAt: number;
  readonly life: number;
  readonly x: number;
  readonly y: number;
  readonly velocityX: number;
  readonly velocityY: number;
  readonly brightness: number;
}

/** A spark that glows, where it is now. */
export interface GlowingSpark {
  readonly x: number;
  readonly y: number;
  /** From 0 to about 1. */
  readonly brightness: number;
}

/** How fast the air slows a spark down. */
const drag = 2.6;
/** How fast warm air lifts it. */
const lift = 30;

/** The sparks of a pen that moves from one time to another. */
export class Sparks {
  readonly #sparks: readonly Spark[];

  /** `placeAt` tells where the pen is at a time. */
  constructor(
    count: number,
    seed: number,
    [from, to]: readonly [number, number],
    placeAt: (seconds: number) => Pen,
  ) {
    const random = randomNumbers(seed);
    this.#sparks = Array.from({ length: count }, (_, index) => {
      const bornAt = from + (to - from) * (index + random()) / count;
      const { x, y, isDown } = placeAt(bornAt);
      const direction = random() * 2 * Math.PI;
      const speed = 14 + 120 * random() ** 2.2;
      return {
        bornAt,
        life: 0.35 + 1.1 * random(),
        x,
        y,
        velocityX: Math.cos(direction) * speed,
        velocityY: Math.sin(direction) * speed - 10,
        brightness: (0.4 + 0.9 * random()) * (isDown ? 1 : 0.35),
      };
    });
  }

  /** Those that glow at a time. */
  at(seconds: number): GlowingSpark[] {
    return this.#sparks
      .filter(({ bornAt, life }) => bornAt <= seconds && seconds <= bornAt + life)
      .map(({ bornAt, life, x, y, velocityX, velocityY, brightness }) => {
        const age = seconds - bornAt;
        const way = (1 - Math.exp(-drag * age)) / drag;
        return {
          x: x + velocityX * way,
          y: y + velocityY * way - lift * age * age / 2,
          brightness: brightness * (1 - age / life) ** 2,
        };
      });
  }
}

interface Mote {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** How far it swings around its place. */
  readonly swing: number;
  /** Where in the loop its swing begins, from 0 to 1. */
  readonly phase: number;
  readonly light: Light;
}

/** Motes of dust, out of focus: the nearer, the larger, the fainter, the further they move. */
export class Dust {
  readonly #motes: readonly Mote[];

  /** Spreads motes over a picture. */
  constructor(count: number, seed: number, { width, height }: { width: number; height: number }) {
    const random = randomNumbers(seed);
    this.#motes = Array.from({ length: count }, () => {
      const nearness = random() ** 3;
      const radius = 0.9 + 15 * nearness;
      const warmth = random();
      const light: Light = [0.35 + 1.2 * warmth, 0.62, 1.5 - 1.1 * warmth];
      return {
        x: random() * width,
        y: random() * height,
        radius,
        swing: 8 + 30 * nearness,
        phase: random(),
        light: scaled(light, 0.3 / (1 + 0.9 * radius)),
      };
    });
  }

  /** Draws them at a turn of the loop (0 to 1). */
  draw(turn: number, target: LightPlanes): void {
    for (const { x, y, radius, swing, phase, light } of this.#motes) {
      const angle = 2 * Math.PI * (turn + phase);
      const twinkle = 0.62 + 0.38 * Math.sin(2 * angle + 9 * phase);
      const placeX = x + swing * Math.sin(angle);
      const placeY = y + 0.6 * swing * Math.cos(angle);
      target.addDisc(placeX, placeY, radius, scaled(light, twinkle));
    }
  }
}
