package api_test

import (
	"slices"
	"strings"
	"testing"
)

// sample is a request of an operation that succeeds for whoever may make it,
// and whether it names an account: then a customer may make it only for its own.
type sample struct {
	path, body, media, idempotency string
	named                          bool
}

// samples holds one for each operation of the OpenAPI document.
func samples(w *world) map[string]sample {
	account := "/v1/accounts/" + debtor
	w.announce()
	w.do(request{key: "operator", method: "POST", path: account + "/acceptances", body: `{"documents":["general-agreement"],"form":"click","order":"o-1"}`}).want(200)
	var charges struct {
		Items []struct{ Explanation string }
	}
	w.do(request{key: "operator", path: account + "/charges?month=2026-01&limit=1"}).want(200).into(&charges)
	return map[string]sample{
		"healthz":          {path: "/healthz"},
		"readyz":           {path: "/readyz"},
		"reportUsage":      {path: "/v1/usage-events", body: usage("m", debtor), media: single},
		"createAccount":    {path: "/v1/accounts", body: `{"id":"customer-777","name":"Quill and Sons"}`},
		"listAccounts":     {path: "/v1/accounts"},
		"showAccount":      {path: account, named: true},
		"acceptDocuments":  {path: account + "/acceptances", body: `{"documents":["general-agreement"],"form":"click"}`, named: true},
		"lapseOrder":       {path: account + "/lapsed-orders", body: `{"order":"o-1"}`, named: true},
		"listAddOns":       {path: account + "/products/compute-payg/add-ons", named: true},
		"switchAddOn":      {path: account + "/products/compute-payg/add-ons/monitoring", body: `{"on":false}`, named: true},
		"showNeeds":        {path: account + "/needs?product=compute-payg", named: true},
		"dissent":          {path: account + "/dissents", body: `{"document":"general-agreement","version":"2026-08"}`, named: true},
		"topUp":            {path: account + "/top-ups", body: `{"amount":"1","method":"bank_remittance","reference":"m"}`, idempotency: "m", named: true},
		"showStatement":    {path: account + "/statements/2026-01", named: true},
		"listCharges":      {path: account + "/charges?month=2026-01", named: true},
		"showTotals":       {path: "/v1/totals?month=2026-01"},
		"listArrears":      {path: "/v1/arrears"},
		"showArrears":      {path: account + "/arrears", named: true},
		"listNotices":      {path: account + "/notices", named: true},
		"listHistory":      {path: account + "/history", named: true},
		"explain":          {path: charges.Items[0].Explanation, named: true},
		"listDocuments":    {path: "/v1/documents"},
		"showDocument":     {path: "/v1/documents/general-agreement"},
		"resolve":          {path: "/v1/resolutions?key=late_fee.rate&account=" + debtor, named: true},
		"showDocumentPage": {path: "/v1/documents/general-agreement/page?clause=2.3"},
		"compareDocuments": {path: "/v1/comparisons?a=general-agreement&b=service-agreement"},
		"resolveAll":       {path: "/v1/resolved-terms?account=" + debtor + "&product=compute-payg", named: true},
	}
}

// Every operation of the OpenAPI document is called with every kind of key, and
// answers as the document says: success for those whom it lists, 401 without a
// key that is known, 403 for other roles, and 404 for another customer's key.
func TestAuthorisationMatrix(t *testing.T) {
	w := newWorld(t)
	w.live()
	prepared := samples(w)
	for path, methods := range w.document().Paths {
		for method, op := range methods {
			s, found := prepared[op.OperationID]
			if !found {
				t.Errorf("%s %s: the operation %s has no sample here", method, path, op.OperationID)
				continue
			}
			var roles []string
			for _, requirement := range op.Security {
				roles = append(roles, requirement["apiKey"]...)
			}
			for key, role := range map[string]string{
				"operator": "operator", "debtor": "customer", "compute": "product", "payer": "customer", "": "none", "revoked": "none",
				"tw_0000000000000000_" + strings.Repeat("0", 64): "none", "tw": "none", w.keys["operator"] + "0": "none", "tw___": "none",
			} {
				a := w.do(request{key: key, method: strings.ToUpper(method), path: s.path, body: s.body, media: s.media, idempotency: s.idempotency})
				if status, code := expected(roles, role, key == "payer" && s.named); !a.is(status, code) {
					t.Errorf("%s with the key %q answered %d, want %d %s\n%s", op.OperationID, key, a.status, status, code, a.body)
				}
			}
		}
	}
}

func expected(roles []string, role string, foreign bool) (status int, code string) {
	switch {
	case len(roles) == 0:
		return 200, ""
	case role == "none":
		return 401, "unauthenticated"
	case !slices.Contains(roles, role):
		return 403, "forbidden"
	case foreign:
		return 404, "not_found"
	}
	return 200, ""
}

func (a answer) is(status int, code string) bool {
	return a.status == status && (code == "" || strings.Contains(a.body, `"code":"`+code+`"`))
}

// What another customer's key is told about an account is the same whether the
// account exists or not.
func TestForeignAccountsLookAbsent(t *testing.T) {
	w := newWorld(t)
	w.live()
	for name, s := range samples(w) {
		if !s.named {
			continue
		}
		method := "GET"
		if s.body != "" {
			method = "POST"
		}
		there := w.do(request{key: "payer", method: method, path: s.path, body: s.body, idempotency: s.idempotency})
		absent := w.do(request{
			key: "payer", method: method, path: strings.ReplaceAll(s.path, debtor, "customer-999"), body: s.body, idempotency: s.idempotency,
		})
		if got := strings.ReplaceAll(absent.body, "customer-999", debtor); there.status != absent.status || there.body != got {
			t.Errorf("%s tells accounts apart:\n%d %s\n%d %s", name, there.status, there.body, absent.status, absent.body)
		}
	}
}

func TestUnauthenticatedAnswersSayHow(t *testing.T) {
	w := newWorld(t)
	a := w.do(request{path: "/v1/accounts"}).want(401)
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate is %q", got)
	}
	for _, header := range []string{w.keys["operator"], "Basic " + w.keys["operator"], "Bearer", "Bearer  "} {
		w.do(request{path: "/v1/accounts", header: map[string][]string{"Authorization": {header}}}).want(401)
	}
	w.do(request{path: "/v1/accounts", header: map[string][]string{"Authorization": {"bearer " + w.keys["operator"]}}}).want(200)
}
