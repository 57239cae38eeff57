// A port of a service and its transport in one number, so that what is told apart, sorted and counted
// by port need not ask for the transport each time.

import { isPort } from "./address.ts";

/** 1…65535 is that port of TCP; 65,536 more is that port of UDP. */
export type ServicePort = number;

const UDP = 65_536;

/** The port, of UDP or of TCP. */
export function servicePort(port: number, isUdp: boolean): ServicePort {
  return isUdp ? UDP + port : port;
}

/** Whether it is a port of UDP. */
export function isUdpPort(port: ServicePort): boolean {
  return port > UDP;
}

/** The port without its transport, 1…65535. */
export function portNumber(port: ServicePort): number {
  return isUdpPort(port) ? port - UDP : port;
}

/** Whether the number is that of a service's port. */
export function isServicePort(port: number): boolean {
  return isPort(portNumber(port));
}

/** As people read it: `53`, or `53/udp`. */
export function showServicePort(port: ServicePort): string {
  return isUdpPort(port) ? `${portNumber(port)}/udp` : String(port);
}
