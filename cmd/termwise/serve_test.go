package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// command runs the program and returns what it printed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("termwise", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("termwise %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var served = regexp.MustCompile(`address=(http://\S+)`)

// TestServe runs the real server: it answers over HTTP with a key that the
// command line made, and ends well when it is told to stop.
func TestServe(t *testing.T) {
	db := filepath.Join(t.TempDir(), "served.db")
	command(t, "--db", db, "init")
	command(t, "--db", db, "publish", "--sample")
	command(t, "--db", db, "account", "create", "acme", "--name", "Acme", "--accept", "general-agreement")
	var key struct{ Token string }
	if err := json.Unmarshal([]byte(command(t, "--db", db, "--json", "keys", "create", "test", "--role", "operator")), &key); err != nil {
		t.Fatal(err)
	}

	server := exec.Command("termwise", "--db", db, "serve", "--listen", "127.0.0.1:0", "--worker-interval", "50ms")
	logged, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(logged)
	first, err := lines.ReadString('\n')
	address := served.FindStringSubmatch(first)
	if err != nil || address == nil {
		t.Fatalf("the server said %q, %v", first, err)
	}
	rest := make(chan string)
	go func() {
		text, _ := io.ReadAll(lines)
		rest <- string(text)
	}()

	if status, body := get(t, address[1]+"/v1/accounts/acme", key.Token); status != http.StatusOK || !strings.Contains(body, `"Acme"`) {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, address[1]+"/v1/accounts/acme", "tw_wrong"); status != http.StatusUnauthorized {
		t.Errorf("a wrong key is answered with %d", status)
	}
	for status := 0; status != http.StatusOK; time.Sleep(10 * time.Millisecond) { // the index of usage was read
		status, _ = get(t, address[1]+"/readyz", "")
	}
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	text := <-rest
	if err := server.Wait(); err != nil {
		t.Errorf("the server ended with %v\n%s", err, text)
	}
}

func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// TestServeEnds holds serve to its promises without a network: it waits for a
// request under way and for the worker, and a worker that fails ends it.
func TestServeEnds(t *testing.T) {
	t.Run("stopped", func(t *testing.T) {
		ctx, stop := context.WithCancel(context.Background())
		begun, finish := make(chan bool), make(chan bool)
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			begun <- true
			<-finish
			w.WriteHeader(http.StatusTeapot)
		})
		listener := listen(t)
		ended, worked := make(chan error, 1), false
		go func() {
			ended <- serve(ctx, &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}, listener, func(ctx context.Context) error {
				<-ctx.Done()
				worked = true
				return nil
			})
		}()
		status := make(chan int, 1)
		go func() {
			answer, err := http.Get("http://" + listener.Addr().String())
			if err != nil {
				status <- 0
				return
			}
			_ = answer.Body.Close()
			status <- answer.StatusCode
		}()
		<-begun
		stop()
		close(finish)
		if got := <-status; got != http.StatusTeapot {
			t.Errorf("the request under way was answered with %d", got)
		}
		if err := <-ended; err != nil || !worked {
			t.Errorf("ended with %v, worker done %v", err, worked)
		}
	})
	t.Run("worker failed", func(t *testing.T) {
		broken := errors.New("broken")
		err := serve(context.Background(), &http.Server{ReadHeaderTimeout: time.Minute}, listen(t), func(context.Context) error { return broken })
		if !errors.Is(err, broken) {
			t.Errorf("ended with %v", err)
		}
	})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
