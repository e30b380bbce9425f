package checkpoint_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"termwise.dev/app/checkpoint"
	"termwise.dev/core/refusal"
)

// FuzzRead looks for a checkpoint that panics, is refused without a code, or is
// accepted although it is not what was signed.
func FuzzRead(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	var signed bytes.Buffer
	w, err := checkpoint.NewWriter(&signed, "2026-01-01T00:00:00+08:00")
	for _, h := range heads {
		if err == nil {
			err = w.Add(h)
		}
	}
	if err == nil {
		_, err = w.Close(key)
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed.Bytes())
	f.Add(bytes.ReplaceAll(signed.Bytes(), []byte("\n"), []byte("\r\n")))
	f.Add(signed.Bytes()[:signed.Len()/2])
	f.Add([]byte("{}\n{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := checkpoint.Read(bytes.NewReader(text), key.Public().(ed25519.PublicKey), func(checkpoint.Head) error { return nil })
		switch {
		case err == nil && !bytes.Equal(text, signed.Bytes()):
			t.Fatalf("%q is accepted", text)
		case err != nil && refusal.CodeOf(err) != refusal.BadInput:
			t.Fatalf("%q is refused with %v", text, err)
		}
	})
}

// FuzzKey looks for a file of a key that panics, is refused without a code, or is
// read as a key of another length.
func FuzzKey(f *testing.F) {
	private, public, err := checkpoint.NewKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private)
	f.Add(public)
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := checkpoint.ParsePrivate(text); err == nil && len(key) != ed25519.PrivateKeySize || err != nil && refusal.CodeOf(err) != refusal.BadInput {
			t.Fatalf("a private key of %d bytes, %v", len(key), err)
		}
		if key, err := checkpoint.ParsePublic(text); err == nil && len(key) != ed25519.PublicKeySize || err != nil && refusal.CodeOf(err) != refusal.BadInput {
			t.Fatalf("a public key of %d bytes, %v", len(key), err)
		}
	})
}
