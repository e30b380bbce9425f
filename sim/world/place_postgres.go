package world

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"termwise.dev/store"
	"termwise.dev/store/pgtest"
)

// Server keeps databases on a PostgreSQL server of its own.
type Server struct {
	server *pgtest.Server
	mu     sync.Mutex
	made   int
	names  map[string]string // of databases, by location
}

// blank is the database that new ones are copied from.
const blank = "blank"

// NewServer starts a server; Close stops it.
func NewServer(ctx context.Context) (*Server, error) { return newServer(ctx, pgtest.Options{}) }

// NewDurableServer starts a server whose commits wait for the disk, as in
// production; Close stops it.
func NewDurableServer(ctx context.Context) (*Server, error) {
	return newServer(ctx, pgtest.Options{Durable: true})
}

func newServer(ctx context.Context, o pgtest.Options) (*Server, error) {
	server, err := pgtest.Start(o)
	if err != nil {
		return nil, err
	}
	url, err := server.CreateDatabase(blank, "")
	if err == nil {
		var db *store.DB
		if db, err = store.Open(ctx, url); err == nil {
			err = db.Close()
		}
	}
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &Server{server: server, names: map[string]string{}}, nil
}

// Close stops the server.
func (s *Server) Close() error { return s.server.Stop() }

// New makes an empty database.
func (s *Server) New(context.Context) (string, error) { return s.copyOf(blank) }

// Copy copies a database that nobody uses.
func (s *Server) Copy(_ context.Context, location string) (string, error) {
	s.mu.Lock()
	name := s.names[location]
	s.mu.Unlock()
	return s.copyOf(name)
}

func (s *Server) copyOf(template string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := fmt.Sprintf("world%d", s.made)
	location, err := s.server.CreateDatabase(name, template)
	s.names[location] = name
	return location, err
}

// Wreck leaves the database where it is: the server sees to it that what a dead
// program did not commit is gone.
func (s *Server) Wreck(_ context.Context, location string) (string, error) { return location, nil }

// Drop removes a database.
func (s *Server) Drop(_ context.Context, location string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.names[location]
	delete(s.names, location)
	return s.server.DropDatabase(name)
}
