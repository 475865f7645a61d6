/**
 * The demo's animation: a pen of light writes a word over flowing silk, and the light burns down along its
 * strokes. A loop.
 *
 * @module
 */
import { farAway, Lettering, type Pen } from "./lettering.ts";
import { type Light, LightPlanes, scaled } from "./light.ts";
import { Screen } from "./screen.ts";
import { Silk } from "./silk.ts";
import { Dust, Sparks } from "./sparks.ts";

/** From one time to another, in seconds. */
type Span = readonly [from: number, to: number];

const loopSeconds = 9;
/** When the pen writes, when a gleam runs over the word, and when its light burns down. */
const writing: Span = [0.5, 4.3];
const gleaming: Span = [4.7, 6.3];
const burning: Span = [7.1, 8.5];

/**
 * The scene is drawn at half the video's size. Only the letters, which have sharp edges, are drawn at all of
 * it.
 */
const scene = { width: 640, height: 360 };
const letterHeight = 56;
const inkRadius = 5.2;

/** The letters' colours from left to right. */
const inkColors: readonly Light[] = [[1, 0.6, 0.2], [1, 0.36, 0.38], [0.86, 0.38, 1], [0.3, 0.72, 1]];
const penColor: Light = [1, 0.8, 0.55];

/** A point of light that moves along the strokes. */
interface Head extends Pen {
  readonly power: number;
}

/** Draws the frames of the animation. */
export class Animation {
  /** Width of a frame in pixels. */
  readonly width: number = 2 * scene.width;
  /** Height of a frame in pixels. */
  readonly height: number = 2 * scene.height;
  /** Frames per second. */
  readonly framesPerSecond = 30;
  /** Frames of one loop. */
  readonly frames: number = loopSeconds * this.framesPerSecond;

  readonly #word = new Lettering("avwriter", scene, letterHeight, 2 * inkRadius);
  readonly #silk = new Silk(scene.width, scene.height);
  readonly #dust = new Dust(64, 7, scene);
  readonly #sparks = [
    new Sparks(260, 3, writing, (seconds) => this.#penAt(writing, seconds)),
    new Sparks(230, 5, burning, (seconds) => this.#penAt(burning, seconds)),
  ];

  readonly #scene = new LightPlanes(scene.width, scene.height);
  readonly #glow = new LightPlanes(scene.width, scene.height);
  readonly #lamps = new LightPlanes(scene.width / 2, scene.height / 2);
  readonly #haze = new LightPlanes(scene.width / 2, scene.height / 2);
  readonly #coarseHaze = new LightPlanes(scene.width / 4, scene.height / 4);
  readonly #screen = new Screen(scene.width, scene.height);
  /** From each pixel of the scene to the ink. */
  readonly #distances = new Float32Array(scene.width * scene.height);
  readonly #ink = inkByColumn();
  /** The same on the screen, from 0 to 1. */
  readonly #inkTones = this.#ink.map((plane) => plane.map(Math.sqrt));
  readonly #gleam = new Float32Array(scene.width);

  /** Draws a frame, as RGBA. The next call draws into the same memory. */
  draw(index: number): Uint8ClampedArray {
    const turn = index / this.frames;
    const now = turn * loopSeconds;
    const heads = [this.#headOf(writing, now), this.#headOf(burning, now)].filter(({ power }) => power > 0);
    const from = now < burning[0] ? 0 : this.#inkLength(burning, now);
    const to = now < writing[0] ? 0 : this.#inkLength(writing, now);
    if (from < to) this.#word.distances(from, to, this.#distances);
    else this.#distances.fill(farAway);
    this.#setGleam(now);
    this.#drawGlow(now, heads);
    this.#silk.draw(turn, this.#glow, this.#scene);
    this.#scene.add(this.#glow, 0.22);
    this.#dust.draw(turn, this.#scene);
    this.#drawSparks(now, this.#scene, 1, 1.9);
    for (const { x, y, power } of heads) {
      this.#scene.addSpot(x, y, 22, scaled(penColor, 0.8 * power));
      this.#scene.addSpot(x, y, 8, scaled(penColor, 4 * power));
    }
    this.#screen.show(this.#scene);
    this.#drawLetters(heads);
    return this.#screen.pixels;
  }

  /** How far along the strokes a pen is that goes all the way in a span. */
  #inkLength(span: Span, now: number): number {
    return this.#word.length * (0.6 * part(span, now) + 0.4 * ease(span, now));
  }

  #penAt(span: Span, now: number): Pen {
    return this.#word.penAt(this.#inkLength(span, now));
  }

  /**
   * A pen's light flares up before its way, goes out after it, and is weaker where the pen does not touch.
   */
  #headOf(span: Span, now: number): Head {
    const pen = this.#penAt(span, now);
    const flare = ease([span[0] - 0.25, span[0]], now) * (1 - ease([span[1], span[1] + 0.35], now));
    return { ...pen, power: flare * (pen.isDown ? 1 : 0.5) };
  }

  /** Sets how much each column of the word gleams. */
  #setGleam(now: number): void {
    const place = (1.5 * part(gleaming, now) - 0.25) * scene.width;
    for (let column = 0; column < scene.width; column++) {
      this.#gleam[column] = Math.exp(-(((column - place) / 48) ** 2));
    }
  }

  /** All that shines, and the light around it: close, wider and as wide as half the picture. */
  #drawGlow(now: number, heads: readonly Head[]): void {
    const lamps = this.#lamps;
    this.#drawInkLamps();
    this.#drawSparks(now, lamps, 0.5, 1.6);
    for (const { x, y, power } of heads) lamps.addSpot(x / 2, y / 2, 5, scaled(penColor, 20 * power));
    lamps.blur(2, 3);
    this.#coarseHaze.shrink(lamps);
    for (const [radius, amount] of [[5, 1.2], [11, 1.6]] as const) {
      this.#coarseHaze.blur(radius, radius, radius);
      this.#haze.magnify(this.#coarseHaze);
      lamps.add(this.#haze, amount);
    }
    this.#glow.magnify(lamps);
  }

  #drawInkLamps(): void {
    const { width, height, planes } = this.#lamps;
    for (let row = 0, at = 0; row < height; row++) {
      for (let column = 0; column < width; column++, at++) {
        const isInk = this.#distances[2 * row * scene.width + 2 * column]! < inkRadius;
        const power = isInk ? 1.5 + 2.2 * this.#gleam[2 * column]! : 0;
        for (let channel = 0; channel < 3; channel++) {
          planes[channel]![at] = power * this.#ink[channel]![2 * column]!;
        }
      }
    }
  }

  /** Bright sparks are white, dying ones red. Those of the last loop's end are still in the air. */
  #drawSparks(now: number, target: LightPlanes, scale: number, radius: number): void {
    for (
      const { x, y, brightness } of this.#sparks.flatMap((
        sparks,
      ) => [...sparks.at(now), ...sparks.at(now + loopSeconds)])
    ) {
      const color: Light = [1, 0.33 + 0.33 * brightness, 0.34 * brightness];
      target.addSpot(x * scale, y * scale, radius, scaled(color, 5 * brightness));
    }
  }

  /** Draws the letters over what the screen shows. */
  #drawLetters(heads: readonly Head[]): void {
    const { width, height } = scene;
    for (let y = 0, near = 0; y < height; y++) {
      for (let x = 0; x < width; x++, near++) {
        if (this.#distances[near]! > inkRadius + 2) continue;
        for (const row of [2 * y, 2 * y + 1]) {
          this.#drawInk(2 * x, row, heads);
          this.#drawInk(2 * x + 1, row, heads);
        }
      }
    }
  }

  /** Draws a pixel of a letter: white-hot inside, and near a pen all over. */
  #drawInk(column: number, row: number, heads: readonly Head[]): void {
    const distance = this.#distanceAt(column, row);
    const cover = clamp(inkRadius + 0.5 - distance);
    if (cover === 0) return;
    const x = column >> 1;
    let heat = 1.05 - distance / inkRadius + 0.6 * this.#gleam[x]!;
    for (const head of heads) {
      heat += 1.6 * head.power / (1 + ((column / 2 - head.x) ** 2 + (row / 2 - head.y) ** 2) / 120);
    }
    const white = clamp(heat);
    const { pixels } = this.#screen;
    const at = 4 * (row * this.width + column);
    for (let channel = 0; channel < 3; channel++) {
      const value = 255 * (white + (1 - white) * this.#inkTones[channel]![x]!);
      pixels[at + channel]! += cover * (value - pixels[at + channel]!);
    }
  }

  /** The distance to the ink at a pixel of the video, from the four pixels of the scene around it. */
  #distanceAt(column: number, row: number): number {
    const distances = this.#distances;
    const near = (row >> 1) * scene.width + (column >> 1);
    const across = column & 1 ? 1 : -1;
    const along = row & 1 ? scene.width : -scene.width;
    return 0.5625 * distances[near]! + 0.1875 * (distances[near + across]! + distances[near + along]!) +
      0.0625 * distances[near + across + along]!;
  }
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** 0 before a span, 1 after it, even in it. */
function part([from, to]: Span, now: number): number {
  return clamp((now - from) / (to - from));
}

/** As {@linkcode part}, with a soft start and end. */
function ease(span: Span, now: number): number {
  const even = part(span, now);
  return even * even * (3 - 2 * even);
}

/** The ink's colour in each column of the scene, a plane for each channel. */
function inkByColumn(): Float32Array[] {
  return [0, 1, 2].map((channel) =>
    Float32Array.from({ length: scene.width }, (_, column) => {
      const place = 0.9999 * clamp((column / scene.width - 0.12) / 0.76) * (inkColors.length - 1);
      const [left, right] = [inkColors[Math.floor(place)]!, inkColors[Math.floor(place) + 1]!];
      return left[channel]! + (right[channel]! - left[channel]!) * (place % 1);
    })
  );
}
