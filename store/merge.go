package store

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// merged has the server do in one statement what several calls write that lie side
// by side and are of different tables: a statement costs it as much as a row. What
// must change a number of rows is checked by the server itself, since the COMMIT may
// be on its way behind it: when it does not, the statement fails. Where accounts live
// on several nodes all is left as it is, and checked by the answers before the COMMIT
// is sent; see Tx.commit.
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
		case c.orElse == nil && c.writes == "":
			done()
			made = append(made, c)
		case c.writes == "" && c.condition == "": // by itself
			done()
			made = append(made, merge([]*call{c}))
		case c.times > 1: // one after the other
			done()
			for i := range c.times {
				made = append(made, merge([]*call{c.only(i)}))
			}
		default:
			// A statement does not see what another part of it has written.
			if len(some) == maxParts || slices.ContainsFunc(some, func(o *call) bool { return o.writes == c.writes }) {
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
	if only := calls[0]; len(calls) == 1 && only.orElse == nil && only.twice == nil {
		return only
	}
	var s shape
	args := make([]any, 0, 80)
	for i, c := range calls {
		own := c.args(0)
		s[i] = part{c.text, c.condition, len(own), c.orElse != nil, c.orElse != nil && c.wants == 1}
		args = append(args, own...)
	}
	for i, c := range calls {
		if s[i].checked && !s[i].one {
			args = append(args, c.wants)
		}
	}
	made := newCall(s.text(), args)
	made.parts = calls
	return made
}

// maxParts bounds the parts of a statement.
const maxParts = 16

// shape is what the text of several calls depends on.
type shape [maxParts]part

// part is one of the calls. It is checked when it must change a number of rows; one
// says that this is one row.
type part struct {
	text, condition string
	args            int
	checked, one    bool
}

// merges are the texts that were made of shapes, of which there are as many as ways in
// which the program writes: some hundreds.
var merges = struct {
	sync.RWMutex
	texts map[shape]string
}{texts: map[shape]string{}}

// text returns the statement of a shape, which it makes once.
func (s *shape) text() string {
	merges.RLock()
	text, made := merges.texts[*s]
	merges.RUnlock()
	if !made {
		text = s.write()
		merges.Lock()
		merges.texts[*s] = text
		merges.Unlock()
	}
	return text
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// write writes each call's text as a part of one statement.
func (s *shape) write() string {
	var parts, checks []string
	used, last := 0, 0
	for _, p := range s {
		last += p.args
	}
	for i, p := range s {
		name, before := fmt.Sprintf("part%d", i), used
		own := func(text string) string {
			return parameter.ReplaceAllStringFunc(text, func(p string) string {
				n, _ := strconv.Atoi(p[1:])
				return "$" + strconv.Itoa(before+n)
			})
		}
		used += p.args
		switch {
		case p.text == "": // no part
		case p.condition != "":
			checks = append(checks, "ln(("+own(p.condition)+")::int)")
		case p.one:
			parts = append(parts, name+" AS ("+own(p.text)+" RETURNING 1)")
			checks = append(checks, "1 / (EXISTS (SELECT 1 FROM "+name+"))::int")
		case p.checked:
			last++
			parts = append(parts, name+" AS ("+own(p.text)+" RETURNING 1)")
			checks = append(checks, "1 / ((SELECT count(*) FROM "+name+") = $"+strconv.Itoa(last)+")::int")
		default:
			parts = append(parts, name+" AS ("+own(p.text)+")")
		}
	}
	if len(checks) == 0 {
		checks = []string{"1"}
	}
	text := "SELECT " + strings.Join(checks, ", ")
	if len(parts) > 0 {
		text = "WITH " + strings.Join(parts, ", ") + " " + text
	}
	return text
}

// failing returns what a merged call fails with when the server answers an error. Who
// has not the rows that were to be changed, and who misses rows of others, are told
// apart by the function that fails for zero.
func (c *call) failing(answered *pgconn.PgError) (err error) {
	for _, p := range c.parts {
		switch {
		case p.condition != "" && answered.Code == zeroLogarithm, p.condition == "" && answered.Code == divisionByZero:
			err = errors.Join(err, p.orElse)
		case p.writes == answered.TableName && answered.Code == uniqueViolation:
			err = errors.Join(err, p.twice)
		}
	}
	return err
}
