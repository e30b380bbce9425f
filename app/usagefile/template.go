package usagefile

import (
	"fmt"
	"regexp"
	"strings"

	"termwise.dev/core/refusal"
)

// text computes a text from a row, or says what stands in the way.
type text func(row []string) (string, *refusal.Error)

// widthPattern is the number of digits that a hole is filled up to with zeros.
var widthPattern = regexp.MustCompile(`^0[1-9]$`)

// template compiles a text: the name of a column, or text with {...} in it.
func (c *compiler) template(s scalar, field string) text {
	if !c.present(s, field) {
		return nil
	}
	if !strings.ContainsAny(s.text, "{}") {
		if !isName(s.text) {
			c.refuseAt(s, fmt.Sprintf("%q is not the name of a column", s.text), `name a column, or write text with {COLUMN} in it`)
			return nil
		}
		return c.hole(s.text, s)
	}
	var pieces []text
	for rest := s.text; rest != ""; {
		literal, after, open := strings.Cut(rest, "{")
		inside, next, closed := strings.Cut(after, "}")
		if strings.Contains(literal, "}") || strings.Contains(inside, "{") || open != closed {
			c.refuseAt(s, fmt.Sprintf("the braces of %q do not match", s.text), "write {EXPRESSION}")
			return nil
		}
		pieces = append(pieces, func([]string) (string, *refusal.Error) { return literal, nil })
		if open {
			pieces = append(pieces, c.hole(inside, s))
		}
		rest = next
	}
	return func(row []string) (string, *refusal.Error) { return join(pieces, row) }
}

func join(pieces []text, row []string) (string, *refusal.Error) {
	var b strings.Builder
	for _, piece := range pieces {
		s, err := piece(row)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// hole compiles what stands between braces.
func (c *compiler) hole(inside string, at scalar) text {
	if name := strings.TrimSpace(inside); isName(name) {
		i := c.column(name, at)
		return func(row []string) (string, *refusal.Error) { return row[i], nil }
	}
	source, width, padded := strings.Cut(inside, ":")
	if padded && !widthPattern.MatchString(width) {
		c.refuseAt(at, fmt.Sprintf("%q is not a width", width), "write 03 for three digits, at most 09")
		return nil
	}
	digits, value := 0, c.compile(source, at)
	if padded {
		digits = int(width[1] - '0')
	}
	return func(row []string) (string, *refusal.Error) {
		n, err := value(row)
		return fmt.Sprintf("%0*d", digits, n), err
	}
}
