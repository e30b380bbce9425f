package checkpoint_test

import (
	"bytes"
	"slices"
	"testing"

	"termwise.dev/app/checkpoint"
	"termwise.dev/core/refusal"
)

var heads = []checkpoint.Head{{Account: "a", Seq: 3, Hash: "0a"}, {Account: "b", Seq: 1, Hash: "ff"}}

// written returns a checkpoint and the public key to check it with.
func written(t *testing.T, heads []checkpoint.Head) (text, public []byte) {
	t.Helper()
	private, public, err := checkpoint.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := checkpoint.ParsePrivate(private)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := checkpoint.NewWriter(&b, "2026-01-01T00:00:00+08:00")
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		if err := w.Add(h); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.Close(key); err != nil || n != len(heads) {
		t.Fatalf("%d accounts, %v", n, err)
	}
	return b.Bytes(), public
}

func read(t *testing.T, text, public []byte) (at string, got []checkpoint.Head, err error) {
	t.Helper()
	key, err := checkpoint.ParsePublic(public)
	if err != nil {
		t.Fatal(err)
	}
	at, err = checkpoint.Read(bytes.NewReader(text), key, func(h checkpoint.Head) error {
		got = append(got, h)
		return nil
	})
	return at, got, err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, some := range [][]checkpoint.Head{heads, nil} {
		text, public := written(t, some)
		at, got, err := read(t, text, public)
		if err != nil || at != "2026-01-01T00:00:00+08:00" || !slices.Equal(got, some) {
			t.Errorf("at %s: %v, %v", at, got, err)
		}
	}
}

// Every single byte that is changed, and every cut, is refused, and no head is
// passed on.
func TestWhatWasChangedIsRefused(t *testing.T) {
	text, public := written(t, heads)
	refused := func(what string, n int, changed []byte) {
		if _, got, err := read(t, changed, public); refusal.CodeOf(err) != refusal.BadInput || len(got) > 0 {
			t.Errorf("%s at %d is read: %v, %v", what, n, got, err)
		}
	}
	for i := range text[:len(text)-1] {
		changed := slices.Clone(text)
		changed[i] ^= 1
		refused("a changed byte", i, changed)
	}
	for i := range text[:len(text)-1] {
		refused("a cut", i, text[:i])
	}
	_, other := written(t, heads)
	if _, _, err := read(t, text, other); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("another key: %v", err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	private, public, err := checkpoint.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{nil, []byte("key"), public, bytes.Replace(private, []byte("M"), []byte("N"), 1)} {
		if _, err := checkpoint.ParsePrivate(text); refusal.CodeOf(err) != refusal.BadInput {
			t.Errorf("%q is a key: %v", text, err)
		}
	}
	if _, err := checkpoint.ParsePublic(private); refusal.CodeOf(err) != refusal.BadInput {
		t.Errorf("a private key is a public one: %v", err)
	}
}
