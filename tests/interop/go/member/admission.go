package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const skew = 60 * time.Second

// clusterID names the network with this root key.
func clusterID(root []byte) []byte {
	sum := sha256.Sum256(root)
	return sum[:]
}

func trustBundle(root []byte) message {
	return message(nil).bytes(1, clusterID(root)).bytes(2, root)
}

// sign makes claims and their signature under the context into an Ed25519ctx signature.
func sign(key ed25519.PrivateKey, context string, claims []byte) []byte {
	signature, err := key.Sign(rand.Reader, claims, &ed25519.Options{Context: "pollen." + context + ".v1"})
	if err != nil {
		panic(err) // Only for contexts that are too long.
	}
	return signature
}

func verify(key []byte, context string, claims, signature []byte) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%s: a key of %d bytes", context, len(key))
	}
	err := ed25519.VerifyWithOptions(key, claims, signature, &ed25519.Options{Context: "pollen." + context + ".v1"})
	if err != nil {
		return fmt.Errorf("%s: %w", context, err)
	}
	return nil
}

func serial() uint64 {
	drawn := make([]byte, 8)
	_, _ = rand.Read(drawn)
	return binary.BigEndian.Uint64(drawn) | 1
}

// adminCert is the root's word for its own key: what a root's node has for an issuer.
func adminCert(root ed25519.PrivateKey) message {
	public := root.Public().(ed25519.PublicKey)
	now := time.Now()
	claims := message(nil).bytes(1, clusterID(public)).bytes(2, public).
		number(3, uint64(now.Add(-time.Minute).Unix())).
		number(4, uint64(now.Add(time.Hour).Unix())).
		number(5, serial())
	return message(nil).part(1, claims).bytes(2, sign(root, "admin", claims))
}

func membershipCert(root ed25519.PrivateKey, subject []byte, life time.Duration) message {
	public := root.Public().(ed25519.PublicKey)
	now := time.Now()
	claims := message(nil).bytes(1, clusterID(public)).bytes(2, subject).bytes(3, public).
		number(4, uint64(now.Add(-time.Minute).Unix())).
		number(5, uint64(now.Add(life).Unix())).
		number(6, serial())
	return message(nil).part(1, claims).part(2, adminCert(root)).bytes(3, sign(root, "membership", claims))
}

// revocation is the root's word that a key is no member any more.
func revocation(root ed25519.PrivateKey, subject []byte) message {
	public := root.Public().(ed25519.PublicKey)
	entry := message(nil).bytes(1, clusterID(public)).bytes(2, subject).
		number(3, uint64(time.Now().Unix())).bytes(4, public)
	return message(nil).part(1, entry).bytes(2, sign(root, "revocation", entry))
}

// within says whether now lies between two moments, in seconds, give or take the skew.
func within(from, until uint64) bool {
	now := time.Now()
	return now.Add(skew).Unix() >= int64(from) && now.Add(-skew).Unix() <= int64(until)
}

// verifyAdmin gives the key of the administrator whom the root certified.
func verifyAdmin(root, cert []byte) ([]byte, error) {
	got, err := read(cert)
	if err != nil {
		return nil, err
	}
	if err := verify(root, "admin", got.part(1), got.part(2)); err != nil {
		return nil, err
	}
	claims, err := got.inside(1)
	if err != nil {
		return nil, err
	}
	if !within(claims.numbers[3], claims.numbers[4]) {
		return nil, errors.New("admin cert outside validity window")
	}
	return claims.part(2), nil
}

// verifyMembership says whether the certificate makes the subject a member of the root's network.
func verifyMembership(root, cert, subject []byte) error {
	got, err := read(cert)
	if err != nil {
		return err
	}
	admin, err := verifyAdmin(root, got.part(2))
	if err != nil {
		return err
	}
	if err := verify(admin, "membership", got.part(1), got.part(3)); err != nil {
		return err
	}
	claims, err := got.inside(1)
	switch {
	case err != nil:
		return err
	case !bytes.Equal(claims.part(1), clusterID(root)):
		return errors.New("membership cert not scoped to cluster")
	case !bytes.Equal(claims.part(2), subject):
		return errors.New("membership cert subject mismatch")
	case !bytes.Equal(claims.part(3), admin):
		return errors.New("membership cert issuer key mismatch")
	case !within(claims.numbers[4], claims.numbers[5]):
		return errors.New("membership cert outside validity window")
	}
	return nil
}

// bootstrap is where a token says that the network can be entered.
type bootstrap struct {
	key   []byte
	addrs []string
}

// invite makes the text of an open invite that this node itself redeems, and its identifier.
func invite(root ed25519.PrivateKey, enter bootstrap) (text, id string) {
	drawn := make([]byte, 16)
	_, _ = rand.Read(drawn)
	drawn[6], drawn[8] = drawn[6]&0x0f|0x40, drawn[8]&0x3f|0x80
	id = fmt.Sprintf("%x-%x-%x-%x-%x", drawn[:4], drawn[4:6], drawn[6:8], drawn[8:10], drawn[10:])
	now := time.Now()
	claims := message(nil).text(1, id).part(2, trustBundle(root.Public().(ed25519.PublicKey))).
		part(3, adminCert(root)).part(4, enter.encode()).
		number(6, uint64(now.Unix())).number(7, uint64(now.Add(5*time.Minute).Unix()))
	token := message(nil).part(1, claims).bytes(2, sign(root, "invite", claims))
	return base64.StdEncoding.EncodeToString(token), id
}

func (b bootstrap) encode() message {
	peer := message(nil).bytes(1, b.key)
	for _, addr := range b.addrs {
		peer = peer.text(2, addr)
	}
	return peer
}

// verifyInvite gives the root that an invite rests on, and where to redeem it.
func verifyInvite(token []byte) (root []byte, enter []bootstrap, err error) {
	got, err := read(token)
	if err != nil {
		return nil, nil, err
	}
	claims, err := got.inside(1)
	if err != nil {
		return nil, nil, err
	}
	root, err = verifyClaims(claims)
	if err != nil {
		return nil, nil, err
	}
	admin, err := verifyAdmin(root, claims.part(3))
	if err != nil {
		return nil, nil, err
	}
	if err := verify(admin, "invite", got.part(1), got.part(2)); err != nil {
		return nil, nil, err
	}
	for _, part := range claims.parts[4] {
		peer, err := read(part)
		if err != nil {
			return nil, nil, err
		}
		place := bootstrap{key: peer.part(1)}
		for _, addr := range peer.parts[2] {
			place.addrs = append(place.addrs, string(addr))
		}
		enter = append(enter, place)
	}
	return root, enter, nil
}

// verifyJoin gives the membership in a join token for the subject.
func verifyJoin(root, token, subject []byte) ([]byte, error) {
	got, err := read(token)
	if err != nil {
		return nil, err
	}
	claims, err := got.inside(1)
	if err != nil {
		return nil, err
	}
	if named, err := verifyClaims(claims); err != nil || !bytes.Equal(named, root) {
		return nil, errors.Join(err, errors.New("join token of another network"))
	}
	admin, err := verifyAdmin(root, claims.part(3))
	if err != nil {
		return nil, err
	}
	if err := verify(admin, "join", got.part(1), got.part(2)); err != nil {
		return nil, err
	}
	return claims.part(4), verifyMembership(root, claims.part(4), subject)
}

// verifyClaims checks what both kinds of token have alike, and gives the root.
func verifyClaims(claims fields) ([]byte, error) {
	trust, err := claims.inside(2)
	if err != nil {
		return nil, err
	}
	root := trust.part(2)
	if !bytes.Equal(trust.part(1), clusterID(root)) {
		return nil, errors.New("trust bundle cluster id mismatch")
	}
	issued, expires := claims.numbers[6], claims.numbers[7]
	if expires <= issued || !within(issued, expires) {
		return nil, errors.New("token expired or not yet valid")
	}
	return root, nil
}

// joinToken makes a stranger who redeemed an invite a member.
func joinToken(root ed25519.PrivateKey, subject []byte, enter bootstrap) message {
	_, id := invite(root, enter)
	now := time.Now()
	claims := message(nil).text(1, id).part(2, trustBundle(root.Public().(ed25519.PublicKey))).
		part(3, adminCert(root)).part(4, membershipCert(root, subject, time.Hour)).part(5, enter.encode()).
		number(6, uint64(now.Unix())).number(7, uint64(now.Add(5*time.Minute).Unix()))
	return message(nil).part(1, claims).bytes(2, sign(root, "join", claims))
}
