package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// toldProgram is the program on a real clock that a test can move: it reads the
// time from the file that toldTime names.
const (
	toldProgram = "termwise-told"
	toldTime    = "TERMWISE_TEST_TIME"
)

func mainAtToldTime() {
	file := os.Getenv(toldTime)
	os.Exit(runAt(func() time.Time { return readTime(file) }, os.Args[1:], os.Stdout, os.Stderr))
}

func readTime(file string) time.Time {
	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	now, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		panic(err)
	}
	return now
}

// tell moves the time of every process at once.
func tell(t *testing.T, file string, now time.Time) {
	t.Helper()
	next := file + ".next"
	if err := errors.Join(os.WriteFile(next, []byte(now.Format(time.RFC3339)), 0o600), os.Rename(next, file)); err != nil {
		t.Fatal(err)
	}
}

// fleet is several processes that serve one database.
type fleet struct {
	t        *testing.T
	database string
	clock    string // the file that tells the time

	mu      sync.Mutex
	members []*member
	kills   map[role]int
	logs    map[role]*logs
}

type member struct {
	role    role
	process *exec.Cmd
	address string
	drained chan struct{} // closed when its log has ended
}

// logs is what the processes of a role have logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) add(text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(text)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// launch starts the processes, one for each role named.
func launch(t *testing.T, database string, start time.Time, roles ...role) *fleet {
	t.Helper()
	f := &fleet{
		t: t, database: database, clock: filepath.Join(t.TempDir(), "time"),
		kills: map[role]int{}, logs: map[role]*logs{roleAll: {}, roleAPI: {}, roleWorker: {}},
	}
	tell(t, f.clock, start)
	for _, r := range roles {
		f.members = append(f.members, &member{role: r})
	}
	return f
}

// start starts every process; the database is ready by then.
func (f *fleet) start() {
	f.t.Helper()
	var starting sync.WaitGroup
	for i := range f.members {
		starting.Go(func() { f.begin(i) })
	}
	starting.Wait()
	f.t.Cleanup(f.end)
}

// begin starts the process at a place and waits until it serves.
func (f *fleet) begin(i int) {
	m := &member{role: f.members[i].role, drained: make(chan struct{})}
	m.process = exec.Command(toldProgram, "--db", f.database, "serve", "--role", string(m.role),
		"--listen", "127.0.0.1:0", "--worker-interval", "30ms")
	m.process.Env = append(os.Environ(), toldTime+"="+f.clock)
	logged, err := m.process.StderrPipe()
	if err == nil {
		err = m.process.Start()
	}
	if err != nil {
		f.t.Error(err)
		return
	}
	served := make(chan string, 1)
	go f.follow(m, logged, served)
	address, serves := <-served
	if !serves {
		f.t.Errorf("a process did not begin to serve:\n%s", f.logs[m.role])
		return
	}
	m.address = address
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[i] = m
}

// follow keeps what a process logs and tells where it serves.
func (f *fleet) follow(m *member, logged io.Reader, address chan<- string) {
	defer close(m.drained)
	defer close(address)
	told := false
	for lines := bufio.NewReader(logged); ; {
		line, err := lines.ReadBytes('\n')
		f.logs[m.role].add(line)
		if found := served.FindSubmatch(line); found != nil && !told {
			told = true
			address <- string(found[1])
		}
		if err != nil {
			return
		}
	}
}

// kill ends one process of a role without warning, which one at random, and
// starts another in its place.
func (f *fleet) kill(r *rand.Rand, of role) {
	f.mu.Lock()
	i := r.IntN(len(f.members))
	for f.members[i].role != of {
		i = r.IntN(len(f.members))
	}
	m := f.members[i]
	f.kills[m.role]++
	f.mu.Unlock()
	if err := m.process.Process.Kill(); err != nil {
		f.t.Error(err)
	}
	<-m.drained
	if m.process.Wait() == nil {
		f.t.Error("a process that was killed ended well")
	}
	f.begin(i)
}

// address names a process that answers, at random.
func (f *fleet) address(r *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, m := range f.members {
		if m.role != roleWorker {
			all = append(all, m.address)
		}
	}
	return all[r.IntN(len(all))]
}

// end stops every process as an operator does, and wants it to end well.
func (f *fleet) end() {
	for _, m := range f.members {
		if m.process == nil {
			continue
		}
		if err := m.process.Process.Signal(os.Interrupt); err != nil {
			f.t.Error(err)
		}
		<-m.drained
		if err := m.process.Wait(); err != nil {
			f.t.Errorf("a process that was told to stop ended with %v:\n%s", err, f.logs[m.role])
		}
	}
	if worked := strings.Count(f.logs[roleAPI].String(), "did what was due"); worked > 0 {
		f.t.Errorf("processes that only answer did what was due %d times", worked)
	}
}
