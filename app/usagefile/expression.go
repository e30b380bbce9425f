package usagefile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"termwise.dev/core/refusal"
)

// expression computes an integer from a row, or says what stands in the way.
type expression func(row []string) (int64, *refusal.Error)

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)
	tokenPattern  = regexp.MustCompile(`[0-9]+|[A-Za-z_][A-Za-z0-9_.]*|\S`)
	digitsPattern = regexp.MustCompile(`[0-9]+`)
)

// isName says whether a word can name a column: mod is an operator.
func isName(word string) bool { return namePattern.MatchString(word) && word != "mod" }

// expression compiles the expression of a field.
func (c *compiler) expression(s scalar, field string) expression {
	if !c.present(s, field) {
		return nil
	}
	return c.compile(s.text, s)
}

// compile compiles an expression that stands at a place.
func (c *compiler) compile(source string, at scalar) expression {
	p := &expressionParser{c: c, at: at, tokens: tokenPattern.FindAllString(source, -1)}
	e := p.level(0)
	if p.peek() != "" {
		p.refuse("an operator belongs before")
	}
	if p.fault != "" {
		c.refuseAt(at, fmt.Sprintf("in %q %s", source, p.fault),
			"use whole numbers, columns, number(COLUMN), + - * mod and parentheses")
	}
	return e
}

// expressionParser parses by recursive descent, one method for each level of
// binding, and keeps the first fault.
type expressionParser struct {
	c      *compiler
	at     scalar
	tokens []string
	fault  string
}

func (p *expressionParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *expressionParser) take() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

// refuse notes what is wrong with, or belongs before, the next token and drops the rest.
func (p *expressionParser) refuse(wrong string) {
	next := "the end"
	if t := p.peek(); t != "" {
		next = strconv.Quote(t)
	}
	if p.fault == "" {
		p.fault = wrong + " " + next
	}
	p.tokens = nil
}

// levels lists the operators from those that bind least.
var levels = [][]string{{"+", "-"}, {"*", "mod"}}

func (p *expressionParser) level(i int) expression {
	if i == len(levels) {
		return p.operand()
	}
	left := p.level(i + 1)
	for slices.Contains(levels[i], p.peek()) {
		left = binary(p.take(), left, p.level(i+1))
	}
	return left
}

func (p *expressionParser) operand() expression {
	switch t := p.peek(); {
	case t == "(":
		p.take()
		e := p.level(0)
		p.expect(")")
		return e
	case t == "number" && len(p.tokens) > 1 && p.tokens[1] == "(":
		p.tokens = p.tokens[2:]
		return p.number()
	case isName(t):
		p.take()
		return integer(t, p.c.column(t, p.at))
	case t != "" && t[0] >= '0' && t[0] <= '9':
		n, err := strconv.ParseInt(t, 10, 64)
		if err != nil {
			p.refuse("this number is too large:")
		}
		p.take()
		return func([]string) (int64, *refusal.Error) { return n, nil }
	}
	p.refuse("a number, a column or ( belongs before")
	return nil
}

func (p *expressionParser) expect(token string) {
	if p.peek() != token {
		p.refuse(token + " belongs before")
	}
	p.take()
}

// number parses what follows "number(".
func (p *expressionParser) number() expression {
	name := p.peek()
	if !isName(name) {
		p.refuse("number( takes a column, not")
		return nil
	}
	p.take()
	p.expect(")")
	i := p.c.column(name, p.at)
	return func(row []string) (int64, *refusal.Error) {
		runs := digitsPattern.FindAllString(row[i], -1)
		if len(runs) == 0 {
			return 0, unreadable(name, row[i], "a text with digits")
		}
		return parseInteger(name, runs[len(runs)-1])
	}
}

func integer(name string, i int) expression {
	return func(row []string) (int64, *refusal.Error) { return parseInteger(name, row[i]) }
}

func parseInteger(name, s string) (int64, *refusal.Error) {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil:
		return n, nil
	case s == "":
		return 0, empty(name)
	case errors.Is(err, strconv.ErrRange):
		return 0, refusal.New(refusal.Overflow, "%q is too large", s).At("column " + name).Do("use a smaller number")
	}
	return 0, unreadable(name, s, "a whole number")
}

func empty(name string) *refusal.Error {
	return refusal.New(refusal.BadInput, "%s is empty", name).At("column " + name).Do("give it a value")
}

func unreadable(name, s, want string) *refusal.Error {
	return refusal.New(refusal.BadInput, "%q is not %s", s, want).At("column " + name).Do("correct the value")
}

func binary(operator string, left, right expression) expression {
	return func(row []string) (int64, *refusal.Error) {
		a, err := left(row)
		if err != nil {
			return 0, err
		}
		b, err := right(row)
		if err != nil {
			return 0, err
		}
		return operate(operator, a, b)
	}
}

// operate computes a + b, a - b, a * b or a mod b, which is never negative. A
// result outside int64 is refused, and so is a modulus below one.
func operate(operator string, a, b int64) (int64, *refusal.Error) {
	var n int64
	var exact bool
	switch operator {
	case "+":
		n = a + b
		exact = (n > a) == (b > 0)
	case "-":
		n = a - b
		exact = (n < a) == (b > 0)
	case "*":
		n = a * b
		exact = a == 0 || b == 0 || n/a == b && n/b == a
	default:
		if b < 1 {
			return 0, refusal.New(refusal.BadInput, "%d mod %d has no value", a, b).Do("divide by a number above zero")
		}
		if n = a % b; n < 0 {
			n += b
		}
		exact = true
	}
	if !exact {
		return 0, refusal.New(refusal.Overflow, "%d %s %d is too large", a, operator, b).Do("use smaller numbers")
	}
	return n, nil
}
