package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// dirPrefix names our directories; the watchdog removes nothing else.
	dirPrefix = "termwise-pg"
	// socketName is what PostgreSQL calls its socket on its default port.
	socketName = ".s.PGSQL.5432"
	// maxSocketPath is the longest path a unix socket can have on Linux.
	maxSocketPath = 107
)

// makeDir makes the server's directory, owned by owner (nil: by this user).
//
// The temporary directory of the environment is used when the server can reach
// it and the socket's path stays short enough, else /tmp.
func makeDir(owner *syscall.Credential) (string, error) {
	for _, parent := range []string{os.TempDir(), "/tmp"} {
		if owner != nil && !reachable(parent) {
			continue
		}
		dir, err := makeDirIn(parent, owner)
		if err != nil {
			return "", err
		}
		if len(filepath.Join(dir, socketName)) <= maxSocketPath {
			return dir, nil
		}
		if err := os.Remove(dir); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("neither %s nor /tmp can hold a server's directory: its user must be able to enter it, "+
		"and the socket's path may have %d bytes; set TMPDIR to a short path that all may enter",
		os.TempDir(), maxSocketPath)
}

// makeDirIn makes a directory under parent and returns its path without links,
// as the server will report it.
func makeDirIn(parent string, owner *syscall.Credential) (string, error) {
	dir, err := os.MkdirTemp(parent, dirPrefix)
	if err != nil {
		return "", err
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if owner == nil {
		return dir, nil
	}
	return dir, os.Chown(dir, int(owner.Uid), int(owner.Gid))
}

// reachable reports whether every user may enter dir and all that lead to it.
func reachable(dir string) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return true
	}
}
