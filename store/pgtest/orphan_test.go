package pgtest

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// childEnd tells a child process, in its environment, how to end.
const childEnd = "PGTEST_CHILD_ENDS_BY"

// prepareAndEnd is the prepare function of a child process: the server runs, it
// says where, waits until its standard input closes, and ends as it was told.
func prepareAndEnd(end string) func(string) error {
	return func(serverURL string) error {
		fmt.Println(serverURL)
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			return err
		}
		if end == "panic" {
			panic("on purpose")
		}
		return errors.New("on purpose") // fails the test that wanted a database
	}
}

// childProcess is a test process that has a server of its own.
type childProcess struct {
	cmd   *exec.Cmd
	stdin io.Closer
	dir   string    // of its server
	conn  *sql.Conn // to its server
}

// startChild runs one test of this package in a process that ends by end.
func startChild(t *testing.T, end string) childProcess {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVerifyRefusesAnotherServer$")
	cmd.Env = append(os.Environ(), childEnd+"="+end)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("reading where the child's server is: %v", err)
	}
	serverURL, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := open(t, serverURL.String()).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return childProcess{cmd, stdin, serverURL.Query().Get("host"), conn}
}

// mustBeGone checks that the child's server has ended and its directory too.
// The watchdog is another process, so it may still be at work: wait for it.
func (c childProcess) mustBeGone(t *testing.T) {
	t.Helper()
	for range 600 {
		if _, err := os.Stat(c.dir); errors.Is(err, os.ErrNotExist) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v; want it gone", c.dir, err)
	}
	if err := c.conn.PingContext(t.Context()); err == nil {
		t.Error("the server still answers")
	}
}

func TestServerDoesNotOutliveItsProcess(t *testing.T) {
	tests := map[string]func(c childProcess) error{
		"kill":  func(c childProcess) error { return c.cmd.Process.Kill() },
		"panic": func(c childProcess) error { return c.stdin.Close() },
		"fail":  func(c childProcess) error { return c.stdin.Close() },
	}
	for end, bring := range tests {
		t.Run(end, func(t *testing.T) {
			c := startChild(t, end)
			if err := bring(c); err != nil {
				t.Fatal(err)
			}
			if err := c.cmd.Wait(); err == nil {
				t.Error("the child ended well; want it to end by " + end)
			}
			c.mustBeGone(t)
		})
	}
}
