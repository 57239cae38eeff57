package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

const (
	alpnMember = "pollen/1"
	alpnInvite = "pollen-invite/1"
)

// The UUID 9197192d-fb57-43c0-8399-ad704a8b0245 in pieces below 2.25.
var extensionID = asn1.ObjectIdentifier{2, 25, 37271, 6445, 64343, 17344, 33689, 44400, 19083, 581, 1, 1}

// certificate is what a node shows: with its membership among members, bare to redeem an invite.
func certificate(key ed25519.PrivateKey, membership []byte) (tls.Certificate, error) {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: "pollen-peer"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if membership != nil {
		value, err := asn1.Marshal(membership)
		if err != nil {
			return tls.Certificate{}, err
		}
		template.ExtraExtensions = []pkix.Extension{{Id: extensionID, Value: value}}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, err
}

// security is TLS as pollen/1 has it: certificates on both sides, and trust by our own verdict.
func security(shown tls.Certificate, alpn string, verdict func(key, membership []byte) error) *tls.Config {
	return &tls.Config{
		Certificates:       []tls.Certificate{shown},
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{alpn},
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			key, membership, err := readCertificate(raw)
			if err != nil {
				return err
			}
			return verdict(key, membership)
		},
	}
}

func readCertificate(raw [][]byte) (key, membership []byte, err error) {
	if len(raw) == 0 {
		return nil, nil, errors.New("no peer certificate presented")
	}
	parsed, err := x509.ParseCertificate(raw[0])
	if err != nil {
		return nil, nil, err
	}
	key, isEd25519 := parsed.PublicKey.(ed25519.PublicKey)
	if !isEd25519 {
		return nil, nil, errors.New("peer certificate does not contain ed25519 public key")
	}
	for _, extension := range parsed.Extensions {
		if extension.Id.Equal(extensionID) {
			rest, err := asn1.Unmarshal(extension.Value, &membership)
			if err != nil || len(rest) > 0 {
				return nil, nil, errors.New("the membership extension is damaged")
			}
		}
	}
	return key, membership, nil
}

// memberOf is the verdict on a peer that has to be a member, and this very one unless that is nil.
func memberOf(root, expected []byte) func(key, membership []byte) error {
	return func(key, membership []byte) error {
		if expected != nil && !bytes.Equal(key, expected) {
			return errors.New("peer identity mismatch")
		}
		if membership == nil {
			return errors.New("peer certificate missing membership extension")
		}
		return verifyMembership(root, membership, key)
	}
}

// holderOf is the verdict on a peer of which only the key counts; any key where it is nil.
func holderOf(expected []byte) func(key, membership []byte) error {
	return func(key, _ []byte) error {
		if expected != nil && !bytes.Equal(key, expected) {
			return errors.New("peer identity mismatch")
		}
		return nil
	}
}
