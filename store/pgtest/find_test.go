package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// install lays empty programs into dir.
func install(t *testing.T, dir string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func absent(string) (string, error) { return "", exec.ErrNotFound }

func TestFindPrograms(t *testing.T) {
	tests := map[string]struct {
		releases []string
		want     string
	}{
		"the preferred release wins":    {[]string{"14", "15", "17"}, "15"},
		"then the newest":               {[]string{"14", "16", "17", "9.6"}, "17"},
		"a folder that is no release":   {[]string{"15", "common"}, "15"},
		"a release that is too old":     {[]string{"14"}, ""},
		"nothing was installed (empty)": {nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, release := range tt.releases {
				install(t, filepath.Join(root, release, "bin"), "initdb", "postgres")
			}
			got, err := findPrograms(root, absent)
			if tt.want == "" {
				if !errors.Is(err, ErrMissing) {
					t.Errorf("got %q, %v; want ErrMissing", got, err)
				}
				return
			}
			if want := filepath.Join(root, tt.want, "bin"); err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		})
	}
}

func TestFindProgramsNeedsBothPrograms(t *testing.T) {
	root := t.TempDir()
	install(t, filepath.Join(root, "15", "bin"), "initdb")
	if _, err := findPrograms(root, absent); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v, want ErrMissing", err)
	}
}

func TestFindProgramsFollowsALinkOnPath(t *testing.T) {
	root := t.TempDir()
	real, linked := filepath.Join(root, "real"), filepath.Join(root, "linked")
	install(t, real, "initdb", "postgres")
	install(t, linked)
	link := filepath.Join(linked, "initdb")
	if err := os.Symlink(filepath.Join(real, "initdb"), link); err != nil {
		t.Fatal(err)
	}
	want, err := filepath.EvalSymlinks(real)
	if err != nil {
		t.Fatal(err)
	}
	got, err := findPrograms(filepath.Join(root, "none"), func(string) (string, error) { return link, nil })
	if err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestMissingSaysHowToInstall(t *testing.T) {
	if !strings.Contains(ErrMissing.Error(), "make test") {
		t.Errorf("%q does not name `make test`", ErrMissing)
	}
}

func TestServerOwner(t *testing.T) {
	only := func(known string) func(string) (*user.User, error) {
		return func(name string) (*user.User, error) {
			if name != known {
				return nil, user.UnknownUserError(name)
			}
			return &user.User{Username: name, Uid: "71", Gid: "72"}, nil
		}
	}
	for _, known := range []string{"postgres", "nobody"} {
		owner, err := serverOwner(0, only(known))
		if err != nil || owner == nil || owner.Uid != 71 || owner.Gid != 72 {
			t.Errorf("root with a user %s: got %+v, %v; want 71:72", known, owner, err)
		}
	}
	if owner, err := serverOwner(0, only("somebody")); err == nil {
		t.Errorf("root with no user to lend: got %+v, want an error", owner)
	}
	if owner, err := serverOwner(1000, only("postgres")); err != nil || owner != nil {
		t.Errorf("an ordinary user: got %+v, %v; want no change of user", owner, err)
	}
}

func TestReachable(t *testing.T) {
	open := shortDir(t)
	inside := filepath.Join(open, "inside")
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if !reachable(inside) {
		t.Errorf("%s is open to all and was called unreachable", inside)
	}
	if err := os.Chmod(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if reachable(inside) {
		t.Errorf("%s lies in a closed directory and was called reachable", inside)
	}
}

func TestDirectoryAvoidsATemporaryDirectoryThatIsTooLong(t *testing.T) {
	long := filepath.Join(shortDir(t), strings.Repeat("long", 25))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	dir, err := makeDir(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	if strings.HasPrefix(dir, long) {
		t.Errorf("%s leaves no room for the socket's path", dir)
	}
	left, err := os.ReadDir(long)
	if err != nil || len(left) != 0 {
		t.Errorf("left in the long directory: %v (%v)", left, err)
	}
}
