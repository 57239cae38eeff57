// XML from a router, as a tree of names and texts: prefixes and attributes are left out, names are in
// lower case, because routers are careless with both. Bounded in every direction.

// @ts-types="./sax.d.ts"
import sax from "sax";
import {
  PollenError,
  ROUTER_XML_DEPTH_MAX,
  ROUTER_XML_ELEMENTS_MAX,
  ROUTER_XML_LENGTH_MAX,
} from "../types/mod.ts";

/** One element. */
export interface XmlElement {
  /** Without its prefix, in lower case. */
  readonly name: string;
  /** Its own text, without space around it. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface Growing extends XmlElement {
  text: string;
  readonly children: Growing[];
}

/**
 * The document, as the one element that has its root for a child.
 *
 * @throws {PollenError} `malformed`, `too_large`.
 */
export function parseXml(source: string): XmlElement {
  if (source.length > ROUTER_XML_LENGTH_MAX) throw tooLarge();
  const document: Growing = { name: "", text: "", children: [] };
  const open = [document];
  let count = 0;
  const parser = sax.parser(false, { lowercase: true });
  parser.onopentag = ({ name }) => {
    if (++count > ROUTER_XML_ELEMENTS_MAX || open.length > ROUTER_XML_DEPTH_MAX) throw tooLarge();
    const element: Growing = { name: name.replace(/^.*:/, ""), text: "", children: [] };
    open.at(-1)!.children.push(element);
    open.push(element);
  };
  parser.onclosetag = () => {
    const closed = open.pop();
    if (closed !== undefined) closed.text = closed.text.trim();
  };
  parser.ontext = parser.oncdata = (text) => void (open.at(-1)!.text += text);
  parser.onerror = (error) => {
    throw error;
  };
  try {
    parser.write(source).close();
  } catch (thrown) {
    if (thrown instanceof PollenError) throw thrown;
    throw new PollenError("malformed", "The router sent XML that cannot be read.", {
      cause: thrown,
    });
  }
  return document;
}

/** Every element of this name below, in the order of the document. */
export function elementsOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...elementsOf(child, name),
  ]);
}

/** The text of the first element of this name below; null without one. */
export function textOf(element: XmlElement, name: string): string | null {
  return elementsOf(element, name)[0]?.text ?? null;
}

function tooLarge(): PollenError {
  return new PollenError("too_large", "The router sent more XML than any router needs.");
}
