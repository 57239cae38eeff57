// How protobuf's scalar types look in TypeScript, and how they are read and written with
// lib/proto/wire.ts. Only what our schemas use.

/** How a scalar is typed, defaulted, tested for its default, read and written. */
export interface Scalar {
  readonly type: string;
  readonly zero: string;
  readonly wireType: 0 | 2;
  isSet(value: string): string;
  readonly read: string;
  write(value: string): string;
}

export const SCALARS: Readonly<Record<string, Scalar>> = {
  string: {
    type: "string",
    zero: '""',
    wireType: 2,
    isSet: (value) => `${value} !== ""`,
    read: "readString(reader)",
    write: (value) => `writer.string(${value})`,
  },
  bytes: {
    type: "Uint8Array",
    zero: "new Uint8Array(0)",
    wireType: 2,
    isSet: (value) => `${value}.length > 0`,
    read: "readBytes(reader)",
    write: (value) => `writer.bytes(${value})`,
  },
  bool: {
    type: "boolean",
    zero: "false",
    wireType: 0,
    isSet: (value) => value,
    read: "readUint64(reader) !== 0n",
    write: (value) => `writer.bool(${value})`,
  },
  uint32: number32("uint32"),
  int32: number32("int32"),
  uint64: number64("readUint64"),
  int64: number64("readInt64"),
};

export function number32(method: string): Scalar {
  return {
    type: "number",
    zero: "0",
    wireType: 0,
    isSet: (value) => `${value} !== 0`,
    read: `reader.${method}()`,
    write: (value) => `writer.${method}(${value})`,
  };
}

function number64(read: string): Scalar {
  return {
    type: "bigint",
    zero: "0n",
    wireType: 0,
    isSet: (value) => `${value} !== 0n`,
    read: `${read}(reader)`,
    write: (value) => `writeUint64(writer, ${value})`,
  };
}
