package api_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// TestListsShowADamagedAccount: the lists come although the state of one account
// cannot be read, and say so of that account.
func TestListsShowADamagedAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "termwise.db")
	w := newWorldOn(t, file)
	w.live()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("UPDATE accounts SET state = x'09' WHERE account = ?", debtor)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for path, others := range map[string]string{"/v1/accounts": payer, "/v1/arrears": `"damaged":1`} {
		body := w.do(request{key: "operator", path: path}).want(200).body
		for _, want := range []string{debtor, others, `"damaged":"the state of the account is not what packing gives`, "run termwise verify"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s does not say %s:\n%s", path, want, body)
			}
		}
	}
}
