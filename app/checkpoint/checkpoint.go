package checkpoint

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"termwise.dev/core/refusal"
)

// form is the version of the form in which checkpoints are written.
const form = 1

// Head is where one account's journal stands: the number of its last entry and,
// in hexadecimal, its hash.
type Head struct {
	Account string `json:"account"`
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
}

// opening is the first line of a checkpoint, closing the last one. Between them
// stands one Head on each line, sorted by account.
type opening struct {
	Form int    `json:"termwise_checkpoint"`
	At   string `json:"at"`
}

type closing struct {
	Accounts  int    `json:"accounts"`
	SHA256    string `json:"sha256"` // of all lines before this one
	Signature string `json:"signature"`
}

// Writer writes a checkpoint, a line at a time, so that it takes no memory
// however many accounts there are.
type Writer struct {
	to  io.Writer
	sum hash.Hash
	n   int
}

// NewWriter begins a checkpoint that is true at an instant, in words.
func NewWriter(to io.Writer, at string) (*Writer, error) {
	w := &Writer{to: to, sum: sha256.New()}
	return w, w.line(opening{Form: form, At: at})
}

func (w *Writer) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("checkpoint: writing a line: %w", err)
	}
	text = append(text, '\n')
	w.sum.Write(text)
	_, err = w.to.Write(text)
	return err
}

// Add writes the head of the next account.
func (w *Writer) Add(h Head) error {
	w.n++
	return w.line(h)
}

// Close signs what was written, and says how many accounts that are.
func (w *Writer) Close(key ed25519.PrivateKey) (accounts int, err error) {
	sum := w.sum.Sum(nil)
	return w.n, w.line(closing{Accounts: w.n, SHA256: hex.EncodeToString(sum), Signature: hex.EncodeToString(ed25519.Sign(key, sum))})
}

// Read checks a checkpoint's signature, reads it again from its beginning, and
// calls each for every head. It returns when the checkpoint was made. It refuses,
// with bad_input, what is not a checkpoint, was cut or changed, or was signed with
// another key.
func Read(from io.ReadSeeker, key ed25519.PublicKey, each func(Head) error) (at string, err error) {
	first, last, err := verified(from, key)
	if err != nil {
		return "", err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("checkpoint: reading it again: %w", err)
	}
	lines := bufio.NewReader(from)
	if _, err := lines.ReadBytes('\n'); err != nil {
		return "", fmt.Errorf("checkpoint: reading it again: %w", err)
	}
	for range last.Accounts {
		var h Head
		text, err := lines.ReadBytes('\n')
		if err != nil || json.Unmarshal(text, &h) != nil {
			return "", broken("it changed while it was read")
		}
		if err := each(h); err != nil {
			return "", err
		}
	}
	return first.At, nil
}

// verified reads a checkpoint once and checks its sum and its signature.
func verified(from io.Reader, key ed25519.PublicKey) (first opening, last closing, err error) {
	sum, lines := sha256.New(), bufio.NewReader(from)
	count := 0
	var line []byte
	for {
		next, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return first, last, fmt.Errorf("checkpoint: reading it: %w", err)
		}
		if len(next) == 0 {
			break
		}
		if line != nil {
			if count == 0 && (json.Unmarshal(line, &first) != nil || first.Form != form) {
				return first, last, broken("its first line is not that of a checkpoint")
			}
			sum.Write(line)
			count++
		}
		line = next
	}
	if count == 0 || json.Unmarshal(line, &last) != nil || last.SHA256 == "" {
		return first, last, broken("its last line is not a signature: it was cut off")
	}
	total := sum.Sum(nil)
	signature, err := hex.DecodeString(last.Signature)
	switch {
	case last.Accounts != count-1 || last.SHA256 != hex.EncodeToString(total):
		return first, last, broken("its lines are not those that were signed")
	case err != nil || !ed25519.Verify(key, total, signature):
		return first, last, broken("it was not signed with the key that belongs to this public key")
	}
	return first, last, nil
}

func broken(why string) error {
	return refusal.New(refusal.BadInput, "the checkpoint cannot be trusted: %s", why).At("checkpoint").
		Do("take the copy that was kept elsewhere, and the public key of the key that signed it")
}
