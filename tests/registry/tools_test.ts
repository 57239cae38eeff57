// Health checks and reflection, met by a client that has its schemas from elsewhere: the ones that
// gRPC publishes, written down here from their field numbers.

import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";
import * as grpc from "../../lib/rpc/grpc.ts";
import { openTestRegistry } from "./support.ts";

const NOT_FOUND = 5;

const text = (id: number) => ({ type: "string", id });
const schema = protobuf.Root.fromJSON({
  nested: {
    HealthRequest: { fields: { service: text(1) } },
    HealthResponse: { fields: { status: { type: "int32", id: 1 } } },
    ReflectionRequest: {
      fields: { host: text(1), fileByFilename: text(3), symbol: text(4), listServices: text(7) },
    },
    ReflectionResponse: {
      fields: {
        validHost: text(1),
        files: { type: "Files", id: 4 },
        services: { type: "Services", id: 6 },
        error: { type: "Failure", id: 7 },
      },
    },
    Files: { fields: { bytes: { rule: "repeated", type: "bytes", id: 1 } } },
    Services: { fields: { service: { rule: "repeated", type: "Name", id: 1 } } },
    Name: { fields: { name: text(1) } },
    Failure: { fields: { code: { type: "int32", id: 1 }, message: text(2) } },
  },
});

// deno-lint-ignore no-explicit-any -- messages of many shapes
type Message = any;

function codec(name: string) {
  const type = schema.lookupType(name);
  return {
    encode: (message: object) => Buffer.from(type.encode(message).finish()),
    decode: (bytes: Buffer): Message => type.decode(bytes),
  };
}

function openClient(port: number): Disposable & { readonly client: grpc.Client } {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return { client, [Symbol.dispose]: () => client.close() };
}

const ORCHESTRATOR = "orchion.v1.Orchestrator";

Deno.test("health is told to those who ask and to those who watch, also where tokens are needed", async () => {
  await using opened = await openTestRegistry({ apiKey: "key" });
  using opening = openClient(opened.server.port);
  const { client } = opening;
  const { encode } = codec("HealthRequest");
  const { decode } = codec("HealthResponse");
  const check = (service: string) =>
    new Promise<[number, number]>((resolve) => {
      const path = "/grpc.health.v1.Health/Check";
      client.makeUnaryRequest(path, encode, decode, { service }, (failure, answer) => {
        resolve([failure?.code ?? 0, answer?.status]);
      });
    });
  deepEqual(await check(""), [0, 1]);
  deepEqual(await check(ORCHESTRATOR), [0, 1]);
  deepEqual(await check("nobody"), [NOT_FOUND, undefined]);

  const watch = (service: string) =>
    client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", encode, decode, { service });
  for (const [service, wanted] of [[ORCHESTRATOR, 1], ["nobody", 3]] as const) {
    const call = watch(service);
    const told = await new Promise<Message>((resolve) => call.once("data", resolve));
    equal(told.status, wanted);
    const ended = new Promise((resolve) => call.once("error", resolve));
    call.cancel();
    await ended;
  }
});

Deno.test("reflection names the services and hands out their schemas", async () => {
  await using opened = await openTestRegistry();
  using opening = openClient(opened.server.port);
  const { encode } = codec("ReflectionRequest");
  const { decode } = codec("ReflectionResponse");
  const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  const call = opening.client.makeBidiStreamRequest(path, encode, decode);
  const ask = (message: object) => {
    call.write(message);
    return new Promise<Message>((resolve) => call.once("data", resolve));
  };
  const { services } = await ask({ listServices: "*" });
  const names = services.service.map(({ name }: { name: string }) => name);
  deepEqual(names, [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    ORCHESTRATOR,
  ]);
  for (const name of names) {
    const { files } = await ask({ symbol: name });
    const set = {
      file: files.bytes.map((bytes: Uint8Array) => descriptor.FileDescriptorProto.decode(bytes)),
    };
    const root = (protobuf.Root as Message).fromDescriptor(set).resolveAll();
    ok(root.lookupService(name).methodsArray.length > 0);
    if (name !== ORCHESTRATOR) continue;
    const { fields } = root.lookupType("orchion.v1.Node");
    deepEqual(
      Object.values(fields as Record<string, protobuf.Field>).map(({ id }) => id),
      [1, 2, 3, 4, 5],
    );
  }
  ok((await ask({ fileByFilename: "orchion/v1/orchestrator.proto" })).files.bytes.length === 1);
  equal((await ask({ fileByFilename: "__proto__" })).error.code, NOT_FOUND);
  equal((await ask({ symbol: "nobody.Here" })).error.code, NOT_FOUND);
  call.end();
  await new Promise((resolve) => call.once("status", resolve));
});
