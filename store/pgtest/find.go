package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"syscall"
)

// preferredMajor is the PostgreSQL release that production runs on; newer ones
// serve when it is absent.
const preferredMajor = 15

// ErrMissing says that PostgreSQL's programs are not on this machine.
var ErrMissing = errors.New("PostgreSQL's programs initdb and postgres are in neither " +
	"/usr/lib/postgresql/*/bin nor PATH; `make test` installs them (on Debian: apt-get install postgresql)")

// findPrograms returns the folder that holds both initdb and postgres.
//
// Debian keeps every release in a folder of its own and puts none on PATH, so
// the folders below root (/usr/lib/postgresql) are looked at first.
func findPrograms(root string, lookPath func(string) (string, error)) (string, error) {
	for _, major := range installedMajors(root) {
		dir := filepath.Join(root, strconv.Itoa(major), "bin")
		if isProgram(filepath.Join(dir, "initdb")) && isProgram(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	initdb, err := lookPath("initdb")
	if err != nil {
		return "", ErrMissing
	}
	// initdb starts the postgres beside the real file, not beside a link to it.
	file, err := filepath.EvalSymlinks(initdb)
	if err != nil {
		return "", fmt.Errorf("following %s: %w", initdb, err)
	}
	if dir := filepath.Dir(file); isProgram(filepath.Join(dir, "postgres")) {
		return dir, nil
	}
	return "", ErrMissing
}

// installedMajors lists the releases under root that are new enough, the
// preferred one first, then the newest.
func installedMajors(root string) []int {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil
	}
	var majors []int
	for _, e := range entries {
		major, err := strconv.Atoi(e.Name())
		if err == nil && major >= preferredMajor {
			majors = append(majors, major)
		}
	}
	sort.Slice(majors, func(i, j int) bool {
		if (majors[i] == preferredMajor) != (majors[j] == preferredMajor) {
			return majors[i] == preferredMajor
		}
		return majors[i] > majors[j]
	})
	return majors
}

// isProgram reports whether path is a file that somebody may execute.
func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// serverOwner returns the user that the server runs as, or nil for the user of
// this process. PostgreSQL refuses to run as root, so root lends it another.
func serverOwner(uid int, lookup func(string) (*user.User, error)) (*syscall.Credential, error) {
	if uid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := lookup(name)
		if err != nil {
			continue
		}
		owner, err := credential(u)
		if err != nil {
			return nil, err
		}
		return owner, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and this machine has neither " +
		"a user postgres nor a user nobody; run the tests as an ordinary user")
}

// credential turns the textual ids of a user into those of a process.
func credential(u *user.User) (*syscall.Credential, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s has the id %q: %w", u.Username, u.Uid, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s has the group %q: %w", u.Username, u.Gid, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
