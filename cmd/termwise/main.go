package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/mattn/go-isatty"

	"termwise.dev/app"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// grammar is the command line.
type grammar struct {
	DB      string           `name:"db" env:"TERMWISE_DB" placeholder:"FILE|URL" help:"Database: a SQLite file or a postgres:// URL (default termwise.db)."`
	JSON    bool             `name:"json" help:"Print the answer as JSON, amounts as strings."`
	As      string           `name:"as" env:"TERMWISE_ACTOR" default:"operator" placeholder:"NAME" help:"Who acts, for the journal."`
	Version kong.VersionFlag `name:"version" help:"Print the version and exit."`

	Demo    demoCmd    `cmd:"" help:"Run the demonstration: 200 customers, five months of usage, one summary."`
	Init    initCmd    `cmd:"" help:"Create a database."`
	Publish publishCmd `cmd:"" help:"Publish a provider's documents, prices and calendar."`
	Plan    planCmd    `cmd:"" help:"Say what publishing would change."`
	Serve   serveCmd   `cmd:"" help:"Serve the HTTP API, do what falls due, or both."`

	Account accountCmd `cmd:"" help:"Create, show and list accounts."`
	Topup   topupCmd   `cmd:"" help:"Put money into an account's wallet."`
	Import  importCmd  `cmd:"" help:"Import usage."`
	Advance advanceCmd `cmd:"" help:"Move a virtual clock, and do everything that falls due on the way."`

	Statement statementCmd `cmd:"" help:"Show what was charged and paid in a month."`
	Arrears   arrearsCmd   `cmd:"" help:"List who owes what, by age."`
	Explain   explainCmd   `cmd:"" help:"Explain a charge, a late fee, a suspension or any other row."`
	Resolve   resolveCmd   `cmd:"" help:"Say what a term means for an account, and why."`
	Verify    verifyCmd    `cmd:"" help:"Check that everything that must be true is true."`

	Checkpoint checkpointCmd `cmd:"" help:"Write signed checkpoints of the journals, and check them."`

	Show      showCmd      `cmd:"" help:"Show the text of a document, or one clause of it."`
	Diff      diffCmd      `cmd:"" help:"Compare two documents, or two versions of one, key by key."`
	Documents documentsCmd `cmd:"" help:"List and show published documents."`
	Terms     termsCmd     `cmd:"" help:"List the terms that documents can set."`
	Coverage  coverageCmd  `cmd:"" help:"Say which rules of the documents are executed and proved by tests."`
	Keys      keysCmd      `cmd:"" help:"Create, list and revoke API keys."`
}

// run parses the command line, does what it says by the machine's clock, and
// returns the exit code.
func run(args []string, stdout, stderr io.Writer) int { return runAt(time.Now, args, stdout, stderr) }

func runAt(now func() time.Time, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var g grammar
	parser, err := kong.New(
		&g,
		kong.Name("termwise"),
		kong.Description("Termwise charges for usage by the terms of the contract, and explains every cent."),
		kong.Vars{"version": version()},
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
	)
	if err != nil {
		return fail(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return misuse(stderr, err, commandOf(err))
	}
	s := &session{
		Context: ctx, command: parsed.Selected().FullPath(), stdout: stdout, stderr: stderr,
		db: g.DB, json: g.JSON, actor: g.As, now: now,
		terminal: isTerminal(stdout), progressTerminal: isTerminal(stderr),
	}
	if err := app.CheckActor(g.As); err != nil {
		return s.exit(atFlag("--as", err))
	}
	return s.exit(parsed.Run(s))
}

// commandOf names the command that a parser's error is about.
func commandOf(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context.Selected() != nil {
		return wrong.Context.Selected().FullPath()
	}
	return "termwise"
}

func isTerminal(w io.Writer) bool {
	f, is := w.(*os.File)
	return is && isatty.IsTerminal(f.Fd())
}

// version is that of the module, and the revision that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "(devel)" {
			v = s.Value
		}
	}
	return v
}

// misused is a wrong use of the command line that the parser cannot see.
type misused struct{ error }

func wrongUse(message string) error { return misused{errors.New(message)} }
