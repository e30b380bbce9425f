package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
)

const (
	superuser      = "termwise"
	maintenance    = "postgres"
	programsRoot   = "/usr/lib/postgresql"
	maxConnections = 200
	initLimit      = 2 * time.Minute
	readyLimit     = time.Minute
	stopLimit      = 20 * time.Second
)

// Options says how a server differs from the one that tests get.
type Options struct {
	// Durable makes commits survive a crash of the machine, as in production.
	// Benchmarks want it; tests are faster without.
	Durable bool
	// Settings are further settings as "name=value", applied last.
	Settings []string
}

// Server is a running private PostgreSQL server.
type Server struct {
	programs string
	owner    *syscall.Credential
	dir      string
	guard    *watchdog
	cmd      *exec.Cmd
	exited   chan struct{} // closed when the server's process has ended
	admin    *sql.DB
	stop     func() error
}

// Start makes a data directory and starts a server on it.
//
// It returns ErrMissing when PostgreSQL is not installed. The caller calls Stop;
// if the process dies first, server and directory are removed all the same.
func Start(opts Options) (*Server, error) {
	programs, err := findPrograms(programsRoot, exec.LookPath)
	if err != nil {
		return nil, err
	}
	owner, err := serverOwner(os.Geteuid(), user.Lookup)
	if err != nil {
		return nil, err
	}
	dir, err := makeDir(owner)
	if err != nil {
		return nil, fmt.Errorf("making the server's directory: %w", err)
	}
	s := &Server{programs: programs, owner: owner, dir: dir}
	s.stop = sync.OnceValue(s.stopNow)
	if err := s.start(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL from %s: %w%s", programs, err, s.logTail()), s.Stop())
	}
	return s, nil
}

// Dir is the directory of the server's data, socket and log.
func (s *Server) Dir() string { return s.dir }

// URL is the connection string of the server's maintenance database.
func (s *Server) URL() string { return s.databaseURL(maintenance) }

// CreateDatabase makes a database as a copy of template ("" for an empty one)
// and returns its connection string. Nothing may be connected to the template.
func (s *Server) CreateDatabase(name, template string) (string, error) {
	if template == "" {
		template = "template0"
	}
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() +
		" TEMPLATE " + pgx.Identifier{template}.Sanitize()
	if _, err := s.admin.Exec(statement); err != nil {
		return "", fmt.Errorf("creating database %s: %w", name, err)
	}
	return s.databaseURL(name), nil
}

// DropDatabase removes a database and cuts the connections it still has.
func (s *Server) DropDatabase(name string) error {
	_, err := s.admin.Exec("DROP DATABASE " + pgx.Identifier{name}.Sanitize() + " WITH (FORCE)")
	if err != nil {
		return fmt.Errorf("dropping database %s: %w", name, err)
	}
	return nil
}

// Stop ends the server and removes its directory. It may be called again.
func (s *Server) Stop() error { return s.stop() }

// start runs the steps from an empty directory to a server that was checked.
func (s *Server) start(opts Options) error {
	var err error
	if s.guard, err = watch(s.dir); err != nil {
		return err
	}
	if err := s.initialise(); err != nil {
		return err
	}
	if err := s.launch(opts); err != nil {
		return err
	}
	if s.admin, err = sql.Open("pgx", s.URL()); err != nil {
		return err
	}
	if err := s.awaitReady(); err != nil {
		return err
	}
	return verify(s.admin, s.dataDir())
}

// initialise runs initdb. The C locale sorts text by its bytes, as SQLite does.
func (s *Server) initialise() error {
	ctx, cancel := context.WithTimeout(context.Background(), initLimit)
	defer cancel()
	cmd := s.command(ctx, "initdb", "--pgdata="+s.dataDir(), "--username="+superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// launch starts the server's process and a goroutine that collects its end.
func (s *Server) launch(opts Options) error {
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", s.dataDir()}
	for _, setting := range settings(s.dir, opts) {
		args = append(args, "-c", setting)
	}
	cmd := s.command(context.Background(), "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cmd, s.exited = cmd, make(chan struct{})
	go func() {
		_ = cmd.Wait() // the log says why it ended; Stop ends it on purpose
		close(s.exited)
	}()
	return nil
}

// settings lists the server's settings, those of the caller last.
func settings(dir string, opts Options) []string {
	durable := "off"
	if opts.Durable {
		durable = "on"
	}
	fixed := []string{
		"listen_addresses=",
		"unix_socket_directories=" + dir,
		"port=5432", // part of the socket's name only
		"max_connections=" + strconv.Itoa(maxConnections),
		"fsync=" + durable,
		"synchronous_commit=" + durable,
		"full_page_writes=" + durable,
		"timezone=UTC",
		"log_timezone=UTC",
	}
	return append(fixed, opts.Settings...)
}

// command prepares one of PostgreSQL's programs: as the server's user, in the
// server's directory, and with none of the caller's PG* variables.
func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.programs, program), args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=" + s.programs + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	// A session of its own: an interrupt at the terminal ends the tests, and the
	// tests (or the watchdog) end the server.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setsid: true}
	return cmd
}

// awaitReady returns when the server answers.
func (s *Server) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for {
		err := s.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return errors.New("the server ended at once")
		case <-ctx.Done():
			return fmt.Errorf("the server gave no answer within %s: %w", readyLimit, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// verify makes sure that the server behind db is the one on dataDir, that no
// network reaches it, and that its release is new enough.
func verify(db *sql.DB, dataDir string) error {
	var shown, addresses string
	var version int
	err := db.QueryRow("SELECT current_setting('data_directory'), current_setting('listen_addresses'), "+
		"current_setting('server_version_num')::int").Scan(&shown, &addresses, &version)
	if err != nil {
		return fmt.Errorf("asking the server who it is: %w", err)
	}
	if shown != dataDir {
		return fmt.Errorf("the server's data directory is %s, not %s: another server answered, and nothing was changed", shown, dataDir)
	}
	if addresses != "" {
		return fmt.Errorf("the server listens on %q; a test server must listen on no network address", addresses)
	}
	if version/10000 < preferredMajor {
		return fmt.Errorf("the server's release is %d; PostgreSQL %d or newer is needed", version/10000, preferredMajor)
	}
	return nil
}

// stopNow undoes start from whatever step it reached.
//
// The server is stopped without a checkpoint: its data is thrown away.
func (s *Server) stopNow() error {
	var errs []error
	if s.admin != nil {
		errs = append(errs, s.admin.Close())
	}
	if s.cmd != nil {
		errs = append(errs, s.endProcess())
	}
	errs = append(errs, os.RemoveAll(s.dir))
	if s.guard != nil {
		errs = append(errs, s.guard.dismiss())
	}
	return errors.Join(errs...)
}

// endProcess asks the server to end and, when it does not, kills it.
func (s *Server) endProcess() error {
	for _, signal := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := s.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("sending the server %s: %w", signal, err)
		}
		select {
		case <-s.exited:
			return nil
		case <-time.After(stopLimit):
		}
	}
	return fmt.Errorf("server process %d did not end", s.cmd.Process.Pid)
}

func (s *Server) dataDir() string { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

// databaseURL is the connection string of the named database.
func (s *Server) databaseURL(name string) string {
	query := url.Values{"host": {s.dir}, "port": {"5432"}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + name, RawQuery: query.Encode()}
	return u.String()
}

// logTail is the end of the server's log, to put under an error.
func (s *Server) logTail() string {
	log, err := os.ReadFile(s.logFile())
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	lines = lines[max(0, len(lines)-20):]
	return "\nserver log:\n" + string(bytes.Join(lines, []byte("\n")))
}
