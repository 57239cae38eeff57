// Who uses a UDP service, as a process of its own. Arguments: the local port that leads to it, how many
// questions, how many packets of a VPN, and for how many seconds a stream. Questions and packets must
// be answered; of the stream it prints which share was.

import { UdpClient } from "../../e2e/support/udp.ts";
import { askQuestions, exchangePackets, sendStream } from "../../e2e/support/udp_loads.ts";

/** After which what has not come will not. */
const QUIET_MS = 3_000;

const [port, questions, packets, seconds] = Deno.args.map(Number) as [
  number,
  number,
  number,
  number,
];
await askQuestions(port, questions);
await exchangePackets(port, packets);
await using client = await UdpClient.open(port);
const sent = await sendStream(client, seconds);
let answered = client.received.length;
client.received.length = 0;
while (answered < sent && await client.receive(QUIET_MS) !== null) answered++;
console.log(answered / sent);
