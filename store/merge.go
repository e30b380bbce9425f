package store

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// merged has the server do in one statement what several calls write that lie side
// by side and are of different tables: a statement costs it as much as a row. What
// must change a number of rows is checked by the server itself, since the COMMIT may
// be on its way behind it: when it does not, the statement divides by zero. Where
// accounts live on several nodes all is left as it is, and checked by the answers
// before the COMMIT is sent; see Tx.commit.
func (p *pipe) merged(calls []*call) []*call {
	if p.sharded {
		return calls
	}
	made := make([]*call, 0, len(calls))
	var some []*call
	done := func() {
		if len(some) > 0 {
			made = append(made, merge(some))
		}
		some = nil
	}
	for _, c := range calls {
		switch {
		case c.orElse == nil && c.writes == "" || c.asks:
			done()
			made = append(made, c)
		case c.writes == "": // by itself
			done()
			made = append(made, merge([]*call{c}))
		case c.times > 1: // one after the other
			done()
			for i := range c.times {
				made = append(made, merge([]*call{c.only(i)}))
			}
		default:
			// A statement does not see what another part of it has written.
			if slices.ContainsFunc(some, func(o *call) bool { return o.writes == c.writes }) {
				done()
			}
			some = append(some, c)
		}
	}
	done()
	return made
}

// only is one of the times that a call's text is run.
func (c *call) only(i int) *call {
	one := *c
	args := c.args(i)
	one.times, one.args, one.wants = 1, func(int) []any { return args }, c.wants/int64(c.times)
	return &one
}

// merge makes one call of several that run once.
func merge(calls []*call) *call {
	if len(calls) == 1 && calls[0].orElse == nil {
		return calls[0]
	}
	key := make([]byte, 0, 2048)
	args := make([]any, 0, 80)
	var orElse error
	for _, c := range calls {
		own := c.args(0)
		key = strconv.AppendInt(key, int64(len(own)), 10)
		key = strconv.AppendBool(key, c.orElse != nil)
		key = append(key, c.text...)
		args = append(args, own...)
		orElse = errors.Join(orElse, c.orElse)
	}
	for _, c := range calls {
		if c.orElse != nil {
			args = append(args, c.wants)
		}
	}
	made := newCall(mergedText(string(key), calls), args)
	made.orElse, made.asks = orElse, orElse != nil
	return made
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// mergedText writes each call's text as a part of one statement.
func mergedText(key string, calls []*call) string {
	if made, found := written.Load(key); found {
		return made.(string)
	}
	parts, checks, used := make([]string, len(calls)), []string{}, 0
	for i, c := range calls {
		from := used
		parts[i] = fmt.Sprintf("part%d AS (%s", i, parameter.ReplaceAllStringFunc(c.text, func(p string) string {
			n, _ := strconv.Atoi(p[1:])
			return "$" + strconv.Itoa(from+n)
		}))
		if c.orElse != nil {
			parts[i] += " RETURNING 1"
			checks = append(checks, fmt.Sprintf("1 / ((SELECT count(*) FROM part%d) = $", i))
		}
		parts[i] += ")"
		used += len(c.args(0))
	}
	for i := range checks {
		checks[i] += strconv.Itoa(used+i+1) + ")::int"
	}
	if len(checks) == 0 {
		checks = []string{"1"}
	}
	text := "WITH " + strings.Join(parts, ", ") + " SELECT " + strings.Join(checks, ", ")
	written.Store(key, text)
	return text
}
