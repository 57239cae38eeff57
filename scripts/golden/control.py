"""What the command line asks of its daemon. The first fields of each message are the protocol's;
requested_local_port and those after it, socket, conditions, and what undoes a forward are Pollen's
own."""

from values import KEYS, NOW, YEAR, make
from write import File


def write(folder):
    node, other = (make("control.NodeRef", peer_id=KEYS[name]) for name in ("node", "other"))
    connection = make(
        "control.ConnectionSummary",
        peer=other,
        remote_port=8080,
        local_port=8081,
        service_name="api",
        requested_local_port=8080,
        active_tunnels=2,
        last_failure="it was cut",
    )
    fault = make("control.FaultCount", kind="unreachable", count=2**53 + 1)
    certificate = make(
        "control.CertInfo",
        not_before_unix=NOW - 60,
        not_after_unix=NOW + YEAR,
        serial=2**64 - 1,
        health=3,
        non_renewable=True,
    )
    socket = make(
        "control.SocketInfo",
        receive_buffer_bytes=2**40,
        send_buffer_bytes=1,
        segments_max=64,
        coalesces=True,
        rebinds=3,
        faults=[fault],
    )
    path = make(
        "control.PathInfo",
        carrier=other,
        since_unix=NOW - 60,
        rtt_us=12345,
        packets_lost=2**40,
        packets_sent=2**48,
    )
    link = make("control.LinkInfo", protocol="pollen/2", version="1.2.3", path=path)
    itself = make(
        "control.NodeSummary",
        node=node,
        status=1,
        addr="10.0.0.1:60611",
        publicly_accessible=True,
        link=link,
    )
    offline = make("control.NodeSummary", node=other, status=2)
    service = make("control.ServiceSummary", name="api", provider=other, port=8080)
    condition = make(
        "control.Condition", kind="clock_behind", message="The clock is behind.", fix="Set it."
    )
    mapping = make(
        "control.PortMapping", protocol="pcp", gateway="192.168.1.1", address="192.0.2.7:60611"
    )
    network = make(
        "control.NetworkInfo",
        nat_kind="endpoint_independent",
        port_mapping="mapped",
        mapping=mapping,
    )
    place = make("control.BootstrapPeerInfo", peer=node, addrs=["10.0.0.1:60611", "host:1"])
    named = {"port": 8080, "name": "api"}
    file = File(folder / "control.golden", ["What travels between the command line and the daemon."])
    for name, message in {
        "a node": node,
        "a path": path,
        "a link": link,
        "this node's summary": itself,
        "an offline node's summary": offline,
        "a service's summary": service,
        "a forward's summary": connection,
        "a certificate's summary": certificate,
        "a fault": fault,
        "a socket": socket,
        "a condition": condition,
        "a port mapping": mapping,
        "the network": network,
        "a place to enter": place,
        "a request to stop": make("control.ShutdownRequest"),
        "it stops": make("control.ShutdownResponse"),
        "a request for places to enter": make("control.GetBootstrapInfoRequest"),
        "places to enter": make(
            "control.GetBootstrapInfoResponse",
            self=place,
            recommended=place,
            forwarders=[place, place],
        ),
        "a request for the status": make("control.GetStatusRequest"),
        "a status": make(
            "control.GetStatusResponse",
            self=itself,
            nodes=[itself, offline],
            services=[service],
            connections=[connection],
            certificates=[certificate],
            socket=socket,
            conditions=[condition],
            network=network,
            limits_reached={"frames_unsent": 2**53 + 1, "agent_pages": 1},
        ),
        "a request to serve": make("control.RegisterServiceRequest", **named),
        "a request to serve without a name": make("control.RegisterServiceRequest", port=8080),
        "a request to serve with an empty name": make("control.RegisterServiceRequest", name=""),
        "it is served": make("control.RegisterServiceResponse"),
        "a request to serve no more": make("control.UnregisterServiceRequest", **named),
        "it is served no more": make(
            "control.UnregisterServiceResponse", names=["api", "web"], port=8080
        ),
        "a request to connect": make(
            "control.ConnectServiceRequest", node=other, remote_port=8080, local_port=65_535
        ),
        "it is connected": make("control.ConnectServiceResponse", local_port=8081),
        "a request to disconnect": make(
            "control.DisconnectServiceRequest", local_port=8081, node=other, remote_port=8080
        ),
        "it is disconnected": make(
            "control.DisconnectServiceResponse", disconnected=[connection]
        ),
        "a request to dial": make(
            "control.ConnectPeerRequest", peer_id=KEYS["other"], addrs=["192.0.2.1:60611"]
        ),
        "it is dialled": make("control.ConnectPeerResponse"),
        "a request to revoke": make("control.RevokePeerRequest", peer_id=KEYS["other"]),
        "it is revoked": make("control.RevokePeerResponse"),
    }.items():
        file.message(name, message)
    file.save()
