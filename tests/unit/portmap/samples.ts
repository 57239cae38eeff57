// What a router in good order sends.

export const ROUTER = "192.168.1.1";
export const GATEWAY = { ip: ROUTER, localIp: "192.168.1.66" };
export const NONCE = Uint8Array.from({ length: 12 }, (_, at) => at + 1);
export const WISH = {
  gateway: GATEWAY,
  internalPort: 60_611,
  externalPort: 60_612,
  lifetimeMs: 3_600_000,
};

/** 203.0.113.9:40000 for 20 minutes. */
export const PCP_MAP = Uint8Array.fromHex([
  "02810000", // version 2, an answer to MAP, success
  "000004b0", // 1,200 s
  "00000064", // the router runs for 100 s
  "000000000000000000000000",
  "0102030405060708090a0b0c", // the nonce
  "11000000", // UDP
  "ecc39c40", // 60611, 40000
  "00000000000000000000ffffcb007109",
].join(""));

export const NAT_PMP_ADDRESS = Uint8Array.fromHex("0080000000000064cb007109");
export const NAT_PMP_MAP = Uint8Array.fromHex("0081000000000064ecc39c40000004b0");

export const SSDP = [
  "HTTP/1.1 200 OK",
  "CACHE-CONTROL: max-age=120",
  "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1",
  "EXT:",
  "SERVER: router",
  "LOCATION: http://192.168.1.1:5000/rootDesc.xml?a=b",
  "",
  "",
].join("\r\n");

/** A router's description, as careless as real ones: no space is right, and an entity is missing. */
export const DESCRIPTION = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>
<friendlyName>Smith & Sons</friendlyName>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType>
<controlURL>/ctl/L3F</controlURL></service></serviceList>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType>
<deviceList><device><serviceList><service>
<serviceType>
  urn:schemas-upnp-org:service:WANIPConnection:1 </serviceType>
<controlURL>/ctl/IPConn</controlURL><eventSubURL>/evt/IPConn</eventSubURL>
</service></serviceList></device></deviceList></device></deviceList></device></root>`;

/** The answer to GetExternalIPAddress. */
export const SOAP = `<?xml version="1.0"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>
<m:GetExternalIPAddressResponse xmlns:m="urn:schemas-upnp-org:service:WANIPConnection:1">
<NewExternalIPAddress>203.0.113.9</NewExternalIPAddress>
</m:GetExternalIPAddressResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>`;

/** A refusal: the port is somebody else's. */
export const SOAP_FAULT = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>
<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>718</errorCode>
<errorDescription>ConflictInMappingEntry</errorDescription></UPnPError>
</detail></s:Fault></s:Body></s:Envelope>`;

/** `/proc/net/route` with two ways out. */
export const LINUX_ROUTES =
  `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	0102A8C0	0003	0	0	100	00000000	0	0	0
eth0	0002A8C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
`;

export const MAC_ROUTE = `   route to: default
destination: default
       mask: default
    gateway: 192.168.1.1
  interface: en0
      flags: <UP,GATEWAY,DONE,STATIC,PRCLONING,GLOBAL>
`;

export const WINDOWS_ROUTES = `
IPv4 Route Table
===========================================================================
Active Routes:
Network Destination        Netmask          Gateway       Interface  Metric
          0.0.0.0          0.0.0.0      192.168.1.1     192.168.1.66     50
          0.0.0.0          0.0.0.0      192.168.2.1     192.168.2.66     25
===========================================================================
`;
