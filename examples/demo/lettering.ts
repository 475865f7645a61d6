/**
 * The word as pen strokes: where the pen is after any length of ink, and how far every pixel is from the ink
 * that is there.
 *
 * @module
 */

/** A piece of the way that the pen goes. Lengths are in pixels from the word's first point. */
interface Stroke {
  readonly points: readonly Point[];
  /** The length at each point. */
  readonly lengths: readonly number[];
}

/** A place, in pixels, y downwards. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a pen is. */
export interface Pen extends Point {
  /** Whether it touches. */
  readonly isDown: boolean;
}

/**
 * The part of the picture around one stroke, with each pixel's distance to it and the length at the nearest
 * point.
 */
interface StrokeMap {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly squaredDistances: Float32Array;
  readonly lengths: Float32Array;
  readonly from: number;
  readonly to: number;
}

/** What counts as far away from all ink. */
export const farAway = 1e3;

/** One unit is the height of a small letter; y upwards from the base line. */
type Outline = readonly (readonly [number, number])[];
interface Letter {
  readonly advance: number;
  readonly strokes: readonly Outline[];
}

function arc(x: number, y: number, radius: number, fromDegrees: number, toDegrees: number): Outline {
  const steps = Math.ceil(Math.abs(toDegrees - fromDegrees) / 6);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const angle = (fromDegrees + (toDegrees - fromDegrees) * step / steps) * Math.PI / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
  });
}

const letters: Readonly<Record<string, Letter>> = {
  a: { advance: 1, strokes: [arc(0.5, 0.5, 0.5, 12, 348), [[1, 1], [1, 0]]] },
  v: { advance: 0.9, strokes: [[[0, 1], [0.45, 0], [0.9, 1]]] },
  w: { advance: 1.4, strokes: [[[0, 1], [0.36, 0], [0.7, 0.94], [1.04, 0], [1.4, 1]]] },
  r: { advance: 0.5, strokes: [[[0, 1], [0, 0]], [[0, 0.5], ...arc(0.5, 0.5, 0.5, 180, 78)]] },
  i: { advance: 0, strokes: [[[0, 1], [0, 0]], [[0, 1.42], [0.001, 1.42]]] },
  t: {
    advance: 0.62,
    strokes: [[[0.25, 1.42], [0.25, 0.33], ...arc(0.58, 0.33, 0.33, 180, 280)], [[0, 1], [0.62, 1]]],
  },
  e: { advance: 1, strokes: [[[0.02, 0.53], [1, 0.53], ...arc(0.5, 0.5, 0.5, 4, 312)]] },
};

const letterGap = 0.42;
/** How much ink's time a lift of the pen takes, in units. */
const liftLength = 0.3;

/** A word laid out in a picture. */
export class Lettering {
  /** The length of the whole way of the pen, lifts included. */
  readonly length: number;
  readonly #strokes: readonly Stroke[];
  readonly #maps: readonly StrokeMap[];
  readonly #width: number;

  /**
   * Lays a word out around the centre of a picture. `unit` is the height of a small letter, `reach` how far
   * light goes.
   */
  constructor(word: string, picture: { width: number; height: number }, unit: number, reach: number) {
    const { strokes, length } = layOut(word, picture, unit);
    this.#strokes = strokes;
    this.length = length;
    this.#maps = strokes.map((stroke) => mapStroke(stroke, picture, reach));
    this.#width = picture.width;
  }

  /** Where the pen is after a length, and whether it touches. */
  penAt(length: number): Pen {
    let previous: Point | undefined;
    let previousLength = 0;
    for (const { points, lengths } of this.#strokes) {
      for (const [index, point] of points.entries()) {
        const at = lengths[index]!;
        if (length <= at && previous !== undefined) {
          const part = at === previousLength ? 1 : (length - previousLength) / (at - previousLength);
          return { ...between(previous, point, part), isDown: index > 0 };
        }
        previous = point;
        previousLength = at;
      }
    }
    return { ...previous!, isDown: false };
  }

  /**
   * Writes into a picture each pixel's distance to the ink between two lengths, {@linkcode farAway} beyond
   * reach.
   */
  distances(from: number, to: number, target: Float32Array): void {
    target.fill(farAway * farAway);
    for (const map of this.#maps) {
      if (map.to < from || map.from > to) continue;
      this.#mark(map, from, to, target);
    }
    for (let index = 0; index < target.length; index++) target[index] = Math.sqrt(target[index]!);
  }

  /**
   * Beyond the ink's end, the way back to it along the stroke is the other side of a right triangle: the end
   * comes out round.
   */
  #mark(map: StrokeMap, from: number, to: number, target: Float32Array): void {
    const { squaredDistances, lengths } = map;
    let source = 0;
    for (let y = 0; y < map.height; y++) {
      let at = (map.top + y) * this.#width + map.left;
      for (let x = 0; x < map.width; x++, at++, source++) {
        const length = lengths[source]!;
        const beyond = length > to ? length - to : length < from ? from - length : 0;
        const squared = squaredDistances[source]! + beyond * beyond;
        if (squared < target[at]!) target[at] = squared;
      }
    }
  }
}

function between(one: Point, other: Point, part: number): Point {
  return { x: one.x + (other.x - one.x) * part, y: one.y + (other.y - one.y) * part };
}

function layOut(
  word: string,
  picture: { width: number; height: number },
  unit: number,
): { strokes: Stroke[]; length: number } {
  const drawn = [...word].map((character) => letters[character]!);
  const advance = drawn.reduce((sum, letter) => sum + letter.advance + letterGap, -letterGap);
  const baseLine = picture.height / 2 + 0.55 * unit;
  let left = (picture.width - advance * unit) / 2;
  let length = 0;
  const strokes: Stroke[] = [];
  for (const letter of drawn) {
    for (const outline of letter.strokes) {
      const points = outline.map(([x, y]) => ({ x: left + x * unit, y: baseLine - y * unit }));
      const lengths = points.map((point, index) => {
        const previous = points[index - 1];
        length += previous === undefined
          ? (strokes.length === 0 ? 0 : liftLength * unit)
          : Math.hypot(point.x - previous.x, point.y - previous.y);
        return length;
      });
      strokes.push({ points, lengths });
    }
    left += (letter.advance + letterGap) * unit;
  }
  return { strokes, length };
}

function mapStroke(stroke: Stroke, picture: { width: number; height: number }, reach: number): StrokeMap {
  const xs = stroke.points.map(({ x }) => x);
  const ys = stroke.points.map(({ y }) => y);
  const left = Math.max(0, Math.floor(Math.min(...xs) - reach));
  const top = Math.max(0, Math.floor(Math.min(...ys) - reach));
  const width = Math.min(picture.width, Math.ceil(Math.max(...xs) + reach)) - left;
  const height = Math.min(picture.height, Math.ceil(Math.max(...ys) + reach)) - top;
  const squaredDistances = new Float32Array(width * height);
  const lengths = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const nearest = nearestOn(stroke, left + x, top + y);
      squaredDistances[y * width + x] = nearest.squared;
      lengths[y * width + x] = nearest.length;
    }
  }
  const from = stroke.lengths[0]!;
  const to = stroke.lengths.at(-1)!;
  return { left, top, width, height, squaredDistances, lengths, from, to };
}

/** The point of a stroke that is nearest to a pixel. */
function nearestOn({ points, lengths }: Stroke, x: number, y: number): { squared: number; length: number } {
  let squared = Infinity;
  let length = 0;
  for (let index = 1; index < points.length; index++) {
    const start = points[index - 1]!;
    const alongX = points[index]!.x - start.x;
    const alongY = points[index]!.y - start.y;
    const projected = ((x - start.x) * alongX + (y - start.y) * alongY) / (alongX * alongX + alongY * alongY);
    const part = projected < 0 ? 0 : projected > 1 ? 1 : projected;
    const dx = x - start.x - part * alongX;
    const dy = y - start.y - part * alongY;
    if (dx * dx + dy * dy < squared) {
      squared = dx * dx + dy * dy;
      length = lengths[index - 1]! + part * (lengths[index]! - lengths[index - 1]!);
    }
  }
  return { squared, length };
}
