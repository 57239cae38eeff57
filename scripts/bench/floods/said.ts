// What the bench and its flooding processes say to each other: a line of JSON each way.

/** What a flooding process is told to do. */
export interface Order {
  /** Which flood, by its title; or what it is to prepare. */
  readonly what: string;
  readonly seconds?: number;
  readonly perSecond?: number;
  /** Packets to replay, in hexadecimal, by what they are. */
  readonly recorded?: Readonly<Record<string, string>>;
}

/** What came of it. */
export interface Outcome {
  /** Messages that were sent: what the victim did not take in is none. */
  readonly sent?: number;
  /** Packets that came back to the stranger meanwhile. */
  readonly back?: number;
  /** Packets that were recorded, in hexadecimal. */
  readonly recorded?: Readonly<Record<string, string>>;
}

/** Takes orders until standard input ends. */
export async function serveOrders(
  orders: AsyncIterable<Order>,
  obey: (order: Order) => Promise<Outcome>,
): Promise<void> {
  for await (const order of orders) console.log(JSON.stringify(await obey(order)));
}
