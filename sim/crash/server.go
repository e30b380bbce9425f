package crash

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
)

// server is a process that serves a database.
type server struct {
	process *exec.Cmd
	address string
	ended   sync.WaitGroup // its output was read to the end
	said    lockedText
}

// lockedText collects what a process says.
type lockedText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

var served = regexp.MustCompile(`address=(http://\S+)`)

// sealAfter is how many names a run of the index of usage has: as few as come while a
// server lives, so that it is killed while it seals, too, and starts with runs to learn.
const sealAfter = "20"

// begin starts the process, and does not wait for it.
func begin(ctx context.Context, program, location string) (s *server, heard chan string, err error) {
	s = &server{process: exec.CommandContext(ctx, program, "--db", location, "serve",
		"--listen", "127.0.0.1:0", "--worker-interval", "20ms", "--seal-after", sealAfter)}
	output, err := s.process.StderrPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, nil, err
	}
	heard = make(chan string, 1)
	s.ended.Go(func() {
		defer close(heard)
		lines := bufio.NewReader(io.TeeReader(output, &s.said))
		for {
			line, err := lines.ReadString('\n')
			if address := served.FindStringSubmatch(line); address != nil {
				heard <- address[1]
				break
			}
			if err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, lines)
	})
	return s, heard, nil
}

// start starts the process and waits until it serves.
func start(ctx context.Context, program, location string) (*server, error) {
	s, heard, err := begin(ctx, program, location)
	if err != nil {
		return nil, err
	}
	address, serves := <-heard
	if !serves {
		return nil, fmt.Errorf("the server ended by itself: %w\n%s", s.wait(), &s.said)
	}
	s.address = address
	return s, nil
}

func (s *server) wait() error {
	s.ended.Wait()
	return s.process.Wait()
}

// kill kills the process, which must have been alive.
func (s *server) kill() error {
	err := s.process.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil // it has ended: wait says how
	}
	ended := s.wait()
	if s.process.ProcessState.Exited() {
		return fmt.Errorf("the server ended by itself: %w\n%s", ended, &s.said)
	}
	return err
}

// stop asks the process to end, which it must do well.
func (s *server) stop() error {
	if err := s.process.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.wait(); err != nil {
		return fmt.Errorf("the server ended with %w\n%s", err, &s.said)
	}
	return nil
}

// verify has the program verify a database.
func verify(ctx context.Context, program, location string) error {
	said, err := exec.CommandContext(ctx, program, "--db", location, "verify").CombinedOutput()
	if err != nil {
		return fmt.Errorf("verify ends with %w\n%s", err, said)
	}
	return nil
}
