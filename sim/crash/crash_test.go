package crash

import (
	"flag"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"termwise.dev/sim/world"
)

var kills = flag.Int("kills", 30, "how often the server is killed, on each engine")

// program builds the program that is shipped.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "termwise")
	if said, err := exec.Command("go", "build", "-o", file, "termwise.dev/cmd/termwise").CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v\n%s", err, said)
	}
	return file
}

// TestAKilledServerKeepsItsWord kills the server on both engines.
func TestAKilledServerKeepsItsWord(t *testing.T) {
	built := program(t)
	files, err := world.NewFiles(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	server, err := world.NewDurableServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	for engine, place := range map[string]world.Place{"sqlite": files, "postgresql": server} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			loop := Loop{Program: built, Place: place, Dir: t.TempDir(), Kills: *kills, Seed: uint64(time.Now().UnixNano()), Tell: t.Logf}
			did, err := loop.Run(t.Context())
			t.Logf("seed %d\n%s", loop.Seed, did)
			if err != nil {
				t.Fatal(err)
			}
			if missing := did.Missing(); len(missing) > 0 {
				t.Errorf("too little happened for this to be evidence; never: %q", missing)
			}
		})
	}
}
