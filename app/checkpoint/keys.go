package checkpoint

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"termwise.dev/core/refusal"
)

// The kinds of PEM blocks, as other programs name them too.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// NewKey makes a key to sign with and the public key to check with, in PEM.
func NewKey() (private, public []byte, err error) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: making a key: %w", err)
	}
	inner, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: writing a key: %w", err)
	}
	outer, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, nil, fmt.Errorf("checkpoint: writing a key: %w", err)
	}
	private = pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: inner})
	return private, pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: outer}), nil
}

// ParsePrivate reads a key to sign with. It refuses, with bad_input, what is not
// an Ed25519 key in PEM.
func ParsePrivate(text []byte) (ed25519.PrivateKey, error) {
	if block, _ := pem.Decode(text); block != nil && block.Type == privateBlock {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, is := key.(ed25519.PrivateKey); is {
				return key, nil
			}
		}
	}
	return nil, notAKey(privateBlock)
}

// ParsePublic reads a key to check with. It refuses what ParsePrivate refuses.
func ParsePublic(text []byte) (ed25519.PublicKey, error) {
	if block, _ := pem.Decode(text); block != nil && block.Type == publicBlock {
		if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if key, is := key.(ed25519.PublicKey); is {
				return key, nil
			}
		}
	}
	return nil, notAKey(publicBlock)
}

func notAKey(kind string) error {
	return refusal.New(refusal.BadInput, "the file is not an Ed25519 key: no PEM block %q of one", kind).At("key").
		Do("make one with termwise checkpoint key FILE")
}
