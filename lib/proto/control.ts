// The messages of the control socket alone: what commands load, which must not pay for the others.

export * from "./gen/control_v1.ts";
