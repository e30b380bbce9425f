package app

import (
	"strings"
	"unicode/utf8"

	"termwise.dev/core/refusal"
)

// maxText bounds the characters of what callers call things: such names stand in
// indexes, of which PostgreSQL takes 2,704 bytes a row, and in lists.
const maxText = 200

// checkText refuses, with code bad_input, a text that cannot be kept as a name: one
// of more than maxText characters, one that is not UTF-8, which PostgreSQL does not
// take, and one with control characters. what says what the text is to be.
func checkText(what, text string) error {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	if utf8.RuneCountInString(text) <= maxText && utf8.ValidString(text) && !strings.ContainsFunc(text, control) {
		return nil
	}
	return refusal.New(refusal.BadInput, "the %s is %.40q, of %d bytes", what, text, len(text)).At(what).
		Do("use at most %d characters of UTF-8, without control characters", maxText)
}
