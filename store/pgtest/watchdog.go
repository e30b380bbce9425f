package pgtest

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watchScript waits for a word on its standard input. "done" means that the
// server was stopped in order. End of file means that the test process died
// (panic, timeout, kill -9): then it stops the server and removes its directory.
//
// The process id is read from the server's own pid file, which an orderly stop
// removes, so that no stranger with the same id can be hit.
const watchScript = `
trap '' HUP INT QUIT TERM
read -r word
[ "$word" = done ] && exit 0
case "$1" in */` + dirPrefix + `*) ;; *) exit 1 ;; esac
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
case "$pid" in
''|*[!0-9]*) ;;
*)
	kill -QUIT "$pid"
	tries=0
	while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
	;;
esac
tries=0
while [ -e "$1" ] && [ "$tries" -lt 100 ]; do rm -rf -- "$1"; sleep 0.05; tries=$((tries + 1)); done
`

// watchdog is a small process that outlives this one and cleans up after it.
//
// It is a process on a pipe, and not a parent-death signal, because that signal
// follows the thread which started the server and Go retires threads at will;
// the pipe closes with the process, and the directory is removed as well.
type watchdog struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// watch starts a watchdog for the server's directory.
func watch(dir string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", watchScript, "termwise-pg-watchdog", dir)
	// A session of its own, so that what ends the tests does not end it too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir = "/"
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server's watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, pipe: pipe}, nil
}

// dismiss ends the watchdog without letting it act.
func (w *watchdog) dismiss() error {
	_, err := io.WriteString(w.pipe, "done\n")
	return errors.Join(err, w.pipe.Close(), w.cmd.Wait())
}
