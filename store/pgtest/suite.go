package pgtest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// templateName is the database that prepare fills and tests get copies of.
const templateName = "prepared"

// suite is the one server of a test process and what tests share of it.
type suite struct {
	mu       sync.Mutex
	running  bool // between the start and the end of run
	prepare  func(url string) error
	tried    bool // the server was started, or err says why not
	server   *Server
	template string
	err      error
	count    int
}

var process suite

// Run runs a package's tests, then stops the server if one was started, and
// fails when a goroutine is left. It returns the exit code for os.Exit.
// Databases start empty.
func Run(m *testing.M) int { return process.run(m, nil) }

// Main is Run with databases that start as copies of one that prepare filled,
// and it ends the process. prepare is called once, when the first test asks for
// a database, with the URL of an empty one; it closes its connections.
func Main(m *testing.M, prepare func(url string) error) { os.Exit(process.run(m, prepare)) }

// Database returns the URL of a fresh database that is dropped when the test
// ends. The first call of a process starts its server. The test fails when there
// is no PostgreSQL.
func Database(t testing.TB) string {
	t.Helper()
	name, url, err := process.database()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := process.server.DropDatabase(name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return url
}

// run is Run with the function that fills the template, or nil.
func (s *suite) run(m *testing.M, prepare func(url string) error) int {
	if code := s.tests(m, prepare); code != 0 {
		return code
	}
	http.DefaultClient.CloseIdleConnections() // what it keeps open is no leak
	if err := goleak.Find(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: the tests leave goroutines behind: %v\n", err)
		return 1
	}
	return 0
}

// tests runs the tests, and stops the server however they end.
func (s *suite) tests(m *testing.M, prepare func(url string) error) (code int) {
	s.mu.Lock()
	s.running, s.prepare = true, prepare
	s.mu.Unlock()
	defer func() {
		if err := s.end(); err != nil {
			fmt.Fprintf(os.Stderr, "pgtest: stopping the server: %v\n", err)
			code = 1
		}
	}()
	return m.Run()
}

// end stops the server if there is one; no database can be had afterwards.
func (s *suite) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	if s.server == nil {
		return nil
	}
	return s.server.Stop()
}

// database makes a database and returns its name and URL.
func (s *suite) database() (name, url string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.running {
		return "", "", errors.New("no server: the package's TestMain must call pgtest.Main or pgtest.Run, which stop it")
	}
	if !s.tried {
		s.tried = true
		s.err = s.start()
	}
	if s.err != nil {
		return "", "", s.err
	}
	s.count++
	name = "test" + strconv.Itoa(s.count)
	url, err = s.server.CreateDatabase(name, s.template)
	return name, url, err
}

// start starts the server and fills the template.
func (s *suite) start() (err error) {
	if s.server, err = Start(Options{}); err != nil {
		return err
	}
	if s.prepare == nil {
		return nil
	}
	url, err := s.server.CreateDatabase(templateName, "")
	if err != nil {
		return err
	}
	if err := s.prepare(url); err != nil {
		return fmt.Errorf("preparing the template database: %w", err)
	}
	s.template = templateName
	return nil
}
