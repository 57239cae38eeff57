"""The TLS certificate of a node: with its membership in the extension, and bare."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

import values
from write import File

# UUID 9197192d-fb57-43c0-8399-ad704a8b0245 in pieces below 2.25.
EXTENSION = ObjectIdentifier("2.25.37271.6445.64343.17344.33689.44400.19083.581.1.1")
SERIAL = int.from_bytes(bytes([0x7F] + [0x5A] * 15))


def certificate(membership):
    key = ed25519.Ed25519PrivateKey.from_private_bytes(values.SEEDS["node"])
    # A PrintableString, as Go's library writes letters and hyphens; this one prefers UTF-8.
    text = x509.NameAttribute(NameOID.COMMON_NAME, "pollen-peer", _ASN1Type.PrintableString)
    name = x509.Name([text])
    now = datetime.datetime.fromtimestamp(values.NOW, datetime.timezone.utc)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), SERIAL)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if membership is not None:
        proto = membership.SerializeToString(deterministic=True)
        header = bytes([4, 0x82]) + len(proto).to_bytes(2)
        extension = x509.UnrecognizedExtension(EXTENSION, header + proto)
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, None).public_bytes(Encoding.DER)


def write(folder):
    file = File(
        folder / "certificates.golden",
        ["X.509 in DER. The membership is that of admission.golden; the serial number is made up."],
    )
    file.der("a member's TLS certificate", certificate(values.MEMBERSHIP))
    file.der("a bare TLS certificate", certificate(None))
    file.save()
