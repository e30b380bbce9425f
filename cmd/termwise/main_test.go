package main

import (
	"errors"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"termwise.dev/store/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(withServer{m}, map[string]func(){"termwise": main, toldProgram: mainAtToldTime})
}

// withServer runs tests that may ask for a database of PostgreSQL.
type withServer struct{ *testing.M }

// Run runs them.
func (w withServer) Run() int { return pgtest.Run(w.M) }

// TestScripts runs the command lines in testdata/script. They have one command
// of their own: `exits CODE PROGRAM ARGS...` runs a program and demands its code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}
