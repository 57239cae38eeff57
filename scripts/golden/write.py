"""Golden files: hexadecimal bytes, a comment behind each field, so that a person can check them.

    == NAME                 begins an entry
    type FULL.NAME          what the bytes are a message of; without it they are no message
    means NAME              another way to write that entry's message: to be read, never written
    text TEXT               instead of bytes
    6869  # a comment       bytes; white space does not count
"""

import struct

TYPE_MESSAGE, TYPE_STRING, TYPE_BYTES = 11, 9, 12


class File:
    def __init__(self, path, about):
        self.path = path
        self.lines = [f"# {line}" for line in about]
        self.lines.append("# Written by scripts/golden/main.py. Do not edit.")

    def message(self, name, value, means=None):
        """A message in its canonical bytes."""
        data = value.SerializeToString(deterministic=True)
        return self.encoded(name, value.DESCRIPTOR, data)

    def variant(self, name, value, data):
        """Other bytes of the same message as the entry of that value; Google's decoder must agree."""
        entry, message = value
        canonical = message.SerializeToString(deterministic=True)
        assert data != canonical, name
        other = type(message)()
        other.ParseFromString(data)
        other.DiscardUnknownFields()
        assert other == message, name
        return self.encoded(name, message.DESCRIPTOR, data, f"means {entry}")

    def encoded(self, name, descriptor, data, *notes):
        self._begin(name, f"type {descriptor.full_name}", *notes)
        self._write(list(_fields(descriptor, data, "")) or [("", "no bytes: nothing is set")])
        return data

    def raw(self, name, data, comment):
        self._begin(name)
        self._write([(data.hex(), comment)])

    def der(self, name, data):
        self._begin(name)
        self._write(list(_values(data, "")))

    def text(self, name, text):
        self._begin(name, f"text {text}")

    def save(self):
        self.path.write_text("\n".join(self.lines) + "\n")

    def _begin(self, name, *notes):
        self.lines += ["", f"== {name}", *notes]

    def _write(self, rows):
        for data, comment in rows:
            indent = data[: len(data) - len(data.lstrip())]
            chunks = [data.strip()[at : at + 64] for at in range(0, len(data.strip()), 64)] or [""]
            for chunk in chunks[:-1]:
                self.lines.append(indent + chunk)
            last = indent + chunks[-1]
            self.lines.append(f"{last:<40} # {comment}" if comment else last)


def _fields(descriptor, data, indent):
    """The fields of a message, nested ones below theirs."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        field = descriptor.fields_by_number.get(number) if descriptor else None
        label = f"{number} {field.name}" if field else f"{number} (unknown)"
        if wire == 2:
            length, at = _varint(data, at)
            yield indent + data[start:at].hex(" "), f"{label}, {length} bytes"
            content = data[at : at + length]
            at += length
            if field and field.type == TYPE_MESSAGE:
                yield from _fields(field.message_type, content, indent + "  ")
            elif content:
                yield f"{indent}  {content.hex()}", _shown(field, content)
            continue
        if wire == 0:
            value, at = _varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from("<I", data, at)[0], at + 4
        else:
            raise ValueError(f"wire type {wire}")
        yield indent + data[start:at].hex(" "), f"{label} = {value}"


def _shown(field, content):
    if field and field.type == TYPE_STRING:
        return f'"{content.decode()}"'
    return ""


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


DER_NAMES = {
    0x01: "BOOLEAN", 0x02: "INTEGER", 0x03: "BIT STRING", 0x04: "OCTET STRING", 0x06: "OID",
    0x0C: "UTF8String", 0x13: "PrintableString", 0x17: "UTCTime", 0x18: "GeneralizedTime",
    0x30: "SEQUENCE", 0x31: "SET", 0xA0: "[0]", 0xA3: "[3]",
}  # fmt: skip


def _values(data, indent):
    """The values of DER, those inside others below them."""
    at = 0
    while at < len(data):
        tag, length, start = data[at], data[at + 1], at
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size]), at + size
        name = DER_NAMES.get(tag, f"tag {tag}")
        yield indent + data[start:at].hex(" "), f"{name}, {length} bytes"
        content = data[at : at + length]
        at += length
        if tag & 0x20:
            yield from _values(content, indent + "  ")
        elif content:
            yield f"{indent}  {content.hex()}", _value(tag, content)


def _value(tag, content):
    if tag == 0x06:
        arcs, number = [], 0
        for byte in content:
            number = number << 7 | byte & 127
            if byte < 128:
                arcs.append(number)
                number = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))
    if tag in (0x0C, 0x13, 0x17, 0x18):
        return f'"{content.decode()}"'
    return ""
