package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// The exit codes.
const (
	done = iota
	failed
	wronglyUsed
	refused
)

// defaultDatabase is used where neither the flag nor the environment names one.
const defaultDatabase = "termwise.db"

// session is what a command runs with.
type session struct {
	context.Context
	command        string // for example "termwise account create"
	stdout, stderr io.Writer
	// terminal and progressTerminal say that a person watches stdout and stderr.
	terminal, progressTerminal bool
	json                       bool
	db, actor                  string
	now                        func() time.Time
}

// isFile says whether a database is a SQLite file, and gives its path.
func isFile(location string) (path string, file bool) {
	if strings.HasPrefix(location, "postgres:") || strings.HasPrefix(location, "postgresql:") {
		return "", false
	}
	return strings.TrimPrefix(location, "sqlite:"), true
}

func (s *session) location() string {
	if s.db == "" {
		return defaultDatabase
	}
	return s.db
}

// with opens the database, which must exist, and runs a command on it.
func (s *session) with(command func(*app.App) error, options ...store.Option) error {
	path, file := isFile(s.location())
	if _, err := os.Stat(path); file && errors.Is(err, fs.ErrNotExist) {
		return refusal.New(refusal.NotFound, "there is no database %s", path).At("--db").
			Do("create it with termwise init, or try termwise demo")
	}
	return s.create(command, options...)
}

// create opens the database, creates it where there is none, and runs a command on it.
func (s *session) create(command func(*app.App) error, options ...store.Option) error {
	a, err := app.Open(s, s.location(), s.now, options...)
	if err != nil {
		return err
	}
	return errors.Join(command(a), a.Close())
}

// answer prints a result: as JSON where that was asked for, else as human says.
func (s *session) answer(result any, human func(*page)) error {
	if s.json {
		return s.printJSON(result)
	}
	p := &page{terminal: s.terminal}
	human(p)
	_, err := io.WriteString(s.stdout, p.text.String())
	return err
}

func (s *session) printJSON(v any) error {
	enc := json.NewEncoder(s.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// errRefused ends a command whose answer has said what is refused.
var errRefused = errors.New("something is refused")

// exit reports an error, if there is one, and returns the exit code.
func (s *session) exit(err error) int {
	var wrong misused
	switch {
	case err == nil:
		return done
	case errors.As(err, &wrong):
		return misuse(s.stderr, err, s.command)
	case errors.Is(err, errUntrue):
		return failed // what is untrue has been printed
	case errors.Is(err, errRefused):
		return refused // the answer that was printed says what
	case s.Err() != nil && errors.Is(err, context.Canceled):
		return fail(s.stderr, errors.New("interrupted; what was done by then is kept, and repeating the command completes it"))
	case refusal.CodeOf(err) == "":
		return fail(s.stderr, err)
	}
	return s.refuse(err)
}

// refusedAnswer is a refusal as JSON.
type refusedAnswer struct {
	Refused []refusedPart `json:"refused"`
}

type refusedPart struct {
	Code    refusal.Code `json:"code"`
	Place   string       `json:"place,omitempty"`
	Message string       `json:"message"`
	Hint    string       `json:"hint,omitempty"`
}

// refuse prints every refusal of an error.
func (s *session) refuse(err error) int {
	var answer refusedAnswer
	for _, r := range refusals(err) {
		if _, err := fmt.Fprintf(s.stderr, "refused (%s): %s\n", r.Code, r.Error()); err != nil {
			return failed
		}
		answer.Refused = append(answer.Refused, refusedPart{Code: r.Code, Place: r.Place, Message: r.Message, Hint: r.Hint})
	}
	if s.json {
		if err := s.printJSON(answer); err != nil {
			return failed
		}
	}
	return refused
}

// refusals lists the refusals in an error, joined ones one after the other.
func refusals(err error) []*refusal.Error {
	if r, is := err.(*refusal.Error); is {
		return []*refusal.Error{r}
	}
	var list []*refusal.Error
	switch wrapped := err.(type) {
	case interface{ Unwrap() []error }:
		for _, e := range wrapped.Unwrap() {
			list = append(list, refusals(e)...)
		}
	case interface{ Unwrap() error }:
		if inner := wrapped.Unwrap(); inner != nil {
			list = refusals(inner)
		}
	}
	return list
}

func fail(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "termwise: %v\n", err)
	return failed
}

func misuse(stderr io.Writer, err error, command string) int {
	fmt.Fprintf(stderr, "termwise: %v\ntry: %s --help\n", err, command)
	return wronglyUsed
}

// instant reads a flag that holds an instant; the empty one is none.
func instant(flag, text string) (calendar.Instant, error) {
	if text == "" {
		return 0, nil
	}
	t, err := calendar.ParseInstant(text)
	return t, atFlag(flag, err)
}

// month reads a flag that holds a month.
func month(text string) (calendar.Month, error) {
	m, err := calendar.ParseMonth(text)
	return m, atFlag("--month", err)
}

// atFlag names the flag that a refusal is about.
func atFlag(flag string, err error) error {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.At(flag)
	}
	return err
}

// atFlags names the flag where a refusal is about what one of them holds.
func atFlags(err error, flags ...string) error {
	var r *refusal.Error
	if errors.As(err, &r) && slices.Contains(flags, "--"+r.Place) {
		return r.At("--" + r.Place)
	}
	return err
}
