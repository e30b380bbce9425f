package terms

import (
	"strings"

	"termwise.dev/core/refusal"
)

// Silence is what it means that no bound document sets a key.
type Silence string

// SilenceIsError: without a value nothing can be decided, so Get refuses with
// code term_missing. Any other Silence is the meaning in words.
const SilenceIsError Silence = ""

// KeyInfo describes a key for documentation and for `termwise keys`.
type KeyInfo struct {
	Name    string  `json:"name"`    // for example late_fee.rate; a family has a placeholder: price.<meter>
	Type    string  `json:"type"`    // in words
	Unit    string  `json:"unit"`    // in words, with an example of how it is written
	Silence Silence `json:"silence"` // what silence means; "" when it is an error
	ReadBy  string  `json:"read_by"` // where the value is read, or "waits for: " and WaitsFor
	// WaitsFor is the capability that will read the value; "" when code reads it today.
	WaitsFor string `json:"waits_for,omitempty"`
}

// Key is a typed term key. Keys are declared once, in keys.go and the files
// beside it, and either read somewhere or waiting for a capability.
type Key[T any] struct {
	name     string
	form     form[T]
	silence  Silence
	readBy   string // the packages that read it
	waitsFor string // the capability that will read it
}

// Name returns the key's name, for example late_fee.rate.
func (k Key[T]) Name() string { return k.name }

// Info describes the key.
func (k Key[T]) Info() KeyInfo {
	return infoOf(k.name, k.form, k.silence, k.readBy, k.waitsFor)
}

func infoOf[T any](name string, form form[T], silence Silence, readBy, waitsFor string) KeyInfo {
	if waitsFor != "" {
		readBy = "waits for: " + waitsFor
	}
	return KeyInfo{Name: name, Type: form.typ, Unit: form.unit, Silence: silence, ReadBy: readBy, WaitsFor: waitsFor}
}

func (k Key[T]) matches(name string) bool    { return name == k.name }
func (k Key[T]) read(w written) (any, error) { return k.form.parse(w) }
func (k Key[T]) canonical(value any) string  { return k.form.format(value.(T)) }

// Family is a set of keys that share a type: prefix.member, one for each member
// that a document names (price.cpu, price.ram).
type Family[T any] struct {
	prefix   string
	member   string // what a member is, in words
	form     form[T]
	silence  Silence
	readBy   string
	waitsFor string
}

// Key returns the name of a member's key, for example price.cpu.
func (f Family[T]) Key(member string) string { return f.prefix + "." + member }

// Info describes the family.
func (f Family[T]) Info() KeyInfo {
	return infoOf(f.Key("<"+f.member+">"), f.form, f.silence, f.readBy, f.waitsFor)
}

func (f Family[T]) matches(name string) bool {
	member, ok := strings.CutPrefix(name, f.prefix+".")
	return ok && isIdentifier(member)
}
func (f Family[T]) read(w written) (any, error) { return f.form.parse(w) }
func (f Family[T]) canonical(value any) string  { return f.form.format(value.(T)) }

// definition is a Key or a Family without its type parameter.
type definition interface {
	Info() KeyInfo
	matches(name string) bool
	read(written) (any, error)
	canonical(value any) string
}

// Keys describes every key and family, in the order of keys.go.
func Keys() []KeyInfo {
	infos := make([]KeyInfo, len(definitions))
	for i, d := range definitions {
		infos[i] = d.Info()
	}
	return infos
}

// define finds the definition of a key. A name that no key or family has is
// refused with code bad_input and the nearest name.
func define(name string) (definition, error) {
	for _, d := range definitions {
		if d.matches(name) {
			return d, nil
		}
	}
	var names []string
	for _, k := range Keys() {
		names = append(names, k.Name)
	}
	return nil, refusal.New(refusal.BadInput, "%q is not a term key", name).Do("%s", suggest(name, names))
}

// CheckKey refuses, with code bad_input and the nearest name, a name that no key
// or family has.
func CheckKey(name string) error {
	_, err := define(name)
	return err
}

// waits says whether no code reads a key yet. A name that is not a key waits for
// nothing: it is refused elsewhere.
func waits(name string) bool {
	def, err := define(name)
	return err == nil && def.Info().WaitsFor != ""
}
