package main

import (
	"bufio"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"

	"termwise.dev/app"
	"termwise.dev/app/checkpoint"
	"termwise.dev/core/refusal"
)

type checkpointCmd struct {
	Key   checkpointKeyCmd   `cmd:"" help:"Make a key to sign checkpoints with."`
	Write checkpointWriteCmd `cmd:"" help:"Write down, signed, where every account's journal stands."`
	Check checkpointCheckCmd `cmd:"" help:"Hold the journals against a checkpoint that was kept elsewhere."`
}

type checkpointKeyCmd struct {
	File string `arg:"" help:"Where to put the key; FILE.pub is the public key, to check with."`
}

// Run makes the key. It never replaces one: what was signed with it could not be
// checked any more. Where either file is there it makes neither.
func (c *checkpointKeyCmd) Run(s *session) error {
	for _, name := range []string{c.File, c.File + ".pub"} {
		if _, err := os.Lstat(name); err == nil {
			return taken(name)
		}
	}
	private, public, err := checkpoint.NewKey()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
		mode os.FileMode
	}{{c.File, private, 0o600}, {c.File + ".pub", public, 0o644}} {
		if err := create(f.name, f.text, f.mode); err != nil {
			return err
		}
	}
	answer := map[string]string{"private": c.File, "public": c.File + ".pub"}
	return s.answer(answer, func(p *page) {
		p.line("%s signs checkpoints; keep it to yourself. %s checks them; give it to whoever is to check.", c.File, c.File+".pub")
	})
}

// create writes a file that does not exist yet.
func create(name string, text []byte, mode os.FileMode) (err error) {
	f, err := newFile(name, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(text)
	return err
}

// newFile opens a file to write, which must not exist yet.
func newFile(name string, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil, taken(name)
	}
	return f, err
}

// taken refuses to write over a file.
func taken(name string) error {
	return refusal.New(refusal.AlreadyExists, "%q is there already", name).At("FILE").
		Do("name another file: what was signed is never written over")
}

type checkpointWriteCmd struct {
	File string `arg:"" help:"Where to put the checkpoint."`
	Key  string `required:"" placeholder:"FILE" help:"The key to sign with."`
}

// Run writes the checkpoint.
func (c *checkpointWriteCmd) Run(s *session) error {
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return unreadable("--key", c.Key, err)
	}
	key, err := checkpoint.ParsePrivate(text)
	if err != nil {
		return atFlag("--key", err)
	}
	return s.with(func(a *app.App) error {
		made, err := c.write(s, a, key)
		if err != nil {
			return err
		}
		return s.answer(made, func(p *page) {
			p.line("%s holds the journals of %s as of %s.", c.File, plural(made.Accounts, "account", "accounts"), made.At)
			p.line("Keep it where nobody who can change the database can change it.")
		})
	})
}

// write leaves no file behind that is not a whole checkpoint.
func (c *checkpointWriteCmd) write(s *session, a *app.App, key ed25519.PrivateKey) (made app.Checkpointed, err error) {
	f, err := newFile(c.File, 0o644)
	if err != nil {
		return made, err
	}
	to := bufio.NewWriter(f)
	made, err = a.WriteCheckpoint(s, to, key)
	if err = errors.Join(err, to.Flush(), f.Close()); err != nil {
		err = errors.Join(err, os.Remove(c.File))
	}
	return made, err
}

type checkpointCheckCmd struct {
	File   string `arg:"" help:"The checkpoint."`
	Public string `required:"" placeholder:"FILE" help:"The public key to check with."`
}

// Run holds the journals against the checkpoint.
func (c *checkpointCheckCmd) Run(s *session) (err error) {
	text, err := os.ReadFile(c.Public)
	if err != nil {
		return unreadable("--public", c.Public, err)
	}
	key, err := checkpoint.ParsePublic(text)
	if err != nil {
		return atFlag("--public", err)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return unreadable("FILE", c.File, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return s.with(func(a *app.App) error {
		found, err := a.CheckCheckpoint(s, f, key)
		if err != nil {
			return err
		}
		if err := s.answer(found, func(p *page) { showCheckpoint(p, found) }); err != nil {
			return err
		}
		if !found.OK {
			return errUntrue
		}
		return nil
	})
}

func showCheckpoint(p *page, c app.CheckpointCheck) {
	for _, b := range c.Broken {
		p.line("  %s row %s: %s", b.Table, b.Row, b.Message)
	}
	if c.OK {
		p.line("The journals of %s are still what they were at %s.", plural(c.Accounts, "account", "accounts"), c.At)
		return
	}
	p.line("NOT every journal is what it was at %s.", c.At)
}
