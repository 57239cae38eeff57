// The router, and who plays it on its link.

/** Characters of the longest XML from a router, and bytes of its HTTP answers: real ones have less than 20,000. */
export const ROUTER_XML_LENGTH_MAX = 65_536;
/** Elements of one document, and how deep they lie: descriptions have some hundred, ten deep. */
export const ROUTER_XML_ELEMENTS_MAX = 2_048;
export const ROUTER_XML_DEPTH_MAX = 32;
/** Characters of a URL that a router names. */
export const ROUTER_URL_LENGTH_MAX = 2_048;
/** Bytes of an answer by SSDP. */
export const SSDP_BYTES_MAX = 8_192;
/** Bytes of a PCP message (RFC 6887, section 7). */
export const PCP_BYTES_MAX = 1_100;
/** Outer ports that are tried when the one wished for is somebody else's; that four more are taken is no chance. */
export const ROUTER_OTHER_PORTS_MAX = 4;
/** Milliseconds for an HTTP request to the router and the whole of its answer. */
export const ROUTER_HTTP_TIMEOUT_MS = 3_000;
