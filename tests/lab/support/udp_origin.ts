// A UDP service as a process of its own: answers each packet with its bytes backwards. Prints its port.

import { UdpOrigin } from "../../e2e/support/udp.ts";
import { backwards } from "../../e2e/support/udp_loads.ts";

const origin = await UdpOrigin.open(backwards);
console.log(origin.port);
