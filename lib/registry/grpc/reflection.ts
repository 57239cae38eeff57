// gRPC's server reflection: what this server offers, for tools that know no schema beforehand. The
// schemas are public, so it needs no token.

import { FILE_DESCRIPTORS, reflection } from "../../proto/mod.ts";
import { type Handlers, implement, type ServedService } from "../../rpc/mod.ts";

const STATUS_NOT_FOUND = 5;
const STATUS_UNIMPLEMENTED = 12;

type Answer = reflection.ServerReflectionResponse["messageResponse"];

/** The service that speaks of the others by their full names, and of itself. */
export function reflectionService(names: readonly string[]): ServedService {
  const services = [...names, reflection.ServerReflection.typeName].sort();
  const handlers: Handlers<typeof reflection.ServerReflection> = {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request, services),
        };
      }
    },
  };
  return implement(reflection.ServerReflection, handlers);
}

function answer(
  { messageRequest }: reflection.ServerReflectionRequest,
  services: readonly string[],
): Answer {
  switch (messageRequest?.kind) {
    case "listServices": {
      const service = services.map((name) => ({ name }));
      return { kind: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return file(messageRequest.value);
    case "fileContainingSymbol":
      return file(pathOf(messageRequest.value));
    default:
      return refusal(STATUS_UNIMPLEMENTED, "there are no extensions here");
  }
}

/** Each package stands in one file, named after it: `a.b.v1.Name` in `a/b/v1/`. */
function pathOf(symbol: string): string {
  const path = Object.keys(FILE_DESCRIPTORS).find((candidate) => {
    const packageName = candidate.slice(0, candidate.lastIndexOf("/")).replaceAll("/", ".");
    return symbol.startsWith(`${packageName}.`);
  });
  return path ?? symbol;
}

function file(path: string): Answer {
  if (!Object.hasOwn(FILE_DESCRIPTORS, path)) {
    return refusal(STATUS_NOT_FOUND, `not found: ${path.slice(0, 200)}`);
  }
  const fileDescriptorProto = [Uint8Array.fromBase64(FILE_DESCRIPTORS[path]!)];
  return { kind: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function refusal(errorCode: number, errorMessage: string): Answer {
  return { kind: "errorResponse", value: { errorCode, errorMessage } };
}
