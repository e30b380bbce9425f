package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"termwise.dev/store"
)

// Files keeps databases as SQLite files in a folder.
type Files struct {
	dir   string
	blank string // a database that is up to date and empty
	made  atomic.Int64
}

// NewFiles makes a folder for databases; Close removes it.
func NewFiles(ctx context.Context, parent string) (*Files, error) {
	dir, err := os.MkdirTemp(parent, "termwise-sim-")
	if err != nil {
		return nil, err
	}
	f := &Files{dir: dir, blank: filepath.Join(dir, "blank.db")}
	db, err := store.Open(ctx, f.blank)
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close removes the folder.
func (f *Files) Close() error { return os.RemoveAll(f.dir) }

// New makes an empty database.
func (f *Files) New(context.Context) (string, error) { return f.copyOf(f.blank) }

// Wreck copies a database as its files lie.
func (f *Files) Wreck(_ context.Context, location string) (string, error) { return f.copyOf(location) }

// Copy copies a database that nobody uses.
func (f *Files) Copy(_ context.Context, location string) (string, error) { return f.copyOf(location) }

// copyOf copies a database and the log beside it. The index of the log is not
// copied: it belongs to the programs that have the file open.
func (f *Files) copyOf(from string) (string, error) {
	to := filepath.Join(f.dir, fmt.Sprintf("world-%d.db", f.made.Add(1)))
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return to, nil
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}

// Drop removes a database.
func (f *Files) Drop(_ context.Context, location string) error {
	var err error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(location + suffix); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
