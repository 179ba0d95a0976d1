// Writes kernel/generated/field.ts: products modulo p = 2^256 - 2^32 - 977, unrolled over 9 signed limbs of 29 bits.
// Limbs are i32, products i64. A result has limbs in [0, 2^29) (the third up to 2^13 beyond either end), so a difference of two stays
// within +-2^29, and a column of 9 products has room for three fused products of such values: 27 * 2^58 < 2^63.
const LIMBS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** An operand: the limbs of one pointer, or of one less another, which needs no subtraction of its own. */
type Operand = string | readonly [string, string];
interface Product {
  readonly a: Operand;
  /** Left out for a square. */
  readonly b?: Operand;
  readonly times?: number;
}
interface Formula {
  readonly name: string;
  /** Why it exists, for the reader of the generated file. */
  readonly doc: string;
  readonly plus: Product;
  readonly minus?: Product;
  /** Subtracted as they are, each so many times. */
  readonly less?: Readonly<Record<string, number>>;
}

const FORMULAS: readonly Formula[] = [
  { name: 'mul', doc: 'a * b', plus: { a: 'a', b: 'b' } },
  { name: 'mulTwice', doc: '2 * a * b', plus: { a: 'a', b: 'b', times: 2 } },
  { name: 'sqr', doc: 'a^2', plus: { a: 'a' } },
  { name: 'sqrTwice', doc: '2 * a^2', plus: { a: 'a', times: 2 } },
  { name: 'sqrThrice', doc: '3 * a^2', plus: { a: 'a', times: 3 } },
  { name: 'mulSub', doc: 'a * b - c', plus: { a: 'a', b: 'b' }, less: { c: 1 } },
  { name: 'sqrSubTwice', doc: 'a^2 - 2 * c', plus: { a: 'a' }, less: { c: 2 } },
  { name: 'sqrSubSubTwice', doc: 'a^2 - c - 2 * d', plus: { a: 'a' }, less: { c: 1, d: 2 } },
  {
    name: 'mulSubSqrTwice',
    doc: 'a * (b - c) - 2 * d^2',
    plus: { a: 'a', b: ['b', 'c'] },
    minus: { a: 'd', times: 2 },
  },
  {
    name: 'mulSubMul',
    doc: 'a * (b - c) - d * e',
    plus: { a: 'a', b: ['b', 'c'] },
    minus: { a: 'd', b: 'e' },
  },
];

const pointers = (operand: Operand): readonly string[] => (typeof operand === 'string' ? [operand] : operand);
const nameOf = (operand: Operand): string => pointers(operand).join('_');
const load = (pointer: string, i: number): string => `<i64>load<i32>(${pointer}, ${4 * i})`;

/** `let` lines for the limbs of an operand. */
const limbs = (operand: Operand): string[] =>
  LIMBS.map((i) => {
    const [a, b] = pointers(operand);
    return `let ${nameOf(operand)}${i} = ${load(a!, i)}${b === undefined ? '' : ` - ${load(b, i)}`};`;
  });

interface Prepared {
  readonly lines: readonly string[];
  /** The products of column `k`. */
  readonly column: (k: number) => readonly string[];
}

const prepare = ({ a, b, times = 1 }: Product): Prepared => {
  const x = nameOf(a);
  const pairs = (k: number): readonly (readonly [number, number])[] =>
    LIMBS.map((i) => [i, k - i] as const).filter(([, j]) => j >= 0 && j <= 8);
  if (b !== undefined) {
    const y = nameOf(b);
    const scaled = times === 1 ? [] : LIMBS.map((i) => `${x}${i} *= ${times};`);
    return {
      lines: [...limbs(a), ...limbs(b), ...scaled],
      column: (k) => pairs(k).map(([i, j]) => `${x}${i} * ${y}${j}`),
    };
  }
  // A square: each mixed product once, with one factor doubled.
  const doubled = LIMBS.slice(1).map((i) => `let ${x}x${i} = ${2 * times} * ${x}${i};`);
  const scaled = times === 1 ? [] : LIMBS.map((i) => `let ${x}s${i} = ${times} * ${x}${i};`);
  return {
    lines: [...limbs(a), ...doubled, ...scaled],
    column: (k) =>
      pairs(k)
        .filter(([i, j]) => i <= j)
        .map(([i, j]) => (i < j ? `${x}${i} * ${x}x${j}` : `${x}${i} * ${x}${times === 1 ? '' : 's'}${j}`)),
  };
};

/**
 * Columns i and i + 9 in step. 2^261 = 2^37 + 31264, so what stands in column i + 9 counts 31264 times in column i and 256 times in the next.
 * What is left above 2^256 at the end comes back as 977 in limb 0 and 8 in limb 1.
 */
const reduction = (column: (k: number) => string, less: (i: number) => string): string[] => {
  const lines = ['let lo: i64 = 0, hi: i64 = 0;'];
  for (const i of LIMBS.slice(0, 8)) {
    lines.push(
      `hi = (hi >> 29) + ${column(i + 9)};`,
      `let u${i} = hi & MASK;`,
      `lo = (lo >> 29) + ${column(i)}${less(i)} + 31264 * u${i}${i === 0 ? '' : ` + (u${i - 1} << 8)`};`,
      `let r${i} = lo & MASK;`,
    );
  }
  return [
    ...lines,
    'hi >>= 29;',
    `lo = (lo >> 29) + ${column(8)}${less(8)} + 31264 * hi + (u7 << 8);`,
    'let r8 = lo & TOP;',
    'let t = (lo >> 24) + (hi << 13);',
    'lo = r0 + 977 * t;',
    'r0 = lo & MASK;',
    'lo = (lo >> 29) + r1 + (t << 3);',
    'r1 = lo & MASK;',
    'r2 += lo >> 29;',
  ];
};

/** What the debug build asserts of a product: see kernel/bounds.ts. */
const unit = ({ a, b = a, times = 1 }: Product): string => {
  const size = (operand: Operand): string =>
    typeof operand === 'string' ? `largest(${operand})` : `largestDifference(${operand.join(', ')})`;
  return `${times} * ${size(a)} * ${size(b)}`;
};

const formula = ({ name, doc, plus, minus, less = {} }: Formula): string => {
  const [p, m] = [prepare(plus), minus === undefined ? undefined : prepare(minus)];
  const column = (k: number): string =>
    p.column(k).join(' + ') + (m === undefined ? '' : m.column(k).map((t) => ` - ${t}`).join('')); // prettier-ignore
  const subtract = (i: number): string =>
    Object.entries(less)
      .map(([c, n]) => ` - ${n === 1 ? '' : `${n} * `}${load(c, i)}`)
      .join('');
  const used = [plus, minus].flatMap((t) => (t === undefined ? [] : [t.a, t.b ?? t.a])).flatMap(pointers);
  const parameters = [...new Set([...used, ...Object.keys(less)])].sort();
  const bound = [plus, minus].flatMap((t) => (t === undefined ? [] : [unit(t)])).join(' + ');
  return [
    `/** o = ${doc} */`,
    `export function ${name}(${['o', ...parameters].map((q) => `${q}: usize`).join(', ')}): void {`,
    `if (!ASC_NO_ASSERT) assert(fits(${bound}));`,
    ...p.lines,
    ...(m?.lines ?? []),
    ...reduction(column, subtract),
    ...LIMBS.map((i) => `store<i32>(o, <i32>r${i}, ${4 * i});`),
    'if (!ASC_NO_ASSERT) assert(reduced(o));',
    '}',
  ].join('\n');
};

/** Many squarings in a row, with the limbs kept in locals. */
const squarings = (): string => {
  const p = prepare({ a: 'a' });
  return [
    '/** o = a^(2^n), n at least 1 */',
    'export function sqrs(o: usize, a: usize, n: i32): void {',
    'if (!ASC_NO_ASSERT) assert(fits(largest(a) * largest(a)));',
    ...limbs('a'),
    'do {',
    ...p.lines.slice(9),
    ...reduction((k) => p.column(k).join(' + '), () => ''), // prettier-ignore
    ...LIMBS.map((i) => `a${i} = r${i};`),
    '} while (--n > 0);',
    ...LIMBS.map((i) => `store<i32>(o, <i32>a${i}, ${4 * i});`),
    'if (!ASC_NO_ASSERT) assert(reduced(o));',
    '}',
  ].join('\n');
};

export const fieldSource = (): string =>
  [
    '// Generated by scripts/kernel/field.ts.',
    "import { fits, largest, largestDifference, reduced } from '../bounds';",
    'const MASK: i64 = 0x1fffffff;',
    'const TOP: i64 = 0xffffff;',
    ...FORMULAS.map(formula),
    squarings(),
  ].join('\n');
