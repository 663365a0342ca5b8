const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity of Kubernetes in its plain unit, CPUs or bytes: `100m` is 0.1. What is absent is 0. */
export function quantity(text: number | string = 0): number {
  const [, digits = '', unit = ''] = /^([\d.]+(?:e\d+)?)(\w*)$/.exec(String(text)) ?? [];
  return Number(digits) * (factors[unit] ?? Number.NaN);
}
